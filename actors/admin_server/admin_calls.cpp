#include "actors/admin_server/admin_calls.hpp"

#include "runtime/http/json.hpp"
#include "runtime/keys/authorization.hpp"
#include "runtime/logging/log.hpp"

#include <boost/json/object.hpp>

namespace qrwell {
namespace {

bool fits(const std::vector<std::string_view>& pattern, const std::vector<std::string>& segments) {
  if (pattern.size() != segments.size()) return false;
  for (size_t i = 0; i < pattern.size(); ++i)
    if (pattern[i] != "*" && pattern[i] != segments[i]) return false;
  return true;
}

} // namespace

const std::vector<admin_calls::route>& admin_calls::routes() {
  using m = http_method;
  static const std::vector<route> table{
      {m::get, {"v1", "pools"}, scope_read, false, &admin_calls::list_pools},
      {m::get, {"v1", "pools", "*"}, scope_read, false, &admin_calls::show_pool},
      {m::post, {"v1", "pools", "*", "pause"}, scope_admin, false, &admin_calls::command_pool},
      {m::post, {"v1", "pools", "*", "resume"}, scope_admin, false, &admin_calls::command_pool},
      {m::post, {"v1", "pools", "*", "fill"}, scope_admin, false, &admin_calls::command_pool},
      {m::get, {"v1", "apps"}, scope_read, false, &admin_calls::list_apps},
      {m::post, {"v1", "apps", "*", "token", "refresh"}, scope_admin, false, &admin_calls::refresh_token},
      {m::get, {"v1", "nodes"}, scope_read, false, &admin_calls::list_nodes},
      {m::get, {"v1", "actors"}, scope_read, false, &admin_calls::list_actors},
      {m::get, {"v1", "status"}, scope_read, true, &admin_calls::show_status},
      {m::post, {"v1", "verify"}, scope_admin, true, &admin_calls::verify},
      {m::get, {"v1", "keys"}, scope_admin, true, &admin_calls::list_keys},
      {m::post, {"v1", "keys"}, scope_admin, true, &admin_calls::add_key},
      {m::del, {"v1", "keys", "*"}, scope_admin, true, &admin_calls::revoke_key},
      {m::post, {"v1", "keys", "*", "rotate"}, scope_admin, true, &admin_calls::rotate_key},
      {m::get, {"v1", "audit"}, scope_admin, true, &admin_calls::list_audit},
      {m::get, {"healthz"}, 0, true, &admin_calls::healthz},
      {m::get, {"readyz"}, 0, true, &admin_calls::readyz},
      {m::get, {"version"}, 0, true, &admin_calls::version},
      {m::get, {"metrics"}, 0, true, &admin_calls::metrics},
      {m::get, {}, 0, true, &admin_calls::front_page},
      {m::get, {"openapi.json"}, 0, false, &admin_calls::openapi},
  };
  return table;
}

void admin_calls::serve(const http_batch& batch) {
  auto sink = caf::actor_cast<answer_sink>(self_->current_sender());
  for (const auto& request : batch.requests) {
    auto v = std::make_shared<visit>(self_, sink, request, self_->state.under_way);
    if (self_->state.under_way > cfg_.under_way_max) {
      ++self_->state.refused;
      v->refuse(ec::overloaded, "too many administrative requests are under way: try again", 1);
      continue;
    }
    dispatch(v);
  }
}

void admin_calls::dispatch(const visit_ptr& v) {
  auto target = http::parse_target(v->request.target);
  if (!target) return v->refuse(target.error());
  // The front page is "/", of which a parser may make no segment or an empty one.
  if (target->segments.size() == 1 && target->segments[0].empty()) target->segments.clear();
  auto method = v->request.method == http_method::head ? http_method::get : v->request.method;
  for (const auto& r : routes()) {
    if (r.method != method || (r.operators_only && !cfg_.operators_listener) || !fits(r.path, target->segments))
      continue;
    ++self_->state.served;
    return authorize(r, {v, std::move(*target), "", {}});
  }
  v->refuse(ec::not_found, "there is nothing under this path");
}

void admin_calls::authorize(const route& r, call c) {
  if (r.scope == 0) return (this->*r.run)(c);
  if (cfg_.operators_listener && is_operator_token(c.v->request.authorization, cfg_.admin_token)) {
    c.actor = "admin token";
    c.v->may_see_times();
    return (this->*r.run)(c);
  }
  self_->state.keys->with_key(c.v->request.authorization,
                              [self = shared_from_this(), &r, c](caf::expected<const api_key*> key) mutable {
                                if (!key) return c.v->refuse(key.error());
                                if (!self->self_->state.keys->charge(**key, *c.v)) return;
                                if (auto err = permit_scope_or_admin(**key, r.scope)) return c.v->refuse(err);
                                c.actor = "key:" + (*key)->name;
                                c.pools = (*key)->pools;
                                (self.get()->*r.run)(c);
                              });
}

std::vector<pool_state> admin_calls::visible_pools(const call& c) const {
  std::vector<pool_state> out;
  for (const auto& [name, pool] : self_->state.pools)
    if (c.pools.empty() || std::find(c.pools.begin(), c.pools.end(), name) != c.pools.end()) out.push_back(pool);
  return out;
}

void admin_calls::write_down(const call& c, std::string_view action, std::string_view subject,
                             const caf::error& failure) {
  static const log::voice voice{"admin_server"};
  if (failure)
    voice.warn("admin command failed", {{"request_id", c.v->request.request_id},
                                        {"action", action},
                                        {"subject", subject},
                                        {"by", c.actor},
                                        {"client", c.v->request.peer},
                                        {"why", render(failure)}});
  else
    voice.info("admin command", {{"request_id", c.v->request.request_id},
                                 {"action", action},
                                 {"subject", subject},
                                 {"by", c.actor},
                                 {"client", c.v->request.peer}});
}

actor_status admin_calls::status() const {
  const auto& st = self_->state;
  boost::json::object facts{{"under_way", st.under_way}, {"served", st.served}, {"refused", st.refused}};
  return {"admin_server", cfg_.name, "", http::json_text(facts)};
}

} // namespace qrwell
