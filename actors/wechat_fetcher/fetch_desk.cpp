#include "actors/wechat_fetcher/fetch_desk.hpp"

#include "runtime/wechat/answers.hpp"
#include "runtime/wechat/calls.hpp"
#include "runtime/wechat/redact.hpp"

#include <boost/json.hpp>

namespace qrwell {
namespace {

constexpr std::array<std::string_view, 5> outcome_names{"image", "refused", "not_an_answer", "lost", "never_written"};
constexpr size_t error_codes_max = 64;
// For people, where the outcome is no answer of WeChat's own.
constexpr std::array<std::string_view, 5> failure_words{
    "", "", "the answer is none: ", "no whole answer: ", "could not be called: "};
constexpr std::string_view held_back = "Calls to WeChat fail on every host";
// Half of the calls of a healthy WeChat end within some hundred milliseconds.
constexpr uint32_t slow_from_ms = 2'000;
constexpr int64_t slow_within_ms = 20'000;
constexpr size_t slow_calls_min = 3;
// The engine ends every call at its time-out; one that it does not is answered so much later, so that nobody waits for
// ever.
constexpr int64_t engine_grace_ms = 2'000;

} // namespace

caf::error validate(const fetch_desk_config& cfg) {
  if (cfg.app.empty()) return fail(ec::invalid_config, "wechat: the app's name must not be empty");
  if (cfg.inflight_max == 0 || cfg.inflight_max > 1'024)
    return fail(ec::invalid_config, "wechat: inflight_max must be 1 to 1024");
  if (cfg.waiting_max == 0 || cfg.waiting_max > 65'536)
    return fail(ec::invalid_config, "wechat: waiting_max must be 1 to 65536");
  if (cfg.timeout_max_ms < 100 || cfg.timeout_max_ms > 60'000)
    return fail(ec::invalid_config, "wechat: call_timeout must be 100 ms to 60 s");
  if (cfg.image_bytes_max == 0) return fail(ec::invalid_config, "wechat: image_bytes_max must be at least 1");
  return wechat::validate_hosts(cfg.hosts);
}

fetch_desk::fetch_desk(fetch_desk_config cfg)
    : cfg_(std::move(cfg))
    , random_(cfg_.seed)
    , hosts_(cfg_.hosts, cfg_.breaker, cfg_.seed) {}

fetch_work fetch_desk::take(uint64_t ticket, const fetch_code& what, int64_t now_ms) {
  fetch_work out;
  if (auto wait = hosts_.wait_for_ms(now_ms); wait > 0) {
    answer(out, ticket, unwritten(what.id, std::string(held_back) + "; last: " + last_error_, wait));
  } else if (waiting_.size() >= cfg_.waiting_max) {
    answer(out, ticket, unwritten(what.id, "too many calls wait", std::max(took_.at(0.5), 100u)));
  } else {
    auto timeout = std::clamp(what.timeout_for_ms, 1u, cfg_.timeout_max_ms);
    waiting_.push_back({ticket, what, now_ms + timeout});
    return next(now_ms);
  }
  return out;
}

fetch_work fetch_desk::token(const access_token& present, int64_t now_ms) {
  asking_ = false;
  no_token_in_a_row_ = 0;
  fetch_work out;
  drop_late(out, now_ms);
  while (!waiting_.empty() && room()) {
    auto host = hosts_.pick(now_ms);
    if (!host) {
      refuse_all_waiting(out, std::string(held_back) + "; last: " + last_error_, hosts_.wait_for_ms(now_ms));
      break;
    }
    auto fetch = std::move(waiting_.front());
    waiting_.pop_front();
    begin(out, {fetch.ticket, std::move(fetch.what), *host, 0, present, now_ms, fetch.until_ms}, now_ms);
  }
  return out;
}

fetch_work fetch_desk::no_token(const std::string& why, int64_t) {
  asking_ = false;
  fetch_work out;
  refuse_all_waiting(
      out, why, wechat::backoff_ms(no_token_in_a_row_++, cfg_.token_retry_min_ms, cfg_.token_retry_max_ms, random_));
  return out;
}

fetch_work fetch_desk::ended(uint64_t number, http_outcome&& how, int64_t now_ms) {
  auto node = under_way_.extract(number);
  if (!node) return {}; // given up before
  auto& call = node.mapped();
  fetch_work judged;
  auto tried = how.curl != -1, unheard = wechat::surely_unheard(how);
  auto failure = wechat::failure_of(how);
  auto code = wechat::read_code(call.what.id, std::move(how));
  code.detail = wechat::without(std::move(code.detail), call.token.value);
  judge(call, code, tried, failure, now_ms, judged);
  if (!unheard || !ask_next_host(call, now_ms, judged)) answer(judged, call.ticket, std::move(code));
  auto out = next(now_ms);
  out.tell_refused = judged.tell_refused;
  out.calls = std::move(judged.calls);
  out.answers.insert(out.answers.begin(), std::make_move_iterator(judged.answers.begin()),
                     std::make_move_iterator(judged.answers.end()));
  return out;
}

fetch_work fetch_desk::tick(int64_t now_ms) {
  std::vector<uint64_t> overdue;
  for (const auto& [number, call] : under_way_)
    if (now_ms >= call.until_ms + engine_grace_ms) overdue.push_back(number);
  fetch_work out;
  for (auto number : overdue) {
    http_outcome how;
    how.curl = 28; // CURLE_OPERATION_TIMEDOUT
    how.any_byte_written = true;
    how.detail = "the engine never said how the call ended";
    auto part = ended(number, std::move(how), now_ms);
    for (auto& a : part.answers) out.answers.push_back(std::move(a));
    out.ask_token = out.ask_token || part.ask_token;
  }
  auto rest = next(now_ms);
  for (auto& a : rest.answers) out.answers.push_back(std::move(a));
  out.ask_token = out.ask_token || rest.ask_token;
  return out;
}

fetch_work fetch_desk::shut_down() {
  fetch_work out;
  refuse_all_waiting(out, "shutting down", 0);
  for (auto& [number, call] : under_way_) {
    fetched_code code;
    code.id = call.what.id;
    code.outcome = fetch_outcome::lost;
    code.detail = "shutting down while the call was under way";
    answer(out, call.ticket, std::move(code));
  }
  under_way_.clear();
  return out;
}

bool fetch_desk::room() const {
  return under_way_.size() < (token_in_doubt_ ? 1u : cfg_.inflight_max);
}

fetch_work fetch_desk::next(int64_t now_ms) {
  fetch_work out;
  drop_late(out, now_ms);
  if (!waiting_.empty() && room() && !asking_) asking_ = out.ask_token = true;
  return out;
}

void fetch_desk::drop_late(fetch_work& out, int64_t now_ms) {
  // Time-outs differ (live calls are in a hurry), so the late ones may stand anywhere; the queue is short.
  std::deque<waiting_fetch> in_time;
  for (auto& fetch : waiting_)
    if (now_ms < fetch.until_ms)
      in_time.push_back(std::move(fetch));
    else
      answer(out, fetch.ticket,
             unwritten(fetch.what.id, "its time went by while it waited", std::max(took_.at(0.5), 100u)));
  waiting_.swap(in_time);
}

void fetch_desk::refuse_all_waiting(fetch_work& out, const std::string& why, uint32_t retry_after_ms) {
  for (auto& fetch : waiting_) answer(out, fetch.ticket, unwritten(std::move(fetch.what.id), why, retry_after_ms));
  waiting_.clear();
}

void fetch_desk::begin(fetch_work& out, call_under_way&& call, int64_t now_ms) {
  auto request = wechat::code_call(hosts_.address(call.host), call.token.value, call.what.id, call.what.spec);
  request.timeout_for_ms = static_cast<uint32_t>(call.until_ms - now_ms);
  request.connect_timeout_for_ms = cfg_.connect_timeout_ms;
  request.response_bytes_max = cfg_.image_bytes_max + 1;
  call.begun_ms = now_ms;
  call.asked = static_cast<wechat::host_list::host_set>(call.asked | 1u << call.host);
  under_way_.emplace(++calls_, std::move(call));
  out.calls.emplace_back(calls_, std::move(request));
}

// The unit that the call holds was not spent: no host has read a byte of it.
bool fetch_desk::ask_next_host(call_under_way& call, int64_t now_ms, fetch_work& out) {
  if (now_ms >= call.until_ms) return false;
  auto host = hosts_.pick(now_ms, call.asked);
  if (!host) return false;
  ++moved_;
  call.host = *host;
  begin(out, std::move(call), now_ms);
  return true;
}

void fetch_desk::judge(const call_under_way& call, fetched_code& code, bool tried, wechat::host_failure how,
                       int64_t now_ms, fetch_work& out) {
  auto kind = code.outcome == fetch_outcome::refused ? wechat::explain(code.errcode).kind : wechat::refusal::none;
  auto host_failed = code.outcome == fetch_outcome::not_an_answer || code.outcome == fetch_outcome::lost ||
                     code.outcome == fetch_outcome::never_written || kind == wechat::refusal::busy;
  if (!tried) {
    hosts_.abandoned(call.host);
    code.retry_after_ms = cfg_.busy_retry_min_ms;
  } else if (host_failed) {
    auto before = hosts_.used(now_ms);
    auto why = kind == wechat::refusal::busy ? wechat::describe(code.errcode, code.detail) : code.detail;
    hosts_.failed(call.host, how, why, now_ms);
    if (hosts_.used(now_ms) != before) failures_in_a_row_ = 0; // the next host has not failed yet
    auto pause = wechat::backoff_ms(failures_in_a_row_++, cfg_.busy_retry_min_ms, cfg_.busy_retry_max_ms, random_);
    code.retry_after_ms = std::max(pause, hosts_.wait_for_ms(now_ms));
  } else {
    hosts_.succeeded(call.host);
    failures_in_a_row_ = 0;
  }
  if (kind == wechat::refusal::token) {
    token_in_doubt_ = true;
    if (call.token.version != told_version_) {
      told_version_ = call.token.version;
      out.tell_refused = token_refused{call.token.version, code.errcode};
    }
  } else if (tried && !host_failed && call.token.version != told_version_) {
    token_in_doubt_ = false;
  }
  if (!host_failed) took_.add(code.took_ms, now_ms);
}

void fetch_desk::note(const fetched_code& code) {
  ++outcomes_[static_cast<size_t>(code.outcome)];
  if (code.outcome == fetch_outcome::image) {
    problem_.clear();
    return;
  }
  // A call that the breaker held back says what made it open: that is the error to remember.
  if (code.outcome == fetch_outcome::never_written && code.detail.starts_with(held_back)) return;
  last_error_ = code.outcome == fetch_outcome::refused
                    ? wechat::describe(code.errcode, code.detail)
                    : std::string(failure_words[static_cast<size_t>(code.outcome)]) + code.detail;
  if (code.outcome != fetch_outcome::refused) return;
  if (errors_.contains(code.errcode) || errors_.size() < error_codes_max) ++errors_[code.errcode];
  switch (wechat::explain(code.errcode).kind) {
  case wechat::refusal::busy:
  case wechat::refusal::token:
  case wechat::refusal::limit:
    break; // mended without an operator; token keeper and quota manager speak of the last two
  default:
    problem_ = "WeChat refuses calls: " + last_error_;
  }
}

void fetch_desk::answer(fetch_work& out, uint64_t ticket, fetched_code code) {
  note(code);
  out.answers.emplace_back(ticket, std::move(code));
}

fetched_code fetch_desk::unwritten(std::string id, std::string why, uint32_t retry_after_ms) {
  fetched_code code;
  code.id = std::move(id);
  code.outcome = fetch_outcome::never_written;
  code.detail = std::move(why);
  code.retry_after_ms = retry_after_ms;
  return code;
}

std::string fetch_desk::problem(int64_t now_ms) const {
  if (hosts_.overall() != wechat::breaker::state::closed)
    return std::string(held_back) + "; the next try is in " +
           std::to_string((hosts_.wait_for_ms(now_ms) + 999) / 1'000) + " s; last: " + last_error_;
  if (!problem_.empty()) return problem_;
  if (auto words = hosts_.words(now_ms); !words.empty()) return words;
  if (auto half = half_took_ms(now_ms); half >= slow_from_ms)
    return "WeChat is slow: half of the present calls take " + std::to_string(half) + " ms or more";
  return {};
}

// Those that wait for their answer count as long as they have waited: a WeChat that gets slow shows before one ended.
uint32_t fetch_desk::half_took_ms(int64_t now_ms) const {
  std::vector<uint32_t> waited;
  for (const auto& [number, call] : under_way_) waited.push_back(static_cast<uint32_t>(now_ms - call.begun_ms));
  auto half = latency_window::quantile(took_.recent(now_ms - slow_within_ms), 0.5);
  return waited.size() < slow_calls_min ? half : std::max(half, latency_window::quantile(std::move(waited), 0.5));
}

std::string fetch_desk::facts(int64_t now_ms) const {
  boost::json::object outcomes, errors;
  for (size_t i = 0; i < outcomes_.size(); ++i) outcomes[outcome_names[i]] = outcomes_[i];
  for (const auto& [code, count] : errors_) errors[std::to_string(code)] = count;
  return boost::json::serialize(boost::json::object{{"app", cfg_.app},
                                                    {"in_flight", under_way_.size()},
                                                    {"waiting", waiting_.size()},
                                                    {"breaker", wechat::to_string(hosts_.overall())},
                                                    {"host", hosts_.address(hosts_.used(now_ms))},
                                                    {"hosts", wechat::hosts_json(hosts_, now_ms)},
                                                    {"moved", moved_},
                                                    {"p50_ms", took_.at(0.5)},
                                                    {"p99_ms", took_.at(0.99)},
                                                    {"outcomes", std::move(outcomes)},
                                                    {"errors", std::move(errors)},
                                                    {"last_error", last_error_}});
}

} // namespace qrwell
