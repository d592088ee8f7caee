#include "tools/wechat-sim/counters_page.hpp"

#include <string_view>
#include <vector>

#include <fmt/format.h>

namespace qrwell::sim {

namespace json = boost::json;

namespace {

std::string escaped(std::string_view text) {
  std::string out;
  for (char c : text) {
    if (c == '<')
      out += "&lt;";
    else if (c == '>')
      out += "&gt;";
    else if (c == '&')
      out += "&amp;";
    else if (c == '"')
      out += "&quot;";
    else
      out += c;
  }
  return out;
}

std::string shown(const json::value& value) {
  return escaped(value.is_string() ? std::string{value.get_string()} : json::serialize(value));
}

std::string row(std::string_view name, const std::string& value) {
  return fmt::format("<tr><th scope=\"row\">{}</th><td>{}</td></tr>\n", escaped(name), value);
}

std::string table(std::string_view caption, const std::string& rows) {
  return fmt::format("<table><caption>{}</caption>\n{}</table>\n", escaped(caption), rows);
}

/// A table of an object's members.
std::string table_of(std::string_view caption, const json::object& members, std::string_view if_empty) {
  std::string rows;
  for (const auto& member : members) rows += row(member.key(), shown(member.value()));
  return table(caption, rows.empty() ? row(if_empty, "") : rows);
}

std::string app_section(const json::object& app) {
  std::string calls = row("in the last 60 s", shown(app.at("last_60s"))) +
                      row("in the busiest 60 s", shown(app.at("busiest_60s"))) + row("in all", shown(app.at("calls"))) +
                      row("charged to the quota", shown(app.at("charged"))) +
                      row("charged today", shown(app.at("charged_today"))) +
                      row("scenes asked for again", shown(app.at("scenes_repeated")));
  std::string outcomes = row("images", shown(app.at("images")));
  for (const auto& refused : app.at("refused").get_object())
    outcomes += row(fmt::format("error {}", std::string_view{refused.key()}), shown(refused.value()));
  std::string tokens = row("token calls", shown(app.at("token_calls")));
  for (const auto& kind : app.at("tokens").get_object())
    tokens += row(fmt::format("{} given", std::string_view{kind.key()}), shown(kind.value()));
  return fmt::format("<h2>{}</h2>\n<div>{}{}{}</div>\n", shown(app.at("appid")), table("Calls for codes", calls),
                     table("By outcome", outcomes), table("Tokens", tokens));
}

std::string faults_section(const json::object& state) {
  std::string rows;
  for (const auto& item : state.at("faults").get_array()) {
    const auto& fault = item.get_object();
    rows += row(std::string{fault.at("kind").get_string()}, escaped(json::serialize(fault)));
  }
  return table("Faults in force", rows.empty() ? row("none", "") : rows);
}

std::string scenario_section(const json::value& scenario) {
  if (!scenario.is_object()) return {};
  const auto& it = scenario.get_object();
  std::string rows = row("elapsed", fmt::format("{:.1f} s", it.at("elapsed_s").to_number<double>()));
  for (const auto& item : it.at("steps").get_array()) {
    const auto& step = item.get_object();
    auto when = fmt::format("at {:g} s", step.at("at_s").to_number<double>());
    if (const auto* lasts = step.if_contains("for_s")) when += fmt::format(" for {:g} s", lasts->to_number<double>());
    rows += row(when, shown(step.at("phase")) + ": " + escaped(json::serialize(step.at("what"))));
  }
  const auto& name = it.at("name").get_string();
  return table(name.empty() ? std::string{"Scenario"} : "Scenario: " + std::string{name}, rows);
}

constexpr std::string_view style =
    "body{font:15px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:64rem;padding:0 1rem;color:#222;"
    "background:#fff}div{display:flex;flex-wrap:wrap;gap:1rem 3rem}table{border-collapse:collapse;margin:.5rem 0}"
    "caption{text-align:left;font-weight:600}th{text-align:left;font-weight:400;padding:.1rem 1rem .1rem 0}"
    "td{font-variant-numeric:tabular-nums;overflow-wrap:anywhere}"
    "@media(prefers-color-scheme:dark){body{color:#ddd;background:#181818}a{color:#8bf}}";

} // namespace

std::string counters_page(const json::object& state) {
  std::string body;
  for (const auto& app : state.at("apps").get_array()) body += app_section(app.get_object());
  body += "<h2>Everything</h2>\n<div>";
  body += faults_section(state);
  body += scenario_section(state.at("scenario"));
  body += table_of("Faults that struck", state.at("fault_hits").get_object(), "none");
  body += table_of("Errors to calls of nobody", state.at("refused_without_app").get_object(), "none");
  body += table_of("Limit", state.at("limit").get_object(), "none");
  body += table_of("Latency", state.at("latency").get_object(), "none");
  body += table_of("Calls by host", state.at("calls_by_host").get_object(), "none");
  body += table_of("Connections", state.at("connections").get_object(), "none");
  return fmt::format(
      "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>wechat-sim</title>\n"
      "<meta name=\"viewport\" content=\"width=device-width\"><meta http-equiv=\"refresh\" content=\"2\">\n"
      "<style>{}</style></head>\n<body><h1>wechat-sim</h1>\n{}</div>\n"
      "<p>The same as JSON: <a href=\"/sim/state\">/sim/state</a></p></body></html>\n",
      style, body);
}

} // namespace qrwell::sim
