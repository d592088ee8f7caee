#pragma once

#include "actors/http_frontend/connection_table.hpp"

#include <boost/test/unit_test.hpp>

#include <map>

namespace qrwell::test {

using http::request_class;

// A peer that takes `window` bytes and then nothing until it is told to.
struct fake_port : connection_port {
  std::vector<char> buffer;
  std::string taken;
  size_t window = SIZE_MAX;
  bool reads = true, finished = false, is_closed = false, aborted = false, unread = false;

  std::vector<char>& out() override { return buffer; }
  size_t unsent() const override { return buffer.size(); }
  bool has_unread() const override { return unread; }
  void flush() override {
    auto n = std::min(window, buffer.size());
    taken.append(buffer.data(), n);
    buffer.erase(buffer.begin(), buffer.begin() + static_cast<ptrdiff_t>(n));
    if (window != SIZE_MAX) window -= n;
  }
  void reading(bool on) override { reads = on; }
  void finish() override {
    BOOST_TEST(buffer.empty());
    finished = true;
  }
  void close() override { is_closed = true; }
  void abort() override { is_closed = aborted = true; }
};

/// A table without sockets, with three places.
struct table_fixture {
  http_limits limits = make_limits();
  http_counters n;
  int64_t now = 1'000'000, wall = 1'800'000'000'000;
  std::map<int, fake_port> ports;
  std::unique_ptr<connection_table> table;

  static http_limits make_limits() {
    http_limits l;
    l.pipelined_max = 4;
    l.unsent_bytes_max = 1'000;
    l.header_bytes_max = 1'024;
    l.connections_max = 3;
    return l;
  }

  table_fixture() { make(); }
  void make(http::listener_kind kind = http::listener_kind::open) {
    table = std::make_unique<connection_table>(kind, limits, "abcde", n);
  }

  fake_port& open(int fd = 5) {
    auto& port = ports[fd] = {};
    table->opened(fd, &port, "1.2.3.4", now);
    return port;
  }
  void say(std::string_view text, int fd = 5) { table->received(fd, text, now, wall); }

  std::vector<http_request> given(request_class cls = request_class::scan) {
    return std::move(kept[static_cast<size_t>(cls)] = table->take_batches()[static_cast<size_t>(cls)].requests);
  }
  std::map<size_t, std::vector<http_request>> kept;

  void answer(const http_place& at, std::string_view body, bool close = false) {
    http::answer_writer w;
    w.add(at, 200, "text/plain", body, "", {{"Connection", close ? "close" : ""}});
    table->answer(w.take(), now, wall);
  }
  void later(int64_t ms) {
    for (; ms > 0; ms -= 1'000) {
      now += std::min<int64_t>(ms, 1'000);
      table->tick(now, wall);
    }
  }
  uint64_t in_flight(request_class cls = request_class::scan) { return n.in_flight[static_cast<size_t>(cls)].load(); }
};

inline std::string scan(std::string_view id, std::string_view fields = "") {
  return "GET /v1/scenes/" + std::string(id) + " HTTP/1.1\r\nHost: a\r\n" + std::string(fields) + "\r\n";
}

// The bodies of what a peer took, in order.
inline std::vector<std::string> bodies(std::string_view text) {
  std::vector<std::string> out;
  while (!text.empty()) {
    auto head = text.find("\r\n\r\n"), length = text.find("Content-Length: ");
    if (head == text.npos) break;
    auto n = length < head ? std::stoul(std::string(text.substr(length + 16, 10))) : 0;
    out.emplace_back(text.substr(head + 4, n));
    text.remove_prefix(std::min(text.size(), head + 4 + n));
  }
  return out;
}

inline bool has(std::string_view in, std::string_view part) {
  return in.find(part) != in.npos;
}

inline const std::string date = "Date: Fri, 15 Jan 2027 08:00:00 GMT\r\n"; // of table_fixture::wall

using list = std::vector<std::string>;

} // namespace qrwell::test
