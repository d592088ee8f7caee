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
  reset,            // the connection is reset instead of an answer
  reset_mid_body,   // reset after half of the body
  truncated,        // closed after half of the body
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

struct fault {
  fault_kind kind = fault_kind::error;
  double rate = 1;
  /// Hits left; 0: for ever.
  uint64_t count = 0;
  /// Error code or HTTP status.
  int code = -1;
  int64_t ms = 5000;
  /// True: strikes the token calls instead of getwxacodeunlimit.
  bool on_token = false;
  /// Only this app; empty: all.
  std::string app;
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

  /// False if there are too many already.
  bool add(fault f);
  void clear();
  std::optional<fault> strike(bool on_token, std::string_view appid);

  boost::json::array list() const;
  /// How often each kind has struck since the start or the last `forget`.
  boost::json::object hits() const;
  void forget_hits() { hits_.clear(); }

private:
  std::mt19937_64 random_;
  std::vector<fault> faults_;
  std::map<fault_kind, uint64_t> hits_;
};

std::string_view name_of(fault_kind kind);

} // namespace qrwell::sim
