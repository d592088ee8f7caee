#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace qrwell::http {

/// The Date field of answers (RFC 9110, 6.6.1), written once a second.
class date_line {
public:
  void set(int64_t wall_ms) {
    if (auto second = wall_ms / 1'000; second != second_) write(second);
  }

  /// "Date: Sun, 06 Nov 1994 08:49:37 GMT" and CR LF; empty before the first set().
  std::string_view text() const noexcept { return text_; }

private:
  void write(int64_t second);

  int64_t second_ = -1;
  std::string text_;
};

} // namespace qrwell::http
