#include "actors/bulk_server/stats_request.hpp"

#include "actors/bulk_server/query_params.hpp"

#include <algorithm>

namespace qrwell {
namespace {

constexpr int64_t hour_ms = 3'600'000, day_ms = 24 * hour_ms, span_max_ms = 400 * day_ms;

caf::error wrong(const char* sentence) {
  return fail(ec::invalid_request, sentence);
}

caf::error read_by(std::string_view words, uint8_t& by) {
  while (true) {
    auto comma = std::min(words.find(','), words.size());
    auto word = words.substr(0, comma);
    auto known = std::find_if(std::begin(stats_words), std::end(stats_words), [&](auto& w) { return w.first == word; });
    if (known == std::end(stats_words) || (by & known->second) != 0)
      return wrong("by: must be words out of pool, owner, tag, launch, hour and day, each once, with commas between");
    by |= known->second;
    if (comma == words.size()) break;
    words.remove_prefix(comma + 1);
  }
  if ((by & stats_by_hour) != 0 && (by & stats_by_day) != 0) return wrong("by: hour and day exclude each other");
  return caf::none;
}

} // namespace

caf::expected<stats_query> read_stats(const http::target& target, const api_key& key, int64_t now_ms) {
  if (auto err = check_params(target, {"from", "to", "by", "pool", "owner", "tag"})) return err;
  auto seen = read_rows_seen(target, key);
  if (!seen) return std::move(seen.error());
  auto tag = read_tag(target);
  if (!tag) return std::move(tag.error());
  auto to = read_time(target, "to", now_ms);
  if (!to) return std::move(to.error());
  auto from = read_time(target, "from", std::max<int64_t>(0, *to - day_ms));
  if (!from) return std::move(from.error());
  if (*from >= *to) return wrong("from: must be earlier than to, which is now unless it is sent");
  if (*to - *from > span_max_ms) return wrong("from: must be at most 400 days before to");
  stats_query out;
  out.owner = std::move(seen->owner);
  out.pools = std::move(seen->pools);
  out.tag = std::move(*tag);
  out.from_ms = *from / hour_ms * hour_ms;
  out.to_ms = (*to + hour_ms - 1) / hour_ms * hour_ms;
  if (auto by = target.param("by"))
    if (auto err = read_by(*by, out.by)) return err;
  return out;
}

} // namespace qrwell
