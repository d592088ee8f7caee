#include "actors/admin_server/views.hpp"
#include "node/open_store.hpp"
#include "runtime/http/json.hpp"
#include "tools/qrwell/admin_client.hpp"
#include "tools/qrwell/commands.hpp"
#include "tools/qrwell/output.hpp"

#include <boost/json/object.hpp>

#include <fmt/format.h>

namespace qrwell::cli {
namespace {

namespace json = boost::json;

// Reads the store's file itself: beside a running node as well as without one, and whatever state the node is in.
caf::expected<json::value> verify_file(const settings& cfg) {
  auto store = open_store_to_look(cfg);
  if (!store) return std::move(store.error());
  std::vector<std::pair<std::string, uint32_t>> limits;
  for (const auto& app : cfg.apps) limits.emplace_back(app.name, app.per_minute);
  auto report = (*store)->verify(limits);
  if (!report) return std::move(report.error());
  return json::value(verify_json(*report));
}

int run(const node_options& where) {
  auto client = admin_client::find(where);
  if (!client) return complain(client.error());
  auto answer =
      client->configuration() ? verify_file(*client->configuration()) : client->call("POST", "/v1/verify", "", 1'800);
  if (!answer) return complain(answer.error());
  const auto& report = answer->as_object();
  auto ok = report.at("ok").as_bool();
  if (where.json) {
    print(http::json_text(*answer));
  } else {
    for (const auto& value : report.at("findings").as_array()) {
      const auto& finding = value.as_object();
      print(fmt::format("{} {} {}: {} examined; {}", finding.at("ok").as_bool() ? "ok  " : "BAD ",
                        cell(finding, "promise"), cell(finding, "check"), cell(finding, "examined"),
                        cell(finding, "detail")));
    }
    print(ok ? "the store keeps its promises" : "the store breaks a promise: see the lines that begin with BAD");
  }
  return ok ? exit_ok : exit_failed;
}

} // namespace

void add_verify(CLI::App& app, int& exit_code) {
  auto* command = app.add_subcommand(
      "verify", "Checks promises P1, P3, P4 and P5 on a store, beside a running node or without one.");
  auto where = add_node_options(*command);
  command->callback([=, &exit_code] { exit_code = run(*where); });
}

} // namespace qrwell::cli
