#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include <boost/json.hpp>

namespace qrwell::sim {

enum class fault_kind {
  error,            // `code` as an error answer
  error_as_text,    // the same, labelled text/plain
  json_as_image,    // the same, labelled image/jpeg
  http_status,      // HTTP status `code` with an HTML body
  gateway_html,     // an HTML page of a gateway with HTTP status `code`, 200 too
  delay,            // `ms` before the first byte
  reset_on_accept,  // the connection is reset before anything is read
  reset,            // the connection is reset instead of an answer
  reset_mid_head,   // reset after half of the headers
  reset_mid_body,   // reset after half of the body
  truncated,        // closed after half of the body
  short_body,       // half of the body, with a Content-Length that fits
  black_hole,       // no answer ever
  slow_body,        // the body takes `ms`
  empty_body,       // Content-Length: 0
  image_as_json,    // a good image labelled application/json
  garbage,          // random bytes labelled as an image
  corrupt,          // the magic number of an image, then random bytes
  wrong_size,       // a good image of another width
  same_bytes,       // the same image for every scene
  refuse_ampersand, // 40129 for a scene with '&'
  steal_token,      // somebody else fetches tokens, just before this call
  expire_token,     // all tokens end just before this call
};

/// Where a fault can strike: a call of getwxacodeunlimit, a call for a token, a new connection.
enum class fault_point { code, token, accept };

/// What a fault may be meant for.
struct fault_target {
  fault_point on = fault_point::code;
  std::string_view app;
  /// The Host header, and the HOST:PORT that was connected to.
  std::string_view host;
  std::string_view listener;
};

struct fault {
  fault_kind kind = fault_kind::error;
  double rate = 1;
  /// Hits left; 0: for ever.
  uint64_t count = 0;
  /// Error code or HTTP status.
  int code = -1;
  int64_t ms = 5000;
  fault_point on = fault_point::code;
  /// Only this app; empty: all.
  std::string app;
  /// Only this Host header (its port may be left out), or only this listener; empty: all.
  std::string host;
  /// Given by the plan, never 0 there.
  uint64_t id = 0;
};

/// The faults in force. The first one in the order of arrival whose dice fall so strikes a call; the others wait.
class fault_plan {
public:
  static constexpr std::size_t faults_max = 64;

  explicit fault_plan(uint64_t seed)
      : random_(seed) {}

  /// Reads a fault from JSON, or says what is wrong with it.
  static std::variant<fault, std::string> parse(const boost::json::object& fields);
  static std::variant<fault, std::string> parse_text(std::string_view text);

  /// The fault's id; 0 if there are too many already.
  uint64_t add(fault f);
  /// Does nothing if it is gone.
  void remove(uint64_t id);
  void clear();
  std::optional<fault> strike(const fault_target& target);

  boost::json::array list() const;
  /// How often each kind has struck since the start or the last `forget`.
  boost::json::object hits() const;
  void forget_hits() { hits_.clear(); }

private:
  std::mt19937_64 random_;
  std::vector<fault> faults_;
  uint64_t last_id_ = 0;
  std::map<fault_kind, uint64_t> hits_;
};

std::string_view name_of(fault_kind kind);

} // namespace qrwell::sim
