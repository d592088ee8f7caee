#include "actors/http_frontend/connection_table.hpp"

#include <algorithm>

namespace qrwell {
namespace {

constexpr std::string_view close_header = "Connection: close\r\n";

http::parse_limits parse_limits_of(const http_limits& l) {
  return {l.header_bytes_max, l.body_bytes_max, l.batch_body_bytes_max, &http::is_batch};
}

} // namespace

connection_table::connection_table(http::listener_kind kind, const http_limits& limits, std::string id_prefix,
                                   http_counters& counters)
    : kind_(kind)
    , limits_(limits)
    , parse_limits_(parse_limits_of(limits))
    , counters_(counters)
    , hot_(limits.hot_scenes_max, limits.hot_bytes_max)
    , id_prefix_(std::move(id_prefix)) {}

void connection_table::set_limits(const http_limits& limits) {
  limits_ = limits;
  parse_limits_ = parse_limits_of(limits);
  hot_.set_limits(limits.hot_scenes_max, limits.hot_bytes_max);
}

// -- connections
// -------------------------------------------------------------------------------------------------------------------------------

connection* connection_table::find(int fd) {
  auto at = static_cast<size_t>(fd);
  return fd >= 0 && at < by_fd_.size() ? by_fd_[at].get() : nullptr;
}

connection* connection_table::find(const http_place& at) {
  auto* c = find(static_cast<int>(at.connection & 0xffff'ffff));
  return c != nullptr && c->serial == at.connection >> 32 ? c : nullptr;
}

http_place connection_table::place(int fd, const connection& c, uint32_t number) const {
  return {uint64_t{c.serial} << 32 | static_cast<uint32_t>(fd), number};
}

void connection_table::opened(int fd, connection_port* port, std::string peer, int64_t now_ms) {
  auto at = static_cast<size_t>(fd);
  if (at >= by_fd_.size()) by_fd_.resize(at + 256);
  if (by_fd_[at]) forget(fd);
  auto room = make_room(now_ms);
  auto c = std::make_unique<connection>();
  c->port = port;
  c->serial = ++next_serial_;
  c->idle_since_ms = now_ms;
  c->peer = std::move(peer);
  c->trusted = !proxies_.none() && proxies_.holds(c->peer);
  by_fd_[at] = std::move(c);
  ++open_;
  http_counters::add(counters_.accepted);
  http_counters::add(counters_.connections);
  if (stopping_) {
    by_fd_[at]->port->close();
    forget(fd);
  } else if (!room) {
    turn_away(fd, *by_fd_[at]);
  }
}

void connection_table::closed(int fd) {
  if (find(fd)) forget(fd);
}

void connection_table::forget(int fd) {
  auto& c = by_fd_[static_cast<size_t>(fd)];
  for (const auto& p : c->pending) release(p);
  held_bytes_ -= c->counted_bytes;
  counters_.held_bytes.store(held_bytes_, std::memory_order_relaxed);
  if (c->halted) http_counters::sub(counters_.halted);
  http_counters::sub(counters_.connections);
  if (c->turned_away) --turned_away_;
  --open_;
  c.reset();
}

// -- requests
// ----------------------------------------------------------------------------------------------------------------------------------

void connection_table::received(int fd, std::string_view data, int64_t now_ms, int64_t wall_ms) {
  auto* c = find(fd);
  if (c == nullptr) return;
  http_counters::add(counters_.received_bytes, data.size());
  date_.set(wall_ms);
  if (c->turned_away && !c->last) return say_full(fd, *c, data, now_ms, wall_ms);
  if (c->last) { // nothing after the last request counts
    c->lingered_bytes += data.size();
    if (c->lingered_bytes > limits_.linger_bytes_max && c->lingering) {
      c->port->abort();
      forget(fd);
    }
    return;
  }
  if (c->in.empty()) {
    auto used = parse(fd, *c, data, now_ms, wall_ms);
    if (used < data.size() && !c->last) c->in.assign(data.substr(used));
  } else {
    c->in.append(data);
    if (c->in.size() >= c->progress.need && !full(*c)) c->in.erase(0, parse(fd, *c, c->in, now_ms, wall_ms));
  }
  settle(fd, *c, now_ms, wall_ms);
}

// -- answers
// -----------------------------------------------------------------------------------------------------------------------------------

void connection_table::answer(const http_answers& answers, int64_t now_ms, int64_t wall_ms) {
  date_.set(wall_ms);
  for (const auto& a : answers.answers) {
    auto* c = find(a.at);
    auto known = [&](const pending_request& p) { return p.number == a.at.number; };
    auto at = c ? std::find_if(c->pending.begin(), c->pending.end(), known) : decltype(c->pending.begin()){};
    if (c == nullptr || at == c->pending.end() || uint64_t{a.offset} + a.size > answers.arena.size()) {
      http_counters::add(counters_.late);
      continue;
    }
    auto cls = at->cls;
    std::string total;
    if (a.timed) total = "Server-Timing: total;dur=" + std::to_string(now_ms - at->since_ms) + "\r\n";
    release(*at);
    c->pending.erase(at);
    c->idle_since_ms = now_ms;
    if (a.close) c->linger = true;
    emit(*c, a.at.number, std::string_view(answers.arena).substr(a.offset, a.size), total, a.close, cls);
    touched_.push_back(static_cast<int>(a.at.connection & 0xffff'ffff));
  }
  for (int fd : std::exchange(touched_, {}))
    if (auto* c = find(fd)) settle(fd, *c, now_ms, wall_ms);
}

void connection_table::release(const pending_request& p) noexcept {
  http_counters::sub(counters_.in_flight[static_cast<size_t>(p.cls)]);
}

// Nothing after this answer is written any more.
void connection_table::cut_after(connection& c, uint32_t number) {
  auto first =
      std::find_if(c.pending.begin(), c.pending.end(), [&](const pending_request& p) { return p.number > number; });
  std::for_each(first, c.pending.end(), [&](const pending_request& p) { release(p); });
  c.pending.erase(first, c.pending.end());
  std::erase_if(c.early, [&](const auto& e) {
    if (e.first <= number) return false;
    c.early_bytes -= e.second.size();
    return true;
  });
  c.next = number + 1;
  c.last = true;
}

void connection_table::emit(connection& c, uint32_t number, std::string_view answer, std::string_view extra_header,
                            bool close, std::optional<http::request_class> cls) {
  if (answer.size() > 9) {
    auto digit = static_cast<size_t>(answer[9] - '0');
    auto row = cls ? static_cast<size_t>(*cls) : http::request_classes;
    if (digit < 6) http_counters::add(counters_.answers[row][digit]);
  }
  if (close) cut_after(c, number);
  bool says_close = close;
  if (number != c.head) {
    auto& kept = c.early.emplace_back(number, std::string()).second;
    auto line = answer.find("\r\n");
    kept.reserve(answer.size() + extra_header.size());
    kept = answer.substr(0, extra_header.empty() ? answer.size() : line + 2);
    if (!extra_header.empty()) kept.append(extra_header).append(answer.substr(line + 2));
    c.early_bytes += kept.size();
    return;
  }
  append(c, answer, extra_header, c.last && number + 1 == c.next && !says_close, says_close);
  ++c.head;
  for (bool more = true; more && !c.early.empty();) {
    auto next = std::find_if(c.early.begin(), c.early.end(), [&](const auto& e) { return e.first == c.head; });
    more = next != c.early.end();
    if (!more) break;
    bool final = c.last && next->first + 1 == c.next;
    auto closes = (final || c.keep_alive) && next->second.find("\r\nConnection: close\r\n") != std::string::npos;
    c.early_bytes -= next->second.size();
    append(c, next->second, {}, final && !closes, closes);
    c.early.erase(next);
    ++c.head;
  }
}

// With the fields that only we know: of one who sends an answer, not of one who made it.
void connection_table::append(connection& c, std::string_view answer, std::string_view extra_header, bool ends,
                              bool says_close) {
  auto& out = c.port->out();
  auto before = out.size();
  auto put = [&](std::string_view s) { out.insert(out.end(), s.begin(), s.end()); };
  auto end = answer.find("\r\n");
  auto line = end == answer.npos ? answer.size() : end + 2;
  put(answer.substr(0, line));
  put(date_.text());
  put(extra_header);
  if (ends)
    put(close_header);
  else if (c.keep_alive && !says_close)
    put("Connection: keep-alive\r\n");
  put(answer.substr(line));
  http_counters::add(counters_.sent_bytes, out.size() - before);
}

} // namespace qrwell
