#include "actors/http_frontend/limits.hpp"

namespace qrwell {

caf::error validate(const http_limits& l) {
  auto wrong = [](const char* what) { return fail(ec::invalid_config, std::string("http: ") + what); };
  if (l.connections_max == 0 || l.pipelined_max == 0)
    return wrong("connections_max and pipelined_max must be at least 1.");
  if (l.turned_away_max == 0) return wrong("turned_away_max must be at least 1.");
  if (l.header_bytes_max < 1'024) return wrong("header_bytes_max must be at least 1 KiB.");
  if (l.unsent_bytes_max == 0) return wrong("unsent_bytes_max must be at least 1.");
  if (l.batch_body_bytes_max < l.body_bytes_max)
    return wrong("the body limit of batches must not be below body_bytes_max.");
  if (l.held_bytes_max < uint64_t{l.header_bytes_max} + l.batch_body_bytes_max || l.held_bytes_max < l.unsent_bytes_max)
    return wrong("held_bytes_max must have room for at least one request and one connection's answers.");
  if (l.idle_timeout_ms == 0 || l.header_timeout_ms == 0 || l.body_timeout_ms == 0 || l.send_timeout_ms == 0)
    return wrong("a time-out must be at least 1 ms.");
  for (const auto& c : l.classes)
    if (c.inflight_max == 0 || c.deadline_ms == 0 || c.deadline_ms >= c.give_up_after_ms)
      return wrong("each class needs inflight_max of at least 1, and a deadline before its give_up_after.");
  return caf::none;
}

} // namespace qrwell
