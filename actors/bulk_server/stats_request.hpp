#pragma once

#include "messages/listing.hpp"
#include "messages/store.hpp"
#include "runtime/http/target.hpp"

#include <string_view>
#include <utility>

namespace qrwell {

/// The words of `by`, in the order in which answers show them.
constexpr std::pair<std::string_view, uint8_t> stats_words[] = {{"hour", stats_by_hour}, {"day", stats_by_day},
                                                                {"pool", stats_by_pool}, {"owner", stats_by_owner},
                                                                {"tag", stats_by_tag},   {"launch", stats_by_launch}};

/// `GET /v1/stats?from=&to=&by=&pool=&owner=&tag=`, inside of what the key may see: the last 24 hours unless told
/// otherwise, at most 400 days, widened to whole hours. Errors invalid_request and forbidden name the parameter.
caf::expected<stats_query> read_stats(const http::target& target, const api_key& key, int64_t now_ms);

} // namespace qrwell
