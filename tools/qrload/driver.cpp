#include "tools/qrload/driver.hpp"

#include <cmath>
#include <csignal>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

namespace qrwell::load {
namespace {

constexpr uint32_t connecting_max = 256; // stays below the usual backlog of a listener
constexpr uint64_t retry_after_ns = 50'000'000, wait_max_ns = 50'000'000;
constexpr int events_max = 512;

uint64_t steady_ns() {
  return static_cast<uint64_t>(std::chrono::steady_clock::now().time_since_epoch().count());
}

double processor_s() {
  rusage used{};
  ::getrusage(RUSAGE_SELF, &used);
  auto seconds = [](const timeval& t) { return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6; };
  return seconds(used.ru_utime) + seconds(used.ru_stime);
}

} // namespace

driver::driver(target to, uint32_t connections, workload& work, int saved)
    : to_(std::move(to))
    , work_(work)
    , saved_(saved)
    , poll_(::epoll_create1(EPOLL_CLOEXEC))
    , connections_(connections) {
  for (uint32_t i = 0; i < connections; ++i) unopened_.push_back(i);
}

driver::~driver() {
  for (auto& c : connections_)
    if (c.fd >= 0) ::close(c.fd);
  if (poll_ >= 0) ::close(poll_);
}

// -- connections

void driver::watch(uint32_t index, bool for_writing, bool is_new) {
  epoll_event event{};
  event.events = EPOLLIN | EPOLLRDHUP | (for_writing ? EPOLLOUT : 0u);
  event.data.u32 = index;
  ::epoll_ctl(poll_, is_new ? EPOLL_CTL_ADD : EPOLL_CTL_MOD, connections_[index].fd, &event);
}

void driver::open(uint32_t index) {
  auto& c = connections_[index];
  c.fd = ::socket(to_.address.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (c.fd < 0) return close(index);
  int on = 1;
  ::setsockopt(c.fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
  c.in = response_reader();
  auto* address = static_cast<const sockaddr*>(static_cast<const void*>(&to_.address));
  if (::connect(c.fd, address, to_.address_size) == 0) {
    c.state = state::idle;
    watch(index, false, true);
    idle_.push_back(index);
  } else if (errno == EINPROGRESS) {
    c.state = state::connecting;
    ++connecting_;
    watch(index, true, true);
  } else {
    close(index);
  }
}

void driver::opened(uint32_t index) {
  auto& c = connections_[index];
  int err = 0;
  socklen_t size = sizeof(err);
  ::getsockopt(c.fd, SOL_SOCKET, SO_ERROR, &err, &size);
  if (err != 0) return close(index);
  --connecting_;
  c.state = state::idle;
  watch(index, false, false);
  idle_.push_back(index);
}

void driver::close(uint32_t index) {
  auto& c = connections_[index];
  auto failed = c.state == state::connecting || c.state == state::closed;
  if (c.state == state::connecting) --connecting_;
  if (c.state == state::idle) std::erase(idle_, index);
  if (c.fd >= 0) ::close(std::exchange(c.fd, -1));
  c.state = state::closed;
  // A server may end a connection after so many requests: then at once again. One that is away gets a pause.
  c.retry_at_ns = failed ? now_ns_ + retry_after_ns : 0;
  if (failed)
    unopened_.push_back(index);
  else
    unopened_.push_front(index);
  ++tally_.reconnects;
}

void driver::open_some() {
  while (!unopened_.empty() && connecting_ < connecting_max) {
    auto index = unopened_.front();
    if (connections_[index].retry_at_ns > now_ns_) return;
    unopened_.pop_front();
    open(index);
  }
}

// -- requests

uint64_t driver::due_at(uint64_t number) const {
  if (plan_.rate_per_s <= 0) return now_ns_;
  return begin_ns_ + static_cast<uint64_t>(std::llround(static_cast<double>(number) * 1e9 / plan_.rate_per_s));
}

void driver::send_what_is_due() {
  while (!idle_.empty() && (plan_.count == 0 || sent_ < plan_.count)) {
    auto due = due_at(sent_);
    if (due > now_ns_ || due >= end_ns_) return;
    auto index = idle_.back();
    idle_.pop_back();
    send(index, due);
  }
}

void driver::send(uint32_t index, uint64_t due_ns) {
  auto& c = connections_[index];
  c.work = work_.next();
  c.due_ns = due_ns;
  c.written = 0;
  c.serial = ++serial_;
  c.state = state::busy;
  ++sent_;
  ++in_flight_;
  ++tally_.of(c.work.kind).sent;
  deadlines_.push_back({index, c.serial, now_ns_ + plan_.timeout_for_ms * 1'000'000ull});
  write(index);
}

void driver::write(uint32_t index) {
  auto& c = connections_[index];
  auto had_rest = c.written > 0;
  while (c.written < c.work.bytes.size()) {
    auto n = ::send(c.fd, c.work.bytes.data() + c.written, c.work.bytes.size() - c.written, MSG_NOSIGNAL);
    if (n > 0) {
      c.written += static_cast<size_t>(n);
    } else if (errno == EAGAIN) {
      return watch(index, true, false);
    } else if (errno != EINTR) {
      return fail_work(index, "closed");
    }
  }
  if (had_rest) watch(index, false, false);
}

void driver::fail_work(uint32_t index, std::string_view word) {
  auto& c = connections_[index];
  auto& k = tally_.of(c.work.kind);
  ++k.errors[std::string(word)];
  k.times.add(now_ns_ - c.due_ns);
  --in_flight_;
  c.serial = 0;
  last_answer_ns_ = now_ns_;
  close(index);
}

void driver::receive(uint32_t index) {
  auto& c = connections_[index];
  char piece[16 << 10];
  for (;;) {
    auto n = ::recv(c.fd, piece, sizeof(piece), 0);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0 && errno == EAGAIN) return;
    if (c.state != state::busy) return close(index); // nobody asked: the server ended an idle connection
    if (n <= 0) return fail_work(index, "closed");
    switch (c.in.feed({piece, static_cast<size_t>(n)})) {
    case response_reader::state::bad:
      return fail_work(index, "not_http");
    case response_reader::state::done:
      return answered(index);
    case response_reader::state::more:
      break;
    }
    if (static_cast<size_t>(n) < sizeof(piece)) return;
  }
}

void driver::answered(uint32_t index) {
  auto& c = connections_[index];
  auto& k = tally_.of(c.work.kind);
  ++k.by_status[c.in.status()];
  known_code learned;
  auto wrong = work_.judge(c.work, c.in.status(), c.in.body(), learned);
  if (!learned.id.empty()) {
    if (saved_ >= 0) {
      // In the kernel before it counts: whoever kills the server next may rely on this line.
      auto line = learned.id + ' ' + learned.path + '\n';
      if (::write(saved_, line.data(), line.size()) != static_cast<ssize_t>(line.size())) wrong = "not_saved";
    }
    work_.remember(std::move(learned));
  }
  if (wrong.empty()) {
    ++k.ok;
    k.times.add(now_ns_ - c.due_ns);
  } else {
    auto it = k.errors.find(wrong);
    if (it == k.errors.end()) it = k.errors.emplace(std::string(wrong), 0).first;
    ++it->second;
  }
  --in_flight_;
  c.serial = 0;
  last_answer_ns_ = now_ns_;
  auto reusable = c.in.keep_alive();
  if (c.in.next() || !reusable) return close(index);
  c.state = state::idle;
  idle_.push_back(index);
}

void driver::on_event(uint32_t index, uint32_t events) {
  auto& c = connections_[index];
  if (c.state == state::connecting) return opened(index);
  if (c.fd < 0) return;
  if ((events & EPOLLOUT) != 0 && c.state == state::busy) write(index);
  if (c.fd >= 0 && (events & ~static_cast<uint32_t>(EPOLLOUT)) != 0) receive(index);
}

void driver::give_up_late() {
  while (!deadlines_.empty()) {
    auto& first = deadlines_.front();
    auto waiting = connections_[first.index].serial == first.serial;
    if (waiting && first.at_ns > now_ns_) return;
    if (waiting) fail_work(first.index, "timeout");
    deadlines_.pop_front();
  }
}

// -- the loop

bool driver::finished() const {
  if (in_flight_ > 0) return false;
  if (plan_.count > 0 && sent_ >= plan_.count) return true;
  if (plan_.rate_per_s <= 0) return now_ns_ >= end_ns_;
  return due_at(sent_) >= end_ns_ || now_ns_ >= end_ns_ + plan_.timeout_for_ms * 1'000'000ull;
}

void driver::wait() {
  auto sleep_ns = wait_max_ns;
  if (!idle_.empty() && now_ns_ < end_ns_ && plan_.rate_per_s > 0) {
    auto due = due_at(sent_);
    sleep_ns = due <= now_ns_ ? 0 : std::min(sleep_ns, due - now_ns_);
  }
  epoll_event events[events_max];
  timespec limit{0, static_cast<long>(sleep_ns)};
  auto n = ::epoll_pwait2(poll_, events, events_max, &limit, nullptr);
  if (n < 0 && errno == ENOSYS) // kernels before 5.11 wait in whole milliseconds
    n = ::epoll_wait(poll_, events, events_max, static_cast<int>(sleep_ns / 1'000'000));
  now_ns_ = steady_ns();
  for (int i = 0; i < n; ++i) on_event(events[i].data.u32, events[i].events);
}

// What was due and never got a connection waited at least until now: left out, it would make a stall look short.
void driver::count_unsent() {
  if (plan_.rate_per_s <= 0) return;
  for (auto number = sent_; (plan_.count == 0 || number < plan_.count); ++number) {
    auto due = due_at(number);
    if (due >= end_ns_ || due > now_ns_) return;
    ++tally_.unsent;
    tally_.of(kind::issue).times.add(now_ns_ - due);
  }
}

tally driver::run(const plan& what, const volatile std::sig_atomic_t& stop) {
  plan_ = what;
  tally_ = tally();
  sent_ = 0;
  now_ns_ = steady_ns();
  // Connections first, so that the timetable does not begin with their handshakes; whoever cannot connect in a second
  // begins without.
  for (auto limit = now_ns_ + 1'000'000'000; idle_.size() < connections_.size() && now_ns_ < limit && stop == 0;) {
    end_ns_ = 0;
    open_some();
    wait();
  }
  tally_.reconnects = 0;
  auto busy_before = processor_s();
  begin_ns_ = last_answer_ns_ = now_ns_ = steady_ns();
  end_ns_ = begin_ns_ + static_cast<uint64_t>(what.duration_s * 1e9);
  while (!finished() && stop == 0) {
    open_some();
    give_up_late();
    // What was due before the end is still sent, but not for longer than one time-out; then one more for the answers.
    auto grace_ns = plan_.timeout_for_ms * 1'000'000ull;
    if (now_ns_ < end_ns_ + (plan_.rate_per_s > 0 ? grace_ns : 0)) send_what_is_due();
    wait();
    if (now_ns_ >= end_ns_ + 2 * grace_ns) break;
  }
  if (stop == 0) count_unsent();
  tally_.elapsed_s = static_cast<double>(std::max(last_answer_ns_, std::min(now_ns_, end_ns_)) - begin_ns_) / 1e9;
  tally_.busy_s = processor_s() - busy_before;
  tally_.connections = static_cast<uint32_t>(connections_.size());
  tally_.rate_per_s = what.rate_per_s;
  return tally_;
}

} // namespace qrwell::load
