#pragma once

#include "messages/bind.hpp"
#include "messages/common.hpp"

namespace qrwell {

/// PATCH or DELETE of one code: what is set replaces, the rest stays. One transaction: version + 1 by compare-and-set,
/// a row of history that holds what was replaced, the tags' rows. A change that changes nothing leaves version and
/// history as they are, so that a repeated one is harmless.
struct code_change {
  std::string id;
  std::string owner;                      ///< the code must be this owner's; empty: any (an admin)
  std::vector<std::string> pools;         ///< and of one of these; empty: any
  std::vector<std::string> path_prefixes; ///< and its path, afterwards too, must begin with one of these; empty: any
  std::vector<uint32_t> versions;         ///< If-Match: the code must have one of these versions; empty: any
  bool revoke = false;
  bool set_target_path = false, set_query = false, set_tags = false, set_expiry = false;
  std::string path, query, tags; ///< query and tags: JSON, empty: none
  int64_t expires_ms = 0;        ///< 0: never
  uint32_t expires_after_s = 0;  ///< not 0: by the store's clock, instead of expires_ms
  std::string actor, request_id;
  std::string actor_owner; ///< of an admin: a change of another owner's code is in the audit, too; empty: never
  QRWELL_FIELDS(code_change, id, owner, pools, path_prefixes, versions, revoke, set_target_path, set_query, set_tags,
                set_expiry, path, query, tags, expires_ms, expires_after_s, actor, request_id, actor_owner)
};

enum class change_end : uint8_t {
  changed,       ///< committed and synced; `code` is the code as it is now
  unchanged,     ///< it was like that already
  not_found,     ///< no bound or revoked code of this id, or of another owner or pool
  forbidden,     ///< its path, before or after, is none of the key's
  other_version, ///< If-Match names none of its versions; `code` is the code as it is now
  revoked,       ///< a revoked code changes no more; revoking it again is `unchanged`
};

struct code_changed {
  change_end end = change_end::not_found;
  code_view code;
  int64_t now_ms = 0;
  QRWELL_FIELDS(code_changed, end, code, now_ms)
};

} // namespace qrwell
