#include "actors/http_frontend/connection_table.hpp"

// What follows every event of a connection, and what time does to it: when it is read, halted, ended, cut off.

namespace qrwell {

// -- after every event
// -------------------------------------------------------------------------------------------------------------------------

bool connection_table::full(const connection& c) const {
  auto unsent = c.port->unsent() + c.early_bytes;
  return c.next - c.head >= limits_.pipelined_max || unsent > limits_.unsent_bytes_max ||
         (unsent != 0 && held_bytes_ > limits_.held_bytes_max);
}

void connection_table::account(connection& c, int64_t now_ms) {
  auto unsent = c.port->unsent();
  if (unsent != 0 && c.stuck_since_ms == 0) c.stuck_since_ms = now_ms;
  if (unsent == 0) c.stuck_since_ms = 0;
  auto held = unsent + c.early_bytes + c.in.size();
  held_bytes_ += held - c.counted_bytes;
  c.counted_bytes = held;
  counters_.held_bytes.store(held_bytes_, std::memory_order_relaxed);
}

void connection_table::halt(connection& c, bool stop, int64_t now_ms) {
  if (stop == c.halted) return;
  c.halted = stop;
  if (stop)
    http_counters::add(counters_.halted);
  else
    http_counters::sub(counters_.halted);
  // What it could not send while we did not read is not its fault.
  if (!stop && c.request_since_ms >= 0) c.request_since_ms = now_ms;
  if (!c.peer_done) c.port->reading(!stop);
}

void connection_table::settle(int fd, connection& c, int64_t now_ms, int64_t wall_ms) {
  for (;;) {
    if (c.wants_continue && c.settled()) {
      constexpr std::string_view go = "HTTP/1.1 100 Continue\r\n\r\n";
      c.port->out().insert(c.port->out().end(), go.begin(), go.end());
      c.wants_continue = false;
      c.continued = true;
    }
    c.port->flush();
    account(c, now_ms);
    if ((c.last || c.peer_done) && c.settled()) {
      bool unread = !c.last && c.in.size() >= std::max<size_t>(c.progress.need, 1);
      if (!unread) return end(fd, c, now_ms);
    }
    bool stop = full(c);
    halt(c, stop && !c.last, now_ms);
    if (stop || c.last || c.in.size() < std::max<size_t>(c.progress.need, 1)) break;
    auto used = parse(fd, c, c.in, now_ms, wall_ms);
    c.in.erase(0, used);
    if (used == 0) {
      if (c.peer_done && c.settled()) return end(fd, c, now_ms);
      break;
    }
  }
  if (c.in.empty() && c.in.capacity() > 4'096) c.in.shrink_to_fit();
  if (held_bytes_ > limits_.held_bytes_max && !c.in.empty() && !c.last && !c.halted) {
    http::problem what{ec::overloaded, "Too much is being received at once: try again after a second."};
    what.retry_after_s = 1;
    what.close = true;
    c.linger = true;
    c.in.clear();
    c.in.shrink_to_fit();
    refuse(c, c.next++, what, make_id(), false, std::nullopt);
    settle(fd, c, now_ms, wall_ms);
  }
}

// Everything is answered. Closes when all is sent: at once if the peer expects it, else after it had time to read what
// we said, for a close with unread bytes in the socket would take our answer back from it (RFC 9112, 9.6).
void connection_table::end(int fd, connection& c, int64_t now_ms) {
  c.in.clear();
  if (c.lingering && !c.peer_done) return;
  if (c.port->unsent() != 0) {
    c.last = true;
    return halt(c, false, now_ms);
  }
  if (c.linger && !c.peer_done) {
    halt(c, false, now_ms);
    c.last = c.lingering = true;
    c.idle_since_ms = now_ms;
    account(c, now_ms);
    return c.port->finish();
  }
  c.port->close();
  forget(fd);
}

void connection_table::drained(int fd, int64_t now_ms, int64_t wall_ms) {
  auto* c = find(fd);
  if (c == nullptr) return;
  date_.set(wall_ms);
  c->stuck_since_ms = c->idle_since_ms = now_ms;
  settle(fd, *c, now_ms, wall_ms);
}

void connection_table::peer_done(int fd, int64_t now_ms, int64_t wall_ms) {
  auto* c = find(fd);
  if (c == nullptr) return;
  date_.set(wall_ms);
  c->peer_done = true;
  settle(fd, *c, now_ms, wall_ms);
}

// -- time
// --------------------------------------------------------------------------------------------------------------------------------------

void connection_table::tick(int64_t now_ms, int64_t wall_ms) {
  date_.set(wall_ms);
  for (size_t at = 0; at < by_fd_.size(); ++at)
    if (by_fd_[at]) check_times(static_cast<int>(at), *by_fd_[at], now_ms, wall_ms);
  counters_.hot_entries.store(hot_.entries(), std::memory_order_relaxed);
  counters_.hot_bytes.store(hot_.bytes(), std::memory_order_relaxed);
}

void connection_table::check_times(int fd, connection& c, int64_t now_ms, int64_t wall_ms) {
  auto over = [&](int64_t since, int64_t limit_ms) { return now_ms - since > limit_ms; };
  bool cut = stopping_ && now_ms >= stop_by_ms_;
  if (cut || (c.stuck_since_ms != 0 && over(c.stuck_since_ms, limits_.send_timeout_ms))) {
    http_counters::add(counters_.timed_out);
    c.port->abort();
    return forget(fd);
  }
  if (c.lingering || (c.turned_away && !c.last)) {
    if (!over(c.idle_since_ms, limits_.linger_ms)) return;
    c.port->close();
    return forget(fd);
  }
  bool answered = false;
  for (size_t i = 0; i < c.pending.size();) {
    if (now_ms < c.pending[i].give_up_ms) {
      ++i;
      continue;
    }
    auto p = std::move(c.pending[i]);
    c.pending.erase(c.pending.begin() + static_cast<ptrdiff_t>(i));
    release(p);
    http_counters::add(counters_.unanswered);
    http::problem what{
        ec::timeout,
        "The request was not answered in time; it may have been done. Repeat it with the same Idempotency-Key."};
    what.retry_after_s = 1;
    what.cors = p.cls == http::request_class::scan;
    refuse(c, p.number, what, p.request_id, p.head, p.cls);
    answered = true;
  }
  if (answered) return settle(fd, c, now_ms, wall_ms);
  if (c.last || c.halted) return;
  if (c.request_since_ms >= 0) {
    auto limit = limits_.header_timeout_ms + (c.progress.header_bytes != 0 ? limits_.body_timeout_ms : 0);
    if (!over(c.request_since_ms, limit)) return;
    http_counters::add(counters_.timed_out);
    http::problem what{ec::timeout, "The request did not arrive in time."};
    what.status = 408;
    what.close = c.linger = true;
    refuse(c, c.next++, what, make_id(), false, std::nullopt);
    return settle(fd, c, now_ms, wall_ms);
  }
  if (!c.settled() || !over(c.idle_since_ms, limits_.idle_timeout_ms)) return;
  http_counters::add(counters_.timed_out);
  c.last = true;
  end(fd, c, now_ms);
}

void connection_table::stop(int64_t now_ms, int64_t wall_ms) {
  if (std::exchange(stopping_, true)) return;
  stop_by_ms_ = now_ms + limits_.drain_timeout_ms;
  date_.set(wall_ms);
  for (size_t at = 0; at < by_fd_.size(); ++at) {
    if (!by_fd_[at]) continue;
    auto& c = *by_fd_[at];
    // An unfinished request may still come: then it is the last one.
    if (c.request_since_ms < 0 && c.in.empty()) c.last = c.linger = true;
    settle(static_cast<int>(at), c, now_ms, wall_ms);
  }
}

} // namespace qrwell
