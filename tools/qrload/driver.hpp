#pragma once

#include "tools/qrload/response_reader.hpp"
#include "tools/qrload/tally.hpp"
#include "tools/qrload/workload.hpp"

#include <csignal>
#include <deque>

namespace qrwell::load {

/// How much to send, and how fast.
struct plan {
  double rate_per_s = 0; ///< 0: closed loop
  double duration_s = 10;
  uint64_t count = 0; ///< 0: no limit
  uint32_t timeout_for_ms = 10'000;
};

/// Sends requests over many connections from one thread (epoll), one at a time on each, and counts what comes back.
/// A request's time begins when it was due by the timetable, also if no connection was free then.
class driver {
public:
  /// `saved` is a descriptor for "ID PATH" lines, or -1.
  driver(target to, uint32_t connections, workload& work, int saved);
  ~driver();
  driver(const driver&) = delete;
  driver& operator=(const driver&) = delete;

  /// Runs a plan to its end: the time or the count is over, and the last answers came or were given up. `stop` ends it
  /// early.
  tally run(const plan& what, const volatile std::sig_atomic_t& stop);

private:
  enum class state : uint8_t { closed, connecting, idle, busy };

  struct connection {
    int fd = -1;
    driver::state state = driver::state::closed;
    uint64_t serial = 0; ///< of the order it works on
    order work;
    uint64_t due_ns = 0;
    size_t written = 0;
    response_reader in;
    uint64_t retry_at_ns = 0; ///< closed: not before this
  };

  struct deadline {
    uint32_t index;
    uint64_t serial, at_ns;
  };

  void open(uint32_t index);
  void opened(uint32_t index);
  void close(uint32_t index);
  void fail_work(uint32_t index, std::string_view word);
  void send(uint32_t index, uint64_t due_ns);
  void write(uint32_t index);
  void receive(uint32_t index);
  void answered(uint32_t index);
  void on_event(uint32_t index, uint32_t events);
  void watch(uint32_t index, bool for_writing, bool is_new);

  void open_some();
  void send_what_is_due();
  void give_up_late();
  void wait();
  bool finished() const;
  uint64_t due_at(uint64_t number) const;
  void count_unsent();

  target to_;
  workload& work_;
  int saved_;
  int poll_ = -1;
  std::vector<connection> connections_;
  std::vector<uint32_t> idle_;
  std::deque<deadline> deadlines_;
  std::deque<uint32_t> unopened_;
  uint32_t connecting_ = 0;
  uint64_t serial_ = 0;

  plan plan_;
  tally tally_;
  uint64_t now_ns_ = 0, begin_ns_ = 0, end_ns_ = 0, last_answer_ns_ = 0;
  uint64_t sent_ = 0;
  uint32_t in_flight_ = 0;
};

} // namespace qrwell::load
