#pragma once

#include <string>
#include <string_view>

#include <boost/json.hpp>

#include "tools/wechat-sim/sim_core.hpp"

namespace qrwell::sim::testing {

constexpr int64_t second_us = 1'000'000;

inline sim_settings settings_of_two_apps() {
  sim_settings settings;
  settings.apps = {{"wxone", "secret1"}, {"wxtwo", "secret2"}};
  return settings;
}

/// A simulator whose clock the test moves.
struct sim_fixture {
  explicit sim_fixture(sim_settings settings = settings_of_two_apps())
      : core{std::move(settings)} {}

  sim_core core;
  /// Who calls, and whom.
  std::string client_ip = "127.0.0.1";
  std::string host = "api.weixin.qq.com";
  std::string listener = "127.0.0.1:9000";
  int64_t now_us = 1'790'000'000 * second_us;

  void pass_s(int64_t seconds) { now_us += seconds * second_us; }

  sim_answer get(std::string_view target) { return send("GET", target, {}); }
  sim_answer post(std::string_view target, std::string_view body) { return send("POST", target, body); }

  sim_answer send(std::string_view method, std::string_view target, std::string_view body) {
    auto path = target.substr(0, target.find('?'));
    auto query = path.size() == target.size() ? std::string_view{} : target.substr(path.size() + 1);
    return core.handle({method, path, query, body, client_ip, host, listener}, now_us);
  }

  boost::json::value json(const sim_answer& answer) { return boost::json::parse(*answer.body); }

  boost::json::value ordinary() {
    return json(get("/cgi-bin/token?grant_type=client_credential&appid=wxone&secret=secret1"));
  }
  boost::json::value stable(bool force = false) {
    std::string body = R"({"grant_type":"client_credential","appid":"wxone","secret":"secret1","force_refresh":)";
    return json(post("/cgi-bin/stable_token", body + (force ? "true}" : "false}")));
  }
  std::string token() { return text(stable(), "access_token"); }

  sim_answer code(const std::string& access_token, std::string_view body) {
    return post("/wxa/getwxacodeunlimit?access_token=" + access_token, body);
  }
  /// The error code of a call with this token, 0 for an image.
  int64_t outcome(const std::string& access_token, std::string_view body = R"({"scene":"a1"})") {
    return errcode(code(access_token, body));
  }
  static int64_t errcode(const sim_answer& answer) {
    if (!answer.body->starts_with("{")) return 0;
    return boost::json::parse(*answer.body).at("errcode").as_int64();
  }

  boost::json::value state() { return json(get("/sim/state")); }
  boost::json::value state_of(std::size_t app) { return state().at("apps").at(app); }
  unsigned set_fault(std::string_view fault) { return post("/sim/faults", fault).status; }

  static std::string text(const boost::json::value& from, std::string_view name) {
    return std::string{from.at(name).as_string()};
  }
};

} // namespace qrwell::sim::testing
