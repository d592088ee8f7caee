#pragma once

#include "messages/bind.hpp"
#include "messages/common.hpp"
#include "messages/errors.hpp"

namespace qrwell {

/// One checked item of a batch on its way through the request_server: what a single request would have asked for.
/// Ends in exactly one issue_result with the same ticket.
struct issue_item {
  uint64_t ticket = 0; ///< of the batch_server
  uint32_t key_id = 0; ///< whose batch it is; its rights and its rate are looked at there
  std::string pool;    ///< empty: not told
  std::string path, query, tags;
  int64_t expires_ms = 0;
  uint32_t expires_after_s = 0;
  digest reuse_hash{}; ///< zero: no other code will do
  bool on_empty_told = false;
  uint8_t on_empty = 0; ///< rungs, if told
  std::string idempotency_key;
  digest body_hash{};
  std::string request_id;
  uint32_t remaining_ms = 0;
  QRWELL_FIELDS(issue_item, ticket, key_id, pool, path, query, tags, expires_ms, expires_after_s, reuse_hash,
                on_empty_told, on_empty, idempotency_key, body_hash, request_id, remaining_ms)
};

/// A slice of the batches that are under way; answered by issue_results, in any order and in as many messages as it
/// takes.
struct issue_items {
  std::vector<issue_item> items;
  QRWELL_FIELDS(issue_items, items)
};

enum class item_end : uint8_t {
  issued,   ///< a new code
  replayed, ///< what its Idempotency-Key got before, as it is now
  reused,   ///< a live code with the same target
  refused,  ///< for good: `problem` and `detail`
  later,    ///< nothing was looked at or done: send it again after `retry_after_ms`
};

struct issue_result {
  uint64_t ticket = 0;
  item_end end = item_end::refused;
  code_view code;   ///< of issued, replayed and reused
  std::string rung; ///< of issued
  ec problem = ec::none;
  std::string detail;
  uint32_t retry_after_ms = 0; ///< 0: not told
  QRWELL_FIELDS(issue_result, ticket, end, code, rung, problem, detail, retry_after_ms)
};

struct issue_results {
  std::vector<issue_result> results;
  QRWELL_FIELDS(issue_results, results)
};

} // namespace qrwell
