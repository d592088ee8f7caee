#include "tools/wechat-sim/command_line.hpp"

#include <algorithm>
#include <charconv>
#include <map>
#include <string_view>
#include <vector>

#include <CLI/CLI.hpp>

namespace qrwell::sim {

namespace {

bool read_whole(std::string_view text, int64_t min, int64_t max, int64_t& out) {
  auto [stop, failed] = std::from_chars(text.data(), text.data() + text.size(), out);
  return failed == std::errc{} && stop == text.data() + text.size() && out >= min && out <= max;
}

std::string read_address(const std::string& text, listen_address& out) {
  auto colon = text.rfind(':');
  int64_t port = 0;
  if (colon == std::string::npos || !read_whole(std::string_view{text}.substr(colon + 1), 0, 65535, port))
    return "must be HOST:PORT, such as 127.0.0.1:9000 (port 0: any free one)";
  out.address = text.substr(0, colon);
  out.port = static_cast<uint16_t>(port);
  return {};
}

std::string read_listen(const std::string& text, command_line& out) {
  return read_address(text, out.listen.emplace_back());
}

std::string read_control(const std::string& text, command_line& out) {
  return read_address(text, out.control.emplace());
}

std::string read_app(const std::string& text, command_line& out) {
  auto colon = text.find(':');
  if (colon == 0 || colon == std::string::npos || colon + 1 == text.size())
    return "must be APPID:SECRET, such as wx0123456789abcdef:0123456789abcdef0123456789abcdef";
  out.settings.apps.push_back({text.substr(0, colon), text.substr(colon + 1)});
  return {};
}

std::string read_latency(const std::string& text, command_line& out) {
  constexpr int64_t most_ms = 600'000;
  auto colon = text.find(':');
  auto& min_ms = out.settings.latency_min_ms;
  auto& max_ms = out.settings.latency_max_ms;
  if (!read_whole(std::string_view{text}.substr(0, colon), 0, most_ms, min_ms)) return "must be MS or MIN:MAX";
  max_ms = min_ms;
  if (colon != std::string::npos && !read_whole(std::string_view{text}.substr(colon + 1), min_ms, most_ms, max_ms))
    return "must be MS or MIN:MAX with MIN <= MAX <= 600000";
  return {};
}

std::string read_fault(const std::string& text, command_line& out) {
  auto parsed = fault_plan::parse_text(text);
  if (auto* wrong = std::get_if<std::string>(&parsed)) return *wrong;
  out.settings.faults.push_back(std::get<fault>(std::move(parsed)));
  return out.settings.faults.size() > fault_plan::faults_max ? "there are too many faults" : "";
}

/// What WeChat's documents leave open, or contradict each other about.
void add_open_points(CLI::App& cli, sim_settings& settings) {
  using windows = std::map<std::string, window_kind>;
  using rules = std::map<std::string, charge_rule>;
  cli.add_option("--window", settings.window, "how a minute is measured: sliding (default) or fixed")
      ->transform(CLI::Transformer(windows{{"sliding", window_kind::sliding}, {"fixed", window_kind::fixed}}));
  cli.add_option("--charge", settings.charge,
                 "what uses up the quota: passed (default, every call that the quota lets pass), all, images")
      ->transform(CLI::Transformer(
          rules{{"passed", charge_rule::passed}, {"all", charge_rule::all}, {"images", charge_rule::images}}));
  cli.add_option("--bad-body-code", settings.bad_body_code, "error for a body that is no JSON: 47001 or 40169")
      ->check(CLI::IsMember({47001, 40169}))
      ->capture_default_str();
  cli.add_option("--bad-width-code", settings.bad_width_code,
                 "error for a width outside 280..1280; 0: the nearest end is taken")
      ->check(CLI::IsMember({0, 40097}))
      ->capture_default_str();
  cli.add_option("--bad-secret-code", settings.bad_secret_code, "error for a wrong secret: 40125 or 40001")
      ->check(CLI::IsMember({40125, 40001}))
      ->capture_default_str();
  cli.add_option("--forced-code", settings.tokens.forced_over_code,
                 "error for a forced refresh beyond the rules; 0: the current token is given")
      ->check(CLI::IsMember({0, 45009, 45011}))
      ->capture_default_str();
}

/// A short life has a shorter overlap, so that a token of a few seconds is not replaced at every call.
int64_t overlap_for(int64_t life_s) {
  return std::min<int64_t>(300, life_s / 4);
}

} // namespace

parsed_command_line parse_command_line(int argc, const char* const* argv) {
  command_line out;
  auto& settings = out.settings;
  CLI::App cli{"A simulated api.weixin.qq.com: tokens, mini-program codes, quota, faults", "wechat-sim"};
  auto check = [&out](const char* name, auto reader) {
    return [&out, name, reader](const std::string& text) {
      if (auto wrong = reader(text, out); !wrong.empty()) throw CLI::ValidationError(name, wrong);
    };
  };
  auto for_each = [&check](const char* name, auto reader) {
    return [one = check(name, reader)](const std::vector<std::string>& texts) {
      for (const auto& text : texts) one(text);
    };
  };
  CLI::Range any_count{0, 1'000'000'000};
  cli.add_option_function<std::vector<std::string>>(
         "--listen", for_each("--listen", read_listen),
         "HOST:PORT; port 0 lets the kernel choose; may be given several times, and all count against one quota")
      ->allow_extra_args(false)
      ->required();
  cli.add_option_function<std::string>("--control", check("--control", read_control),
                                       "HOST:PORT for the control calls alone, which no fault touches");
  cli.add_option_function<std::vector<std::string>>("--app", for_each("--app", read_app),
                                                    "APPID:SECRET of a mini-program; may be given several times")
      ->allow_extra_args(false)
      ->required();
  cli.add_option("--limit", settings.limit_per_minute, "calls of getwxacodeunlimit a minute (sliding)")
      ->check(any_count)
      ->capture_default_str();
  cli.add_option("--daily", settings.limit_per_day, "the same a day (UTC+8); 0: no limit")
      ->check(any_count)
      ->capture_default_str();
  cli.add_option("--limit-code", settings.limit_code, "error above the limit of a minute")
      ->check(CLI::IsMember({45009, 45011}))
      ->capture_default_str();
  add_open_points(cli, settings);
  cli.add_option_function<std::string>("--latency", check("--latency", read_latency),
                                       "MS or MIN:MAX before each answer");
  cli.add_option("--pages", settings.pages, "released pages, separated by commas; default: every page")->delimiter(',');
  cli.add_option("--allow-ip", settings.allowed_ips, "addresses that may call, separated by commas; others get 40164")
      ->delimiter(',');
  cli.add_option("--token-life", settings.tokens.life_s, "life of an access token in seconds")
      ->check(CLI::Range(1, 86400))
      ->capture_default_str();
  int64_t overlap_s = -1;
  cli.add_option("--token-overlap", overlap_s,
                 "seconds a replaced token still works; default: 300, or a quarter of "
                 "the life if that is less")
      ->check(CLI::Range(0, 86400));
  cli.add_option("--token-daily", settings.token_calls_per_day, "calls of /cgi-bin/token a day")
      ->check(any_count)
      ->capture_default_str();
  cli.add_option("--quality", settings.jpeg_quality, "quality of the JPEGs, 1 to 100")
      ->check(CLI::Range(1, 100))
      ->capture_default_str();
  cli.add_option("--seed", settings.seed, "seed of tokens, latencies and faults")->capture_default_str();
  cli.add_option_function<std::vector<std::string>>(
         "--fault", for_each("--fault", read_fault),
         "a fault as JSON, as POST /sim/faults takes it; may be given several "
         "times")
      ->allow_extra_args(false);
  cli.add_option("--scenario", out.scenario_file, "a YAML file of faults and their times; README.md describes it");
  cli.add_flag("--exit-with-parent", out.exit_with_parent, "end when the process that started this one ends");
  try {
    cli.parse(argc, argv);
  } catch (const CLI::ParseError& e) {
    return {std::nullopt, cli.exit(e)};
  }
  settings.tokens.overlap_s = overlap_s >= 0 ? overlap_s : overlap_for(settings.tokens.life_s);
  return {std::move(out), 0};
}

} // namespace qrwell::sim
