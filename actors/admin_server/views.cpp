#include "actors/admin_server/views.hpp"

#include "runtime/http/json.hpp"

#include <boost/json/parse.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <set>
#include <tuple>

namespace qrwell {
namespace {

namespace json = boost::json;

json::value time_or_null(int64_t unix_ms) {
  return unix_ms == 0 ? json::value(nullptr) : json::value(http::format_time(unix_ms));
}

json::object facts_of(const actor_status& status) {
  boost::system::error_code err;
  auto value = json::parse(status.facts, err);
  return err || !value.is_object() ? json::object{} : value.as_object();
}

bool is_stuck(const actor_vital& actor) {
  return actor.busy && actor.busy_for_ms > stuck_after_ms;
}

std::string actor_name(const actor_vital& actor) {
  return actor.kind == actor.name ? actor.kind : fmt::format("{} {}", actor.kind, actor.name);
}

std::string without_full_stop(std::string text) {
  if (!text.empty() && text.back() == '.') text.pop_back();
  return text;
}

// `held_back`: pools whose plan stands among the problems.
std::string judgement_of(const std::vector<pool_state>& pools, size_t problems,
                         const std::set<std::string>& held_back) {
  if (pools.empty()) return "no pool is configured";
  std::string text;
  for (const auto& pool : pools) {
    if (!text.empty()) text += "; ";
    text += fmt::format("{}: {} in stock", pool.pool, pool.level);
    if (!held_back.contains(pool.pool)) text += ", " + (pool.plan.empty() ? "idle" : without_full_stop(pool.plan));
    if (!pool.outlook.empty()) text += ", " + pool.outlook;
  }
  if (problems > 0) return fmt::format("{} thing{} to look at; {}", problems, problems == 1 ? "" : "s", text);
  return "all is well; " + text;
}

/// What is wrong with a stock itself, worst first; why is another's word.
std::string shortage_of(const pool_state& pool) {
  if (pool.spec.empty()) return {}; // its stocker has not heard from the store yet
  if (pool.high == 0 && pool.link_allowed) return {};
  if (pool.level == 0 && pool.link_allowed)
    return pool.live_allowed ? "is empty: each code is fetched live or is a link code"
                             : "is empty: each code is a link code";
  if (pool.level == 0)
    return pool.live_allowed ? "is empty: each code is fetched live, as far as the quota goes"
                             : "is empty: requests for codes are answered 503";
  if (pool.level < pool.reserve)
    return fmt::format("is below its reserve of {}: only keys of priority core get codes of it", pool.reserve);
  return {};
}

/// Causes before what they cause: who reads the first line of three should not have to read the others.
int gravity(const std::string& kind) {
  static constexpr std::array<std::string_view, 10> order{
      "store_writer", "store_reader", "image_worker",  "binding_persister", "request_server",
      "scan_server",  "token_keeper", "quota_manager", "wechat_fetcher",    "pool_stocker"};
  return static_cast<int>(std::find(order.begin(), order.end(), kind) - order.begin());
}

json::array former_json(const pool_state& pool) {
  json::array out;
  for (const auto& one : pool.former) {
    boost::system::error_code err;
    auto look = json::parse(one.spec, err);
    out.push_back(json::object{{"generation", one.gen_id},
                               {"codes", one.codes},
                               {"kept_until", http::format_time(one.kept_until_ms)},
                               {"look", err ? json::value(nullptr) : std::move(look)}});
  }
  return out;
}

} // namespace

json::object pool_json(const pool_state& pool) {
  json::object out{{"name", pool.pool},
                   {"app", pool.app},
                   {"level", pool.level},
                   {"low", pool.low},
                   {"high", pool.high},
                   {"reserve", pool.reserve},
                   {"per_minute", std::round(pool.per_minute * 10) / 10},
                   {"minutes_left", pool.minutes_left < 0 ? json::value(nullptr)
                                                          : json::value(std::round(pool.minutes_left * 10) / 10)},
                   {"outlook", pool.outlook},
                   {"plan", pool.plan},
                   {"paused", pool.paused},
                   {"generation", pool.gen_id},
                   {"dead", pool.dead}};
  if (pool.paused) out["pause_reason"] = pool.pause_reason;
  if (!pool.former.empty()) out["former"] = former_json(pool);
  return out;
}

json::array actors_json(const inspect_report& report) {
  std::map<std::pair<std::string, std::string>, const actor_status*> words;
  for (const auto& status : report.statuses) words[{status.kind, status.name}] = &status;
  auto trouble = [&](const actor_vital& actor) {
    if (!actor.alive) return 0;
    if (is_stuck(actor)) return 1;
    auto own = words.find({actor.kind, actor.name});
    return own != words.end() && !own->second->problem.empty() ? 2 : 3;
  };
  auto actors = report.actors;
  std::stable_sort(actors.begin(), actors.end(), [&](const auto& a, const auto& b) { return trouble(a) < trouble(b); });
  json::array out;
  for (const auto& actor : actors) {
    json::object one{{"kind", actor.kind},
                     {"name", actor.name},
                     {"state", !actor.alive      ? "dead"
                               : is_stuck(actor) ? "stuck"
                               : actor.busy      ? "busy"
                                                 : "idle"},
                     {"age_s", std::max<int64_t>(0, report.now_ms - actor.started_ms) / 1'000},
                     {"mailbox", actor.mailbox},
                     {"handled", actor.handled},
                     {"message", actor.message},
                     {"restarts", actor.restarts}};
    if (!actor.pool.empty()) one["pool"] = actor.pool;
    if (actor.busy) one["busy_for_ms"] = actor.busy_for_ms;
    if (!actor.last_failure.empty()) one["last_failure"] = actor.last_failure;
    if (auto own = words.find({actor.kind, actor.name}); own != words.end()) {
      if (!own->second->problem.empty()) one["problem"] = own->second->problem;
      one["facts"] = facts_of(*own->second);
    }
    out.push_back(std::move(one));
  }
  return out;
}

json::array apps_json(const inspect_report& report) {
  std::map<std::string, json::object> apps;
  for (const auto& status : report.statuses) {
    const char* part = status.kind == "quota_manager"    ? "quota"
                       : status.kind == "token_keeper"   ? "token"
                       : status.kind == "wechat_fetcher" ? "calls"
                                                         : nullptr;
    if (!part) continue;
    auto& app = apps[status.name];
    app["name"] = status.name;
    auto facts = facts_of(status);
    facts.erase("app");
    if (!status.problem.empty()) facts["problem"] = status.problem;
    app[part] = std::move(facts);
  }
  json::array out;
  for (auto& [name, app] : apps) out.push_back(std::move(app));
  return out;
}

json::object key_json(const api_key& key) {
  json::array scopes;
  if (key.scopes & scope_issue) scopes.push_back("issue");
  if (key.scopes & scope_read) scopes.push_back("read");
  if (key.scopes & scope_admin) scopes.push_back("admin");
  auto list = [](const std::vector<std::string>& from) {
    json::array out;
    for (const auto& text : from) out.push_back(json::string(text));
    return out;
  };
  return {{"name", key.name},
          {"owner", key.owner},
          {"scopes", std::move(scopes)},
          {"pools", list(key.pools)},
          {"paths", list(key.path_prefixes)},
          {"rate_per_s", key.rate_per_s},
          {"daily_codes", key.daily_codes},
          {"codes_today", key.codes_today},
          {"priority", key.priority == key_priority::core   ? "core"
                       : key.priority == key_priority::bulk ? "bulk"
                                                            : "normal"},
          {"created_at", time_or_null(key.created_ms)},
          {"expires_at", time_or_null(key.expires_ms)},
          {"revoked_at", time_or_null(key.disabled_ms)},
          {"last_used_at", time_or_null(key.last_used_ms)},
          {"rotated_until", time_or_null(key.former_until_ms)}};
}

json::object verify_json(const verify_report& report) {
  json::array findings;
  bool ok = true;
  for (const auto& finding : report.findings) {
    ok = ok && finding.ok;
    findings.push_back(json::object{{"promise", finding.promise},
                                    {"check", finding.check},
                                    {"ok", finding.ok},
                                    {"examined", finding.examined},
                                    {"detail", finding.detail}});
  }
  return {{"ok", ok}, {"findings", std::move(findings)}};
}

json::object status_json(const node_facts& node, const inspect_report& report, const std::vector<pool_state>& pools) {
  json::array problems;
  auto add = [&](std::string_view where, std::string_view what) {
    problems.push_back(json::object{{"where", where}, {"what", what}});
  };
  for (const auto& actor : report.actors) {
    if (!actor.alive)
      add(actor_name(actor), actor.last_failure.empty() ? "is dead" : "is dead: " + actor.last_failure);
    else if (is_stuck(actor))
      add(actor_name(actor),
          fmt::format("is stuck: {} ms in {}, {} messages wait", actor.busy_for_ms, actor.message, actor.mailbox));
  }
  auto paused = [&](const actor_status& status) {
    return status.kind == "pool_stocker" && std::any_of(pools.begin(), pools.end(), [&](const pool_state& pool) {
             return pool.paused && pool.pool == status.name;
           });
  };
  for (const auto& pool : pools) {
    if (auto what = shortage_of(pool); !what.empty()) add("pool " + pool.pool, what);
    if (pool.paused) add("pool " + pool.pool, "is paused: " + without_full_stop(pool.pause_reason));
  }
  auto statuses = report.statuses;
  std::stable_sort(statuses.begin(), statuses.end(), [](const auto& a, const auto& b) {
    return std::tuple(gravity(a.kind), a.kind, a.name) < std::tuple(gravity(b.kind), b.kind, b.name);
  });
  for (const auto& status : statuses)
    if (!status.problem.empty() && !paused(status))
      add(status.kind == status.name ? status.kind : status.kind + " " + status.name, status.problem);
  json::array pool_list;
  for (const auto& pool : pools) pool_list.push_back(pool_json(pool));
  std::set<std::string> held_back;
  for (const auto& status : report.statuses)
    if (status.kind == "pool_stocker" && !status.problem.empty()) held_back.insert(status.name);
  for (const auto& pool : pools)
    if (pool.paused) held_back.insert(pool.pool);
  auto judgement = judgement_of(pools, problems.size(), held_back);
  auto list = [](const std::vector<std::string>& from) {
    json::array out;
    for (const auto& text : from) out.push_back(json::string(text));
    return out;
  };
  return {{"judgement", judgement},
          {"problems", std::move(problems)},
          {"pools", std::move(pool_list)},
          {"apps", apps_json(report)},
          {"node", json::object{{"name", node.node},
                                {"incarnation", node.incarnation},
                                {"version", node.version},
                                {"roles", list(node.roles)},
                                {"up_for_s", std::max<int64_t>(0, report.now_ms - node.started_ms) / 1'000},
                                {"pending_restart", list(node.pending_restart)}}}};
}

} // namespace qrwell
