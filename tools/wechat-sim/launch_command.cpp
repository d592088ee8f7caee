#include "tools/wechat-sim/launch_command.hpp"

#include <cstdio>
#include <exception>
#include <string>

#include <CLI/CLI.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/json.hpp>
#include <fmt/format.h>

#include "tools/wechat-sim/launch_player.hpp"

namespace qrwell::sim {

namespace json = boost::json;

namespace {

void print_way(const char* name, const json::object& way) {
  const auto* opens = way.if_contains("opens");
  std::string_view detail = opens != nullptr ? opens->get_string() : way.at("why").get_string();
  std::string_view source = way.at("source").get_string();
  const auto& fetch = way.at(source).get_object();
  const auto* took = fetch.if_contains("ms");
  fmt::print("{:<18} {:>8.1f} ms  {} {}  (by the {}{})\n", name, way.at("opened_ms").to_number<double>(),
             opens != nullptr ? "opens" : std::string_view{way.at("outcome").get_string()}, detail,
             source == "prefetch" ? "pre-fetch" : "page's own request",
             took != nullptr ? fmt::format(", which took {:.1f} ms", took->to_number<double>()) : "");
}

bool went(const json::object& result, const char* way) {
  const auto* played = result.if_contains(way);
  return played == nullptr || played->at("outcome") == "go";
}

} // namespace

int run_launch_command(int argc, const char* const* argv) {
  CLI::App cli{"Plays the launch of a mini-program by a scan: package load, data pre-fetch, page", "wechat-sim launch"};
  json::object fields;
  bool as_json = false;
  auto text = [&](const char* option, const char* field, const char* what) {
    return cli.add_option_function<std::string>(
        option, [&fields, field](const std::string& v) { fields[field] = v; }, what);
  };
  auto number = [&](const char* option, const char* field, const char* what) {
    cli.add_option_function<int64_t>(
        option, [&fields, field](int64_t v) { fields[field] = v; }, what);
  };
  text("--server", "server", "where the page asks, http://HOST:PORT")->required();
  text("--scene", "scene", "the id of a mini-program code");
  text("--link", "link", "the link of a link code");
  text("--app", "app", "appid, wx0123456789abcdef if not given");
  text("--page", "page", "the page that the code opens, pages/qr/index if not given");
  text("--token", "token", "what the mini-program gave to wx.setBackgroundFetchToken; empty: a login code is sent");
  text("--prefetch", "prefetch", "both (as if not given), with or without");
  number("--launch", "launch", "WeChat's number for the way in; 1047, or 1011 for a link, if not given");
  number("--package-ms", "package_ms", "how long the package loads, 600 if not given");
  number("--network-ms", "network_ms", "a round trip from the phone, 60 if not given");
  number("--wait-ms", "wait_ms", "how long the page waits for a pre-fetch, 300 if not given");
  cli.add_flag("--json", as_json, "print everything as JSON");
  try {
    cli.parse(argc, argv);
  } catch (const CLI::ParseError& e) {
    return cli.exit(e);
  }
  auto read = read_launch(fields);
  if (auto* wrong = std::get_if<std::string>(&read)) {
    fmt::print(stderr, "wechat-sim launch: {}\n", *wrong);
    return 2;
  }
  json::object result;
  std::exception_ptr failure; // main tells it
  boost::asio::io_context io{1};
  boost::asio::co_spawn(io, play_launch(std::get<launch_plan>(std::move(read))),
                        [&](const std::exception_ptr& thrown, json::object played) {
                          failure = thrown;
                          result = std::move(played);
                          io.stop();
                        });
  io.run();
  if (failure) std::rethrow_exception(failure);
  if (as_json) {
    fmt::print("{}\n", json::serialize(result));
  } else {
    if (const auto* way = result.if_contains("with_prefetch")) print_way("with pre-fetch", way->get_object());
    if (const auto* way = result.if_contains("without_prefetch")) print_way("without pre-fetch", way->get_object());
    if (const auto* saved = result.if_contains("saved_ms"))
      fmt::print("{:<18} {:>8.1f} ms\n", "saved", saved->to_number<double>());
  }
  return went(result, "with_prefetch") && went(result, "without_prefetch") ? 0 : 1;
}

} // namespace qrwell::sim
