#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace qrwell::load {

/// Reads HTTP/1.1 answers with a Content-Length, one after the other, from whatever pieces the socket gives. It knows
/// what this project's server and a plain web server send; chunked answers are `bad`.
class response_reader {
public:
  enum class state : uint8_t { more, done, bad };

  static constexpr size_t head_bytes_max = 64 << 10, body_bytes_max = 8 << 20;

  /// Takes a piece. After `done` the answer can be read until `next()`.
  state feed(std::string_view piece);

  int status() const noexcept { return status_; }
  std::string_view body() const noexcept { return std::string_view(buffer_).substr(head_bytes_, body_bytes_); }
  bool keep_alive() const noexcept { return keep_alive_; }

  /// Forgets the answer; true if bytes of another one are there already, which nobody asked for.
  bool next();

private:
  state read();
  bool read_head();

  std::string buffer_;
  size_t head_bytes_ = 0, body_bytes_ = 0, searched_ = 0;
  int status_ = 0;
  bool keep_alive_ = true;
};

} // namespace qrwell::load
