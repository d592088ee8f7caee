#include "actors/admin_server/admin_calls.hpp"
#include "runtime/http/json.hpp"

#include <boost/json/value.hpp>

#include <fmt/format.h>

namespace qrwell {
namespace {

constexpr size_t reason_bytes_max = 200;

/// {"reason": "..."} of a pause, {"count": N} of a fill; no body is an empty one.
caf::error read_command(std::string_view body, pool_command& command) {
  if (body.empty()) return {};
  auto parsed = http::parse_json(body);
  if (!parsed) return parsed.error();
  if (!parsed->is_object()) return fail(ec::invalid_request, "the body must be a JSON object, or absent");
  for (const auto& [name, value] : parsed->get_object()) {
    if (name == "reason" && command.verb == pool_verb::pause) {
      if (!value.is_string() || value.get_string().size() > reason_bytes_max)
        return fail(ec::invalid_request, "reason: must be a string of at most 200 bytes");
      command.reason = std::string(value.get_string());
    } else if (name == "count" && command.verb == pool_verb::fill) {
      boost::json::error_code err;
      auto count = value.is_number() ? value.to_number<uint64_t>(err) : 0;
      if (err || count < 1 || count > 10'000'000)
        return fail(ec::invalid_request, "count: must be a whole number from 1 to 10000000");
      command.count = count;
    } else {
      return fail(ec::invalid_request, fmt::format("{}: not a field of this call", std::string_view(name)));
    }
  }
  return {};
}

} // namespace

void admin_calls::list_pools(const call& c) {
  boost::json::array pools;
  for (const auto& pool : visible_pools(c)) pools.push_back(pool_json(pool));
  c.v->json(200, http::json_text(boost::json::object{{"pools", std::move(pools)}}));
}

void admin_calls::show_pool(const call& c) {
  for (const auto& pool : visible_pools(c))
    if (pool.pool == c.target.segments[2]) return c.v->json(200, http::json_text(pool_json(pool)));
  c.v->refuse(ec::not_found, fmt::format("there is no pool '{}', or this key may not see it", c.target.segments[2]));
}

void admin_calls::command_pool(const call& c) {
  const auto& name = c.target.segments[2];
  const auto& verb = c.target.segments[3];
  auto stocker = to_.stockers.find(name);
  auto visible = c.pools.empty() || std::find(c.pools.begin(), c.pools.end(), name) != c.pools.end();
  if (stocker == to_.stockers.end() || !visible)
    return c.v->refuse(ec::not_found, fmt::format("there is no pool '{}', or this key may not steer it", name));
  pool_command command;
  command.pool = name;
  command.verb = verb == "pause" ? pool_verb::pause : verb == "resume" ? pool_verb::resume : pool_verb::fill;
  command.actor = c.actor;
  if (auto err = read_command(c.v->request.body, command)) return c.v->refuse(err);
  if (command.verb == pool_verb::pause && command.reason.empty()) command.reason = "paused by " + c.actor;
  auto carry_out = [self = self_, stocker = stocker->second, timeout_ms = cfg_.ask_timeout_ms, command, c] {
    self->request(stocker, std::chrono::milliseconds(timeout_ms), command)
        .then(
            [self, c](const pool_state& pool) {
              write_down(c, "pool_" + c.target.segments[3], pool.pool);
              self->state.pools[pool.pool] = pool;
              c.v->json(200, http::json_text(pool_json(pool)));
            },
            [c](const caf::error& why) {
              write_down(c, "pool_" + c.target.segments[3], c.target.segments[2], why);
              c.v->refuse(why);
            });
  };
  // A pause and its end are written down with what they write; a fill writes nothing else.
  if (command.verb == pool_verb::fill)
    audited(c, "pool_fill", {{"pool", name}, {"count", command.count}}, std::move(carry_out));
  else
    carry_out();
}

} // namespace qrwell
