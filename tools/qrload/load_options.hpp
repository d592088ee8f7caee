#pragma once

#include "messages/secret.hpp"

#include <netinet/in.h>
#include <optional>
#include <string>

namespace qrwell::load {

enum class mix : uint8_t { issue, scan, both };

/// What the command line says.
struct load_options {
  std::string url;
  secret key;
  load::mix mix = mix::both;
  double scan_share = 0.5; ///< of `both`
  double rate_per_s = 0;   ///< 0: closed loop, every connection sends as soon as it was answered
  uint32_t connections = 64;
  double duration_s = 10;
  uint64_t count = 0; ///< requests; 0: as many as the duration allows
  uint32_t timeout_for_ms = 10'000;
  uint32_t prefill = 1'000; ///< codes issued beforehand when scans are wanted and no ids are given
  double idempotency = 0;   ///< part of the issue requests that carry an Idempotency-Key
  std::string pool, ids_file, save_ids;
  bool json = false, any_host = false;
};

struct parsed_options {
  std::optional<load_options> options; ///< empty: say nothing more and end with `exit_code`
  int exit_code = 0;
};

/// Prints help and mistakes itself.
parsed_options parse_options(int argc, char** argv);

/// "5000", "5000/s" or "300000/min"; nullopt for anything else, and for 0.
std::optional<double> read_rate(const std::string& text);

/// Where to connect to.
struct target {
  sockaddr_storage address{};
  socklen_t address_size = 0;
  std::string authority; ///< for the Host field
  bool loopback = false;
};

/// Finds the address of an http:// URL without a path; `problem` says why not.
std::optional<target> find_target(const std::string& url, std::string& problem);

} // namespace qrwell::load
