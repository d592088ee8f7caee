#include "tools/wechat-sim/control_api.hpp"

#include <charconv>
#include <string>
#include <utility>

#include <boost/json.hpp>
#include <fmt/format.h>
#include <openssl/sha.h>

#include "tools/wechat-sim/counters_page.hpp"
#include "tools/wechat-sim/fault_commands.hpp"
#include "tools/wechat-sim/scenario_file.hpp"
#include "tools/wechat-sim/state_report.hpp"

namespace qrwell::sim {

namespace json = boost::json;

namespace {

sim_answer plain(unsigned status, const json::value& body) {
  return {status, "application/json", std::make_shared<const std::string>(json::serialize(body) + "\n")};
}

sim_answer problem(unsigned status, std::string_view what) {
  return plain(status, json::object{{"error", what}});
}

std::string hex_sha256(std::string_view bytes) {
  unsigned char digest[SHA256_DIGEST_LENGTH];
  SHA256(reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(), digest);
  std::string out;
  for (auto byte : digest) out += fmt::format("{:02x}", byte);
  return out;
}

} // namespace

sim_answer control_api::handle(const sim_request& request, int64_t now_us) {
  const auto& path = request.path;
  if (request.method == "GET") {
    if (path == "/") return show_page(now_us);
    if (path == "/sim/state") return plain(200, state(now_us));
    if (path == "/sim/scenes") return show_scenes(request);
    if (path == "/sim/faults") return plain(200, json::object{{"faults", state_.faults.list()}});
    if (path == "/sim/scenario") return plain(200, json::object{{"scenario", scenario_.describe(now_us)}});
  }
  if (request.method == "POST") {
    if (path == "/sim/faults") return set_faults(request, now_us);
    if (path == "/sim/scenario") return set_scenario(request, now_us);
    if (path == "/sim/pages") return release_pages(request);
    if (path == "/sim/reset") return reset(request);
  }
  if (request.method == "DELETE" && path == "/sim/scenario") {
    scenario_.stop(state_);
    return plain(200, json::object{{"scenario", nullptr}});
  }
  return problem(404,
                 "the control calls are GET / and /sim/state, scenes, faults, scenario; POST /sim/faults, scenario, "
                 "pages, launch, reset; DELETE /sim/scenario");
}

json::object control_api::state(int64_t now_us) {
  auto out = report(state_, now_us);
  out["scenario"] = scenario_.describe(now_us);
  return out;
}

sim_answer control_api::show_page(int64_t now_us) {
  return {200, "text/html; charset=utf-8", std::make_shared<const std::string>(counters_page(state(now_us)))};
}

sim_answer control_api::show_scenes(const sim_request& request) const {
  const auto& all = state_.scenes.all();
  std::size_t limit = 100;
  if (auto text = query_value(request.query, "limit"); !text.empty()) {
    auto [stop, failed] = std::from_chars(text.data(), text.data() + text.size(), limit);
    if (failed != std::errc{} || stop != text.data() + text.size())
      return problem(400, "limit: must be a whole number");
  }
  json::array scenes;
  for (auto it = all.rbegin(); it != all.rend() && scenes.size() < limit; ++it) {
    json::object item{{"appid", it->appid},        {"scene", it->scene},        {"page", it->page},
                      {"at_ms", it->at_us / 1000}, {"bytes", it->body->size()}, {"sha256", hex_sha256(*it->body)}};
    scenes.emplace_back(std::move(item));
  }
  return plain(200, json::object{{"scenes", scenes}});
}

sim_answer control_api::set_faults(const sim_request& request, int64_t now_us) {
  boost::system::error_code failed;
  auto parsed = json::parse(request.body, failed);
  if (failed) return problem(400, "the body must be a JSON object, or an array of objects");
  if (parsed.is_object()) parsed = json::array{parsed};
  if (!parsed.is_array()) return problem(400, "the body must be a JSON object, or an array of objects");
  for (const auto& item : parsed.get_array()) {
    if (!item.is_object()) return problem(400, "the body must be a JSON object, or an array of objects");
    if (auto done = carry_out(state_, item.get_object(), now_us); !done.problem.empty())
      return problem(400, done.problem);
  }
  return plain(200, json::object{{"faults", state_.faults.list()}});
}

sim_answer control_api::set_scenario(const sim_request& request, int64_t now_us) {
  auto read = read_scenario(request.body, "body", state_.initial);
  if (auto* problems = std::get_if<scenario_problems>(&read))
    return plain(400, json::object{{"error", problems->front()}, {"errors", json::value_from(*problems)}});
  scenario_.start(state_, std::get<scenario_script>(std::move(read)), now_us);
  return plain(200, json::object{{"scenario", scenario_.describe(now_us)}});
}

sim_answer control_api::release_pages(const sim_request& request) {
  const auto* wrong = R"(the body must be {"pages":["pages/a",...]}; no pages: every page is released)";
  boost::system::error_code failed;
  auto parsed = json::parse(request.body, failed);
  const auto* pages = !failed && parsed.is_object() ? parsed.get_object().if_contains("pages") : nullptr;
  if (pages == nullptr || !pages->is_array()) return problem(400, wrong);
  std::vector<std::string> released;
  for (const auto& page : pages->get_array()) {
    if (!page.is_string()) return problem(400, wrong);
    released.emplace_back(page.get_string().c_str());
  }
  state_.live.pages = std::move(released);
  return plain(200, json::object{{"pages", *pages}});
}

sim_answer control_api::reset(const sim_request& request) {
  bool tokens = false;
  if (!request.body.empty()) {
    boost::system::error_code failed;
    auto parsed = json::parse(request.body, failed);
    if (failed || !parsed.is_object()) return problem(400, "the body must be empty or {\"tokens\":true}");
    const auto* field = parsed.get_object().if_contains("tokens");
    tokens = field != nullptr && field->is_bool() && field->get_bool();
  }
  scenario_.forget();
  state_.reset(tokens);
  return plain(200, json::object{{"ok", true}});
}

} // namespace qrwell::sim
