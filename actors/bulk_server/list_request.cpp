#include "actors/bulk_server/list_request.hpp"

#include "actors/bulk_server/list_cursor.hpp"
#include "actors/bulk_server/query_params.hpp"

namespace qrwell {
namespace {

caf::error read_state(const http::target& target, code_list& out) {
  auto word = target.param("state");
  if (!word) return caf::none;
  if (*word == "bound")
    out.state = list_state::bound;
  else if (*word == "revoked")
    out.state = list_state::revoked;
  else if (*word == "expired")
    out.state = list_state::expired;
  else
    return fail(ec::invalid_request, "state: must be bound, revoked or expired, or be left out for all of them");
  return caf::none;
}

} // namespace

caf::expected<code_list> read_list(const http::target& target, const api_key& key) {
  if (auto err = check_params(target, {"pool", "tag", "state", "from", "to", "owner", "limit", "cursor"})) return err;
  auto seen = read_rows_seen(target, key);
  if (!seen) return std::move(seen.error());
  auto tag = read_tag(target);
  if (!tag) return std::move(tag.error());
  auto from = read_time(target, "from", 0), to = read_time(target, "to", 0);
  if (!from) return std::move(from.error());
  if (!to) return std::move(to.error());
  if (*to != 0 && *to <= *from) return fail(ec::invalid_request, "to: must be later than from");
  code_list out;
  out.owner = std::move(seen->owner);
  out.pools = std::move(seen->pools);
  out.tag = std::move(*tag);
  out.from_ms = *from;
  out.to_ms = *to;
  if (auto err = read_state(target, out)) return err;
  auto limit = http::read_limit(target, list_limit_default, list_limit_max);
  if (!limit) return std::move(limit.error());
  out.limit = *limit;
  if (auto cursor = target.param("cursor"))
    if (auto err = read_cursor(*cursor, out)) return err;
  return out;
}

} // namespace qrwell
