#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

#include <boost/json.hpp>

namespace qrwell::sim {

/// A scan to be played: what was scanned, which server the middle page asks, how long things take on the phone.
struct launch_plan {
  /// The id of a mini-program code, or the link of a link code; one of them.
  std::string scene;
  std::string link;
  /// `http://HOST:PORT`, and a path in front of /v1 if there is one.
  std::string host;
  std::string port;
  std::string base_path;
  std::string appid = "wx0123456789abcdef";
  std::string page = "pages/qr/index";
  /// What the mini-program gave to wx.setBackgroundFetchToken; empty: WeChat sends a login code instead.
  std::string token = "qrwell";
  int launch = 1047;
  /// How long the package takes to load, and a round trip from the phone.
  int64_t package_ms = 600;
  int64_t network_ms = 60;
  /// How long the page waits for a pre-fetch that is under way before it asks for itself.
  int64_t wait_ms = 300;
  /// Which of the two ways to play.
  bool with_prefetch = true;
  bool without_prefetch = true;
};

/// Reads `{"scene" or "link", "server", ...}`, or says what is wrong with it.
std::variant<launch_plan, std::string> read_launch(const boost::json::object& fields);

/// What WeChat asks while the package loads, and what the page asks: targets below the server's host.
/// `unix_ms`: WeChat's timestamp.
std::string prefetch_target(const launch_plan& plan, int64_t unix_ms);
std::string page_target(const launch_plan& plan);

/// What a page makes of an answer.
struct launch_outcome {
  /// go, unknown, revoked, expired, or away, as the middle page kit has them.
  std::string kind;
  /// For `go` the page to open, otherwise why not.
  std::string detail;
};

/// The answer to the page's own request.
launch_outcome outcome_of_request(unsigned status, std::string_view body);
/// True if the page may use what the pre-fetch brought: a target, for this very code.
bool fits_launch(const launch_plan& plan, unsigned status, std::string_view body);

} // namespace qrwell::sim
