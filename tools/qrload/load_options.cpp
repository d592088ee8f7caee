#include "tools/qrload/load_options.hpp"

#include <CLI/CLI.hpp>
#include <boost/url.hpp>

#include <cstdlib>
#include <fstream>
#include <netdb.h>

namespace qrwell::load {
namespace {

constexpr auto description =
    "Loads a qrwell node and measures how it answers.\n"
    "With --rate the requests go out on a fixed timetable, and each one's time counts from the instant at which it "
    "was\n"
    "due, whether or not a connection was free: a server that stalls cannot hide it. Without --rate every connection\n"
    "sends its next request as soon as the last one was answered, which finds the highest rate but flatters the times.";

std::string first_line(const std::string& path) {
  std::ifstream file(path);
  std::string line;
  std::getline(file, line);
  return line;
}

bool is_loopback(const sockaddr_storage& address) {
  if (address.ss_family == AF_INET) {
    sockaddr_in v4;
    std::memcpy(&v4, &address, sizeof(v4));
    return (ntohl(v4.sin_addr.s_addr) >> 24) == 127;
  }
  sockaddr_in6 v6;
  std::memcpy(&v6, &address, sizeof(v6));
  return IN6_IS_ADDR_LOOPBACK(&v6.sin6_addr);
}

} // namespace

std::optional<double> read_rate(const std::string& text) {
  char* end = nullptr;
  auto number = std::strtod(text.c_str(), &end);
  auto unit = std::string_view(end);
  if (unit == "/min")
    number /= 60;
  else if (!unit.empty() && unit != "/s")
    return std::nullopt;
  if (end == text.c_str() || !(number > 0) || number > 1e7) return std::nullopt;
  return number;
}

std::optional<target> find_target(const std::string& url, std::string& problem) {
  auto parsed = boost::urls::parse_uri(url);
  if (!parsed || parsed->scheme() != "http" || parsed->encoded_path().size() > 1 || parsed->has_query()) {
    problem = fmt::format("--url {}: not http://HOST:PORT", url);
    return std::nullopt;
  }
  auto host = std::string(parsed->host_address());
  auto port = parsed->has_port() ? std::string(parsed->port()) : "80";
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (auto err = ::getaddrinfo(host.c_str(), port.c_str(), &hints, &found); err != 0) {
    problem = fmt::format("--url {}: {}", url, ::gai_strerror(err));
    return std::nullopt;
  }
  target out;
  std::memcpy(&out.address, found->ai_addr, found->ai_addrlen);
  out.address_size = found->ai_addrlen;
  ::freeaddrinfo(found);
  out.authority = std::string(parsed->encoded_host_and_port());
  out.loopback = is_loopback(out.address);
  return out;
}

parsed_options parse_options(int argc, char** argv) {
  load_options o;
  std::string rate, key, key_file;
  bool closed = false;
  CLI::App app{description, "qrload"};
  app.add_option("--url", o.url, "the node, as in http://127.0.0.1:8080")->required();
  app.add_option("--key", key, "API key with the scope issue; others on this machine can see it here");
  app.add_option("--key-file", key_file, "a file whose first line is the API key")->check(CLI::ExistingFile);
  std::map<std::string, mix> mixes{{"issue", mix::issue}, {"scan", mix::scan}, {"mix", mix::both}};
  app.add_option("--mix", o.mix, "issue, scan or mix")->transform(CLI::CheckedTransformer(mixes));
  app.add_option("--scan-share", o.scan_share, "part of a mix that is scans")->check(CLI::Range(0.0, 1.0));
  auto* rate_option = app.add_option("--rate", rate, "requests per second: open loop");
  app.add_flag("--closed", closed, "closed loop (the default without --rate)")->excludes(rate_option);
  app.add_option("--connections", o.connections, "open connections")->check(CLI::Range(1, 20'000));
  app.add_option("--duration", o.duration_s, "seconds, 3600 at most")->check(CLI::Range(0.1, 3'600.0));
  app.add_option("--count", o.count, "end after this many requests")
      ->check(CLI::Range(uint64_t{1}, uint64_t{1'000'000'000}));
  app.add_option("--timeout-ms", o.timeout_for_ms, "give an answer up after this time")->check(CLI::Range(1, 120'000));
  app.add_option("--ids", o.ids_file, "lines \"ID PATH\" of codes to scan; without, those issued here")
      ->check(CLI::ExistingFile);
  app.add_option("--prefill", o.prefill, "codes to issue before scans are measured, without --ids")
      ->check(CLI::Range(1, 1'000'000));
  app.add_option("--save-ids", o.save_ids, "append \"ID PATH\" of every 201 to this file, before it counts");
  app.add_option("--idempotency", o.idempotency, "part of issue requests with an Idempotency-Key")
      ->check(CLI::Range(0.0, 1.0));
  app.add_option("--pool", o.pool, "the pool to issue from");
  app.add_flag("--json", o.json, "print one JSON object");
  app.add_flag("--i-own-this-host", o.any_host, "allow a target that is not this machine");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& e) {
    auto code = app.exit(e);
    return {std::nullopt, code == 0 ? 0 : 2};
  }
  auto wrong = [](std::string_view sentence) {
    fmt::print(stderr, "qrload: {}\n", sentence);
    return parsed_options{std::nullopt, 2};
  };
  if (!rate.empty()) {
    auto per_s = read_rate(rate);
    if (!per_s) return wrong(fmt::format("--rate {}: allowed: a number above 0, perhaps with /s or /min", rate));
    o.rate_per_s = *per_s;
  }
  if (!key_file.empty()) key = first_line(key_file);
  o.key = secret(key);
  auto is_name_char = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_'; };
  if (!std::all_of(o.pool.begin(), o.pool.end(), is_name_char)) return wrong("--pool is no pool's name");
  auto issues = o.mix != mix::scan || o.ids_file.empty();
  if (issues && key.empty()) return wrong("issuing needs --key or --key-file");
  if (std::any_of(key.begin(), key.end(), [](char c) { return c <= ' ' || c > '~'; }))
    return wrong("the key has invisible characters");
  return {std::move(o), 0};
}

} // namespace qrwell::load
