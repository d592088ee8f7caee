#include "actors/admin_server/key_requests.hpp"
#include "actors/admin_server/views.hpp"
#include "config/values.hpp"
#include "runtime/core/clock.hpp"
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

struct add_options {
  std::string name, owner, priority = "normal", expires;
  std::vector<std::string> scopes, pools, paths;
  std::string rate;
  uint64_t daily = 0;
};

json::array list_of(const std::vector<std::string>& from) {
  json::array out;
  for (const auto& text : from) out.push_back(json::string(text));
  return out;
}

caf::expected<json::object> body_of(const add_options& o) {
  json::object body{{"name", o.name}, {"scopes", list_of(o.scopes)}, {"priority", o.priority}};
  if (!o.owner.empty()) body["owner"] = o.owner;
  if (!o.pools.empty()) body["pools"] = list_of(o.pools);
  if (!o.paths.empty()) body["paths"] = list_of(o.paths);
  if (!o.expires.empty()) body["expires_at"] = o.expires;
  if (!o.rate.empty()) {
    auto text = o.rate.ends_with("/s") ? o.rate.substr(0, o.rate.size() - 2) : o.rate;
    double rate = 0;
    auto [end, err] = std::from_chars(text.data(), text.data() + text.size(), rate);
    if (err != std::errc{} || end != text.data() + text.size())
      return fail(ec::invalid_request,
                  fmt::format("--rate {}: must be a number of requests a second, as in 200/s", o.rate));
    body["rate_per_s"] = rate;
  }
  if (o.daily != 0) body["daily_codes"] = o.daily;
  return body;
}

// Beside a running node through its admin listener; without one, in the store itself.
template <class Remote, class Local>
caf::expected<json::value> remote_or_local(const node_options& where, Remote remote, Local local) {
  auto client = admin_client::find(where);
  if (!client) return std::move(client.error());
  auto answer = remote(*client);
  if (answer || code_of(answer.error()) != ec::unavailable || !client->configuration()) return answer;
  auto held = open_local_store(*client->configuration());
  if (!held) return std::move(held.error());
  return local(*held->store, *client->configuration());
}

int show_new(const node_options& where, const caf::expected<json::value>& answer) {
  if (!answer) return complain(answer.error());
  const auto* object = answer->if_object();
  if (!object || !object->contains("key")) return complain(fail(ec::internal, "the node answered without a key"));
  print(where.json ? http::json_text(*answer) : cell(*object, "key"));
  return exit_ok;
}

int add_one(const node_options& where, const add_options& o) {
  auto body = body_of(o);
  if (!body) return complain(body.error());
  auto text = http::json_text(*body);
  auto answer = remote_or_local(
      where, [&](const admin_client& client) { return client.call("POST", "/v1/keys", text); },
      [&](code_store& store, const settings& cfg) -> caf::expected<json::value> {
        std::vector<std::string> pools;
        for (const auto& pool : cfg.pools) pools.push_back(pool.name);
        auto fresh = read_new_key(text, pools, system_wall_ms());
        if (!fresh) return std::move(fresh.error());
        auto row = store.add_key({fresh->row, "cli"});
        if (!row) return std::move(row.error());
        auto out = key_json(*row);
        out["key"] = fresh->text.reveal();
        return json::value(std::move(out));
      });
  return show_new(where, answer);
}

