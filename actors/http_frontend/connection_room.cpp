#include "actors/http_frontend/connection_table.hpp"

#include <algorithm>
#include <tuple>

// Who gets a place when connections_max is reached. Nobody waits in the kernel's backlog: the one that has been idle
// longest makes room, as in nginx; if all are at work, the new one is accepted beyond the limit, is answered 503 when
// it asks for something, and goes.

namespace qrwell {
namespace {

// A look at all connections costs some 10 us for each thousand: in a flood of clients not for each of them.
constexpr int64_t look_every_ms = 100;
constexpr size_t freed_at_once = 16; // as many as are accepted at once

} // namespace

// False: there is none.
bool connection_table::make_room(int64_t now_ms) {
  while (open_ - turned_away_ >= limits_.connections_max)
    if (!evict_one(now_ms)) return false;
  return true;
}

bool connection_table::free_descriptors(int64_t now_ms) {
  size_t freed = 0;
  while (freed < freed_at_once && evict_one(now_ms)) ++freed;
  return freed > 0;
}

bool connection_table::evict_one(int64_t now_ms) {
  auto fd = longest_idle(now_ms);
  if (fd < 0) return false;
  http_counters::add(counters_.evicted);
  find(fd)->port->close();
  forget(fd);
  return true;
}

// Between two requests, or answered for the last time, and so long that nothing is on its way any more: a client that
// has just connected is about to speak.
bool connection_table::may_go(const connection& c, int64_t now_ms) const {
  if (c.turned_away || now_ms - c.idle_since_ms < limits_.idle_before_evicted_ms) return false;
  return c.lingering || (c.settled() && !c.last && c.request_since_ms < 0 && c.in.empty() && c.port->unsent() == 0);
}

int connection_table::longest_idle(int64_t now_ms) {
  for (;;) {
    while (!idle_.empty()) {
      auto next = idle_.back();
      idle_.pop_back();
      auto* c = find(next.fd);
      if (c == nullptr || c->serial != next.serial || c->idle_since_ms != next.since_ms || !may_go(*c, now_ms))
        continue;
      // The kernel may hold a request that this round has not come to yet.
      if (!c->port->has_unread()) return next.fd;
    }
    if (now_ms < look_again_ms_) return -1;
    look_again_ms_ = now_ms + look_every_ms;
    for (size_t at = 0; at < by_fd_.size(); ++at)
      if (const auto* c = by_fd_[at].get(); c != nullptr && may_go(*c, now_ms))
        idle_.push_back({c->idle_since_ms, static_cast<int>(at), c->serial});
    std::sort(idle_.begin(), idle_.end(), [](const idle_place& a, const idle_place& b) {
      return std::tie(a.since_ms, a.serial) > std::tie(b.since_ms, b.serial);
    });
  }
}

void connection_table::turn_away(int fd, connection& c) {
  http_counters::add(counters_.turned_away);
  c.turned_away = true;
  ++turned_away_;
  turned_away_line_.push_back({c.idle_since_ms, fd, c.serial});
  while (!turned_away_line_.empty()) {
    auto first = turned_away_line_.front();
    auto* there = find(first.fd);
    bool gone = there == nullptr || there->serial != first.serial;
    if (!gone && turned_away_ <= limits_.turned_away_max) break;
    turned_away_line_.pop_front();
    if (gone) continue;
    there->port->close();
    forget(first.fd);
  }
}

// Not before it asks: some clients take an answer without a question for a fault of ours.
void connection_table::say_full(int fd, connection& c, std::string_view data, int64_t now_ms, int64_t wall_ms) {
  http::problem what{ec::overloaded, "As many clients as may be are being served: try again after a second."};
  what.retry_after_s = 1;
  what.close = c.linger = true;
  refuse(c, c.next++, what, make_id(), data.starts_with("HEAD "), std::nullopt);
  settle(fd, c, now_ms, wall_ms);
}

} // namespace qrwell
