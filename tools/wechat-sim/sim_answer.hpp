#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace qrwell::sim {

struct sim_request {
  std::string_view method;
  std::string_view path;
  /// Without the question mark, still percent-encoded.
  std::string_view query;
  std::string_view body;
  /// Of the client; empty in tests that do not care.
  std::string_view client_ip = {};
  /// The Host header, and the HOST:PORT that was connected to.
  std::string_view host = {};
  std::string_view listener = {};
};

/// How an answer ends.
enum class delivery {
  whole,
  truncated,      // half of the body, then closed
  reset,          // nothing, then reset
  reset_mid_head, // half of the headers, then reset
  reset_mid_body, // half of the body, then reset
  silence,        // nothing, and the connection stays open
};

struct sim_answer {
  unsigned status = 200;
  std::string content_type;
  /// Never null.
  std::shared_ptr<const std::string> body = std::make_shared<const std::string>();
  delivery how = delivery::whole;
  /// Time before the first byte, and for the body.
  int64_t delay_ms = 0;
  int64_t body_ms = 0;
};

/// The decoded value of a query parameter; empty if it is not there.
std::string query_value(std::string_view query, std::string_view name);

} // namespace qrwell::sim
