#include "runtime/http/json.hpp"
#include "tools/qrwell/admin_client.hpp"
#include "tools/qrwell/commands.hpp"
#include "tools/qrwell/local_store.hpp"
#include "tools/qrwell/output.hpp"

#include <boost/json/object.hpp>

#include <fmt/format.h>

namespace qrwell::cli {
namespace {

namespace json = boost::json;

// What the store knows of a pool when no node is there to say more.
caf::expected<json::object> stored_pool(code_store& store, const pool_settings& pool) {
  auto levels = store.levels({pool.name});
  if (!levels) return std::move(levels.error());
  uint64_t level = 0, dead = 0;
  for (const auto& one : levels->levels)
    if (one.gen_id == levels->pool.gen_id) {
      level = one.ready_codes + one.filling_codes + one.held_codes;
      dead = one.dead_codes;
    }
  return json::object{{"name", pool.name},
                      {"app", pool.app},
                      {"level", level},
                      {"low", pool.stock.low},
                      {"high", pool.stock.high},
                      {"reserve", pool.stock.reserve},
                      {"per_minute", 0},
                      {"minutes_left", nullptr},
                      {"outlook", "the demand is not known"},
                      {"plan", "the node is not running"},
                      {"paused", levels->pool.paused},
                      {"generation", levels->pool.gen_id},
                      {"dead", dead}};
}

void show(const json::object& pool) {
  print(fmt::format("{}: {} in stock (low {}, high {}, reserve {}), {}", cell(pool, "name"), cell(pool, "level"),
                    cell(pool, "low"), cell(pool, "high"), cell(pool, "reserve"), cell(pool, "plan")));
  if (pool.contains("pause_reason")) print("  paused: " + cell(pool, "pause_reason"));
  print(fmt::format("  {}; stocked in the last minute (since the node's start at most) {}, generation {}, dead {}",
                    cell(pool, "outlook"), cell(pool, "per_minute"), cell(pool, "generation"), cell(pool, "dead")));
  print_former(pool);
}

caf::error no_pool(const settings& cfg, const std::string& name) {
  std::string known;
  for (const auto& pool : cfg.pools) known += (known.empty() ? "" : ", ") + pool.name;
  return fail(ec::not_found, fmt::format("there is no pool '{}' in the configuration; it has: {}", name, known));
}

int list_or_show(const node_options& where, const std::string& name) {
  auto client = admin_client::find(where);
  if (!client) return complain(client.error());
  auto answer = client->call("GET", name.empty() ? "/v1/pools" : "/v1/pools/" + name);
  if (!answer && code_of(answer.error()) == ec::unavailable && client->configuration()) {
    auto held = open_local_store(*client->configuration());
    if (!held) return complain(held.error());
    json::array pools;
    for (const auto& pool : client->configuration()->pools) {
      if (!name.empty() && pool.name != name) continue;
      auto one = stored_pool(*held->store, pool);
      if (!one) return complain(one.error());
      pools.push_back(std::move(*one));
    }
    if (!name.empty() && pools.empty()) return complain(no_pool(*client->configuration(), name));
    answer = name.empty() ? json::value(json::object{{"pools", std::move(pools)}}) : pools[0];
  }
  if (!answer) return complain(answer.error());
  if (where.json)
    print(http::json_text(*answer));
  else if (!name.empty())
    show(answer->as_object());
  else
    for (const auto& pool : answer->at("pools").as_array()) show(pool.as_object());
  return exit_ok;
}

int steer(const node_options& where, const std::string& name, const std::string& verb, const json::object& body) {
  auto client = admin_client::find(where);
  if (!client) return complain(client.error());
  auto answer = client->call("POST", "/v1/pools/" + name + "/" + verb, body.empty() ? "" : http::json_text(body));
  if (!answer && code_of(answer.error()) == ec::unavailable && client->configuration()) {
    if (verb == "fill")
      return complain(fail(ec::unavailable, "only a running node can fill a pool: start it with `qrwell serve`"));
    if (!client->configuration()->pool(name)) return complain(no_pool(*client->configuration(), name));
    auto held = open_local_store(*client->configuration());
    if (!held) return complain(held.error());
    auto reason = body.contains("reason") ? cell(body, "reason") : std::string("paused by cli");
    auto row = held->store->pause({name, verb == "pause", verb == "pause" ? reason : "", "cli"});
    if (!row) return complain(row.error());
    print(where.json ? http::json_text(json::object{{"name", name}, {"paused", row->paused}})
                     : fmt::format("{} is {}; the node is not running", name, row->paused ? "paused" : "not paused"));
    return exit_ok;
  }
  if (!answer) return complain(answer.error());
  if (where.json)
    print(http::json_text(*answer));
  else
    show(answer->as_object());
  return exit_ok;
}

} // namespace

void add_pool(CLI::App& app, int& exit_code) {
  auto* command = app.add_subcommand("pool", "Stocks of codes: what they hold, and how to steer them.");
  command->require_subcommand(1);

  auto* list = command->add_subcommand("list", "Shows all pools.");
  auto list_where = add_node_options(*list);
  list->callback([=, &exit_code] { exit_code = list_or_show(*list_where, ""); });

  auto add_named = [&](const char* verb, const char* help) {
    auto* sub = command->add_subcommand(verb, help);
    auto where = add_node_options(*sub);
    auto name = std::make_shared<std::string>();
    sub->add_option("name", *name, "the pool's name")->required();
    return std::tuple(sub, where, name);
  };
  {
    auto [sub, where, name] = add_named("show", "Shows one pool.");
    sub->callback([where = where, name = name, &exit_code] { exit_code = list_or_show(*where, *name); });
  }
  {
    auto [sub, where, name] = add_named("pause", "Stops stocking a pool; what is in stock goes on being issued.");
    auto reason = std::make_shared<std::string>();
    sub->add_option("--reason", *reason, "shown to whoever asks why");
    sub->callback([where = where, name = name, reason, &exit_code] {
      json::object body;
      if (!reason->empty()) body["reason"] = *reason;
      exit_code = steer(*where, *name, "pause", body);
    });
  }
  {
    auto [sub, where, name] = add_named("resume", "Ends a pause.");
    sub->callback([where = where, name = name, &exit_code] { exit_code = steer(*where, *name, "resume", {}); });
  }
  {
    auto [sub, where, name] = add_named("fill", "Stocks codes now, beside the plan.");
    auto count = std::make_shared<uint64_t>(0);
    sub->add_option("--count", *count, "codes; default: up to the pool's `high`");
    sub->callback([where = where, name = name, count, &exit_code] {
      json::object body;
      if (*count > 0) body["count"] = *count;
      exit_code = steer(*where, *name, "fill", body);
    });
  }
}

} // namespace qrwell::cli
