#include "runtime/http/json.hpp"
#include "tools/qrwell/admin_client.hpp"
#include "tools/qrwell/commands.hpp"
#include "tools/qrwell/output.hpp"

#include <boost/json/object.hpp>

#include <fmt/format.h>

namespace qrwell::cli {
namespace {

namespace json = boost::json;

std::string words_of_token(const json::object& token) {
  const auto* has = token.if_contains("has_token");
  if (has && has->is_bool() && !has->get_bool()) return "no token";
  return fmt::format("token {} s old, expires in {} s", cell(token, "age_s"), cell(token, "expires_in_s"));
}

std::string words_of_calls(const json::object& calls) {
  auto breaker = cell(calls, "breaker");
  if (breaker == "open") return "calls are held back";
  if (breaker == "half_open") return "one call tries whether WeChat is back";
  auto text = cell(calls, "in_flight") + " calls under way";
  if (auto half = cell(calls, "p50_ms"); half != "0") text += ", half of the last 1,000 took " + half + " ms or less";
  return text;
}

void show(const json::object& status) {
  print(cell(status, "judgement"));
  for (const auto& problem : status.at("problems").as_array())
    print(fmt::format("  ! {}: {}", cell(problem.as_object(), "where"), cell(problem.as_object(), "what")));
  for (const auto& pool : status.at("pools").as_array()) print_former(pool.as_object());
  for (const auto& value : status.at("apps").as_array()) {
    const auto& app = value.as_object();
    std::string line = "  app " + cell(app, "name") + ":";
    if (const auto* quota = app.if_contains("quota"))
      line += fmt::format(" {} of {} calls used in the last 60 s ({})", cell(quota->as_object(), "used_60s"),
                          cell(quota->as_object(), "limit"), cell(quota->as_object(), "state"));
    if (const auto* token = app.if_contains("token")) line += "; " + words_of_token(token->as_object());
    if (const auto* calls = app.if_contains("calls")) line += "; " + words_of_calls(calls->as_object());
    print(line);
  }
  const auto& node = status.at("node").as_object();
  print(fmt::format("  node {} ({}), version {}, up for {} s", cell(node, "name"), cell(node, "roles"),
                    cell(node, "version"), cell(node, "up_for_s")));
  if (auto pending = cell(node, "pending_restart"); pending != "-") print("  pending restart: " + pending);
}

} // namespace

void add_status(CLI::App& app, int& exit_code) {
  auto* command =
      app.add_subcommand("status", "Says in words how a node is: one sentence, then what is wrong, then the figures.");
  auto where = add_node_options(*command);
  command->callback([=, &exit_code] {
    auto client = admin_client::find(*where);
    if (!client) {
      exit_code = complain(client.error());
      return;
    }
    auto answer = client->call("GET", "/v1/status");
    if (!answer) {
      exit_code = complain(answer.error());
      return;
    }
    if (where->json)
      print(http::json_text(*answer));
    else
      show(answer->as_object());
    exit_code = exit_ok;
  });
}

} // namespace qrwell::cli
