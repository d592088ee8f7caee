#include "actors/http_frontend/connection_table.hpp"

#include "runtime/http/gzip.hpp"
#include "runtime/http/target.hpp"
#include "runtime/http/words.hpp"
#include "runtime/keys/key_ring.hpp"

#include <algorithm>
#include <charconv>

namespace qrwell {

// From the bytes of a connection to requests: each is given out, answered from memory, or refused.

namespace {

constexpr size_t id_chars_max = 64;

std::string_view path_of(std::string_view target) {
  return target.substr(0, target.find('?'));
}

// One that we would have to undo. To call it anything else would send the client looking for a fault in its JSON.
bool is_encoded(const http::request_parser& r) {
  return (!r.body.empty() || r.expects_continue) && !r.content_encoding.empty() &&
         !http::same_word(r.content_encoding, "identity");
}

// Of a request whose header has just come.
bool is_large(const http::request_parser& r) {
  return !r.target.empty() && http::is_batch(r.method, path_of(r.target));
}

bool usable_id(std::string_view id) {
  return !id.empty() && id.size() <= id_chars_max &&
         std::all_of(id.begin(), id.end(), [](char c) { return c > ' ' && c < 0x7f; });
}

} // namespace

size_t connection_table::parse(int fd, connection& c, std::string_view in, int64_t now_ms, int64_t wall_ms) {
  size_t at = 0;
  while (at < in.size() && !c.last && !full(c)) {
    auto rest = in.substr(at);
    if (c.progress.need == 0) {
      if (auto blank = http::blank_lines(rest); blank != 0) {
        at += blank;
        continue;
      }
      if (rest == "\r") break;
    }
    http::request_parser r;
    auto result = r.parse(rest, c.progress, parse_limits_);
    if (result == http::request_parser::result::more) {
      if (c.request_since_ms < 0) c.request_since_ms = now_ms;
      if ((r.expects_continue || is_large(r)) && refuse_before_body(c, r)) return in.size();
      c.wants_continue = r.expects_continue && !c.continued;
      break;
    }
    if (result == http::request_parser::result::bad) {
      http::problem what{ec::invalid_request, std::string(r.sentence())};
      what.status = r.status() == 400 ? 0 : r.status();
      what.close = true;
      c.linger = true;
      refuse(c, c.next++, what, make_id(), r.method == http_method::head, std::nullopt);
      return in.size();
    }
    at += r.used;
    take(fd, c, r, now_ms, wall_ms);
    c.progress = {};
    c.request_since_ms = -1;
    c.wants_continue = c.continued = false;
    c.idle_since_ms = now_ms;
  }
  return at;
}

void connection_table::take(int fd, connection& c, http::request_parser& r, int64_t now_ms, int64_t wall_ms) {
  auto number = c.next++;
  if (r.last) c.last = true;
  c.keep_alive = r.http_10;
  if (stopping_) c.last = c.linger = true;
  if (serve_hot(c, r, number, wall_ms)) return;
  std::string plain;
  if (path_of(r.target).find('%') != r.target.npos) r.target = plain = http::plain_target(r.target);
  auto where = route_of(r);
  if (r.method == http_method::options && !where.allow.empty()) return answer_options(c, r, number, where);
  bool found = where.what == http::route::verdict::found;
  auto k = static_cast<size_t>(where.cls);
  auto wrong = wrong_with(r, where);
  if (found) http_counters::add(counters_.requests[k]);
  if (!wrong) return give_out(fd, c, r, where.cls, number, now_ms);
  if (wrong->code == ec::overloaded) http_counters::add(counters_.overloaded[k]);
  if (wrong->close) c.linger = true;
  auto cls = found ? std::optional(where.cls) : std::nullopt;
  refuse(c, number, *wrong, id_of(r), r.method == http_method::head, cls);
}

http::route connection_table::route_of(const http::request_parser& r) const {
  auto where = http::find_route(kind_, r.method, path_of(r.target));
  if (where.what == http::route::verdict::unknown_path && links_.holds(r.host, r.target))
    where = http::link_route(r.method);
  return where;
}

// What is wrong with a request as far as its header shows it.
std::optional<http::problem> connection_table::wrong_with(const http::request_parser& r,
                                                          const http::route& where) const {
  http::problem what{ec::invalid_request};
  if (where.what == http::route::verdict::wrong_method) {
    // Also for a method that nobody knows: what the resource has helps more than 501 would.
    what.detail = "The resource has the methods " + where.allow + ".";
    what.status = 405;
    what.allow = where.allow;
  } else if (where.what == http::route::verdict::unknown_path) {
    what = {ec::not_found, "There is no such resource here: see /openapi.json."};
  } else if (!r.framed && http::needs_body(r.method, path_of(r.target))) {
    what.detail = "Content-Length: is missing; say how long the body is, or send it in chunks.";
    what.status = 411;
    what.close = true; // what comes next is perhaps the body
  } else if (is_encoded(r)) {
    what.detail = "Content-Encoding: bodies are read as they are; send this one without.";
    what.status = 415;
  } else if (auto k = static_cast<size_t>(where.cls);
             counters_.in_flight[k].load(std::memory_order_relaxed) >= limits_.classes[k].inflight_max) {
    what = {ec::overloaded, "Too many requests of this kind wait for an answer: try again after a second.", 1};
  } else {
    return std::nullopt;
  }
  what.cors = http::is_cross_origin(path_of(r.target));
  return what;
}

// Who asks whether to send a body, or has begun with one that may be large, is told no, if the header is enough to know
// (RFC 9110, 10.1.1). The connection ends, since nobody can tell whether the body follows all the same.
bool connection_table::refuse_before_body(connection& c, http::request_parser& r) {
  std::string plain;
  if (path_of(r.target).find('%') != r.target.npos) r.target = plain = http::plain_target(r.target);
  auto wrong = wrong_with(r, route_of(r));
  // Operators have a token that is no key.
  auto keyed = is_large(r) && kind_ == http::listener_kind::open;
  if (auto form = check_form(r.authorization);
      !wrong && form && http::needs_body(r.method, path_of(r.target)) && (keyed || r.authorization.empty()))
    wrong = http::problem{ec::unauthorized, sentence_of(form)};
  if (!wrong) return false;
  wrong->close = c.linger = true;
  refuse(c, c.next++, *wrong, id_of(r), false, std::nullopt);
  return true;
}

void connection_table::answer_options(connection& c, const http::request_parser& r, uint32_t number,
                                      const http::route& where) {
  http::answer_writer w;
  // The same for all origins: it needs no Vary (Fetch standard, CORS).
  if (!r.asked_method.empty() && http::is_cross_origin(path_of(r.target)))
    w.add({}, 204, {}, {}, id_of(r),
          {{"Allow", where.allow},
           {"Access-Control-Allow-Origin", "*"},
           {"Access-Control-Allow-Methods", "GET, HEAD"},
           {"Access-Control-Allow-Headers", "Content-Type, X-Request-Id"},
           {"Access-Control-Max-Age", "86400"}});
  else
    w.add({}, 204, {}, {}, id_of(r), {{"Allow", where.allow}});
  emit(c, number, w.take().arena, {}, false, std::nullopt);
}

// The address of whoever sent the request to the first proxy that we trust; of a direct client its own.
std::string connection_table::client_of(const connection& c, const http::request_parser& r) {
  auto value = proxies_.field() == http::forwarded_field::forwarded ? r.forwarded : r.forwarded_for;
  if (value.empty()) return c.peer;
  auto found = proxies_.client_of(c.peer, value);
  if (found.malformed) http_counters::add(counters_.malformed_forwarded);
  return found.client;
}

std::string connection_table::id_of(const http::request_parser& r) {
  return usable_id(r.request_id) ? std::string(r.request_id) : make_id();
}

// GET /v1/scenes/ID with nothing but a launch scene: what almost all scans are.
bool connection_table::serve_hot(connection& c, const http::request_parser& r, uint32_t number, int64_t wall_ms) {
  constexpr std::string_view prefix = "/v1/scenes/", param = "?launch=";
  if ((r.method != http_method::get && r.method != http_method::head) || r.target.substr(0, prefix.size()) != prefix ||
      !r.if_none_match.empty())
    return false;
  auto id = r.target.substr(prefix.size());
  uint32_t launch = 0;
  if (auto question = id.find('?'); question != id.npos) {
    auto query = id.substr(question);
    if (query.substr(0, param.size()) != param) return false;
    auto digits = query.substr(param.size());
    auto [end, failure] = std::from_chars(digits.data(), digits.data() + digits.size(), launch);
    if (failure != std::errc() || end != digits.data() + digits.size()) return false;
    id = id.substr(0, question);
  }
  auto hit = hot_.find(id, launch, wall_ms);
  if (hit.answer.empty()) return false;
  http_counters::add(counters_.hot_hits);
  http_counters::add(counters_.requests[static_cast<size_t>(http::request_class::scan)]);
  std::string id_header;
  if (usable_id(r.request_id)) id_header = "X-Request-Id: " + std::string(r.request_id) + "\r\n";
  auto answer = r.method == http_method::head ? hit.answer.substr(0, hit.body_at) : hit.answer;
  emit(c, number, answer, id_header, false, http::request_class::scan);
  return true;
}

void connection_table::give_out(int fd, connection& c, http::request_parser& r, http::request_class cls,
                                uint32_t number, int64_t now_ms) {
  auto k = static_cast<size_t>(cls);
  auto since = c.request_since_ms < 0 ? now_ms : c.request_since_ms;
  auto spent = now_ms - since;
  auto& q = batches_[k].requests.emplace_back();
  has_batches_ = true;
  q.at = place(fd, c, number);
  q.method = r.method;
  q.target = r.target;
  q.authorization = secret(std::string(r.authorization));
  q.host = r.host;
  q.accept = r.accept;
  q.content_type = r.content_type;
  q.idempotency_key = r.idempotency_key;
  q.idempotency_key_sent = r.idempotency_key.data() != nullptr;
  q.if_match = r.if_match;
  q.if_none_match = r.if_none_match;
  q.range = r.range;
  q.if_range = r.if_range;
  q.request_id = id_of(r);
  q.gzip = !r.accept_encoding.empty() && http::wants_gzip(r.accept_encoding);
  q.peer = c.trusted ? client_of(c, r) : c.peer;
  q.operators = kind_ == http::listener_kind::admin;
  q.body = r.body;
  // A body that took longer than the deadline to arrive still gets a chance: the work itself has not begun.
  q.remaining_ms = static_cast<uint32_t>(
      std::max<int64_t>(limits_.classes[k].deadline_ms - spent, limits_.classes[k].deadline_ms / 4));
  http_counters::add(counters_.in_flight[k]);
  c.pending.push_back(
      {number, cls, r.method == http_method::head, since, now_ms + limits_.classes[k].give_up_after_ms, q.request_id});
}

void connection_table::refuse(connection& c, uint32_t number, const http::problem& what, std::string_view request_id,
                              bool head, std::optional<http::request_class> cls) {
  http::answer_writer w;
  w.add_problem({}, what, request_id, head);
  emit(c, number, w.take().arena, {}, what.close, cls);
}

std::string connection_table::make_id() {
  constexpr std::string_view digits = "0123456789abcdefghjkmnpqrstvwxyz";
  auto out = id_prefix_;
  char tail[10];
  auto n = next_id_++;
  for (auto i = sizeof tail; i-- > 0; n /= 32) tail[i] = digits[n % 32];
  out.append(tail, sizeof tail);
  return out;
}

} // namespace qrwell