caf::expected<json::object> rotation_of(const std::string& overlap) {
  auto ms = config::read_duration(overlap);
  if (!ms || *ms > uint64_t{overlap_s_max} * 1'000)
    return fail(ec::invalid_request,
                fmt::format("--overlap {}: must be a time of at most 30 days, as in 1d, 12h or 0s", overlap));
  return json::object{{"overlap", *ms / 1'000}};
}

int rotate_one(const node_options& where, const std::string& name, const std::string& overlap) {
  auto body = rotation_of(overlap);
  if (!body) return complain(body.error());
  auto text = http::json_text(*body);
  auto answer = remote_or_local(
      where, [&](const admin_client& client) { return client.call("POST", "/v1/keys/" + name + "/rotate", text); },
      [&](code_store& store, const settings&) -> caf::expected<json::value> {
        auto asked = read_key_rotation(text, name);
        if (!asked) return std::move(asked.error());
        asked->row.actor = "cli";
        auto row = store.rotate_key(asked->row);
        if (!row) return std::move(row.error());
        auto out = key_json(*row);
        out["key"] = asked->text.reveal();
        return json::value(std::move(out));
      });
  return show_new(where, answer);
}

int list_all(const node_options& where) {
  auto answer = remote_or_local(
      where, [](const admin_client& client) { return client.call("GET", "/v1/keys"); },
      [](code_store& store, const settings&) -> caf::expected<json::value> {
        auto keys = store.keys();
        if (!keys) return std::move(keys.error());
        json::array list;
        for (const auto& key : keys->keys) list.push_back(key_json(key));
        return json::value(json::object{{"keys", std::move(list)}});
      });
  if (!answer) return complain(answer.error());
  if (where.json) {
    print(http::json_text(*answer));
    return exit_ok;
  }
  std::vector<std::vector<std::string>> rows{{"NAME", "OWNER", "SCOPES", "POOLS", "PATHS", "RATE/S", "PER DAY", "TODAY",
                                              "PRIORITY", "EXPIRES", "REVOKED", "ROTATED UNTIL", "LAST USED"}};
  for (const auto& key : answer->at("keys").as_array()) {
    const auto& k = key.as_object();
    rows.push_back({cell(k, "name"), cell(k, "owner"), cell(k, "scopes"), cell(k, "pools"), cell(k, "paths"),
                    cell(k, "rate_per_s"), cell(k, "daily_codes"), cell(k, "codes_today"), cell(k, "priority"),
                    cell(k, "expires_at"), cell(k, "revoked_at"), cell(k, "rotated_until"), cell(k, "last_used_at")});
  }
  print_table(rows);
  return exit_ok;
}

int revoke_one(const node_options& where, const std::string& name) {
  auto answer = remote_or_local(
      where, [&](const admin_client& client) { return client.call("DELETE", "/v1/keys/" + name); },
      [&](code_store& store, const settings&) -> caf::expected<json::value> {
        auto row = store.revoke_key({name, "cli"});
        if (!row) return std::move(row.error());
        return json::value(key_json(*row));
      });
  if (!answer) return complain(answer.error());
  print(where.json ? http::json_text(*answer) : fmt::format("{} is revoked; nodes refuse it within 5 s", name));
  return exit_ok;
}

} // namespace

void add_key(CLI::App& app, int& exit_code) {
  auto* command =
      app.add_subcommand("key", "Keys of those who call the API. Works beside a running node and without one.");
  command->require_subcommand(1);

  auto* add = command->add_subcommand(
      "add", "Makes a key and prints it: once, alone on standard output; only its SHA-256 is kept.");
  auto where = add_node_options(*add);
  auto o = std::make_shared<add_options>();
  add->add_option("name", o->name, "1 to 32 of a-z, 0-9 and '-'")->required();
  add->add_option("--scopes", o->scopes, "out of issue, read, admin")->delimiter(',')->required();
  add->add_option("--owner", o->owner, "whose codes it makes and sees; default: the name");
  add->add_option("--pools", o->pools, "the pools it may use; default: all")->delimiter(',');
  add->add_option("--paths", o->paths, "prefixes of the pages it may bind; default: all")->delimiter(',');
  add->add_option("--rate", o->rate, "requests a second, as in 200/s; default: no limit");
  add->add_option("--daily", o->daily, "codes a day (UTC); default: no limit");
  add->add_option("--priority", o->priority, "core, normal or bulk; below a pool's reserve only core draws from stock")
      ->check(CLI::IsMember({"core", "normal", "bulk"}))
      ->capture_default_str();
  add->add_option("--expires", o->expires, "a time like 2027-01-01T00:00:00Z; default: never");
  add->callback([=, &exit_code] { exit_code = add_one(*where, *o); });

  auto* list = command->add_subcommand("list", "Shows all keys, but not their text, which nobody has.");
  auto list_where = add_node_options(*list);
  list->callback([=, &exit_code] { exit_code = list_all(*list_where); });

  auto* rotate = command->add_subcommand(
      "rotate", "Gives a key another secret and prints it, alone on standard output; the former one stays good for the "
                "overlap.");
  auto rotate_where = add_node_options(*rotate);
  auto rotated = std::make_shared<std::string>();
  auto overlap = std::make_shared<std::string>("1d");
  rotate->add_option("name", *rotated, "the key's name")->required();
  rotate->add_option("--overlap", *overlap, "for how long both secrets are good, at most 30d")->capture_default_str();
  rotate->callback([=, &exit_code] { exit_code = rotate_one(*rotate_where, *rotated, *overlap); });

  auto* revoke = command->add_subcommand("revoke", "Disables a key; what it made goes on working.");
  auto revoke_where = add_node_options(*revoke);
  auto name = std::make_shared<std::string>();
  revoke->add_option("name", *name, "the key's name")->required();
  revoke->callback([=, &exit_code] { exit_code = revoke_one(*revoke_where, *name); });
}

} // namespace qrwell::cli
