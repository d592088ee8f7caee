#pragma once

#include "actors/wechat_fetcher/latency_window.hpp"
#include "messages/errors.hpp"
#include "messages/wechat.hpp"
#include "runtime/wechat/host_list.hpp"
#include "runtime/wechat/transport.hpp"

#include <array>
#include <deque>
#include <map>
#include <optional>
#include <random>
#include <unordered_map>

namespace qrwell {

struct fetch_desk_config {
  std::string app;
  std::vector<std::string> hosts;   ///< in the order of preference
  uint32_t inflight_max = 64;       ///< calls under way; design: wechat_inflight_max
  uint32_t waiting_max = 256;       ///< calls that wait for one of them to end, or for the token
  uint32_t timeout_max_ms = 10'000; ///< no call lasts longer: the quota's proof rests on it
  uint32_t connect_timeout_ms = 3'000;
  uint64_t image_bytes_max = 1024 * 1024;
  uint32_t token_retry_min_ms = 1'000; ///< advice while there is no token, doubling
  uint32_t token_retry_max_ms = 30'000;
  uint32_t busy_retry_min_ms = 200; ///< advice after -1, 5xx and failures of transport, doubling
  uint32_t busy_retry_max_ms = 30'000;
  wechat::breaker_config breaker;
  uint64_t seed = 1; ///< of the jitter
};

caf::error validate(const fetch_desk_config& cfg);

/// What the shell has to do after a call of fetch_desk.
struct fetch_work {
  bool ask_token = false;                                    ///< its answer must come back by token() or no_token()
  std::optional<token_refused> tell_refused;                 ///< for the token keeper
  std::vector<std::pair<uint64_t, wechat::http_call>> calls; ///< to start; the outcome must come back by ended()
  std::vector<std::pair<uint64_t, fetched_code>> answers;    ///< by the tickets of take()
};

/// The calls of one app: how many at once, to which host, with which token, and what their answers mean. Each
/// fetch_code is at most one request that any byte of is written of, and always gets an answer, at the latest a moment
/// after its time-out: only when a host surely heard nothing, the next one is asked within the same unit and time.
/// Times are steady milliseconds.
class fetch_desk {
public:
  explicit fetch_desk(fetch_desk_config cfg);

  fetch_work take(uint64_t ticket, const fetch_code& what, int64_t now_ms);
  fetch_work token(const access_token& present, int64_t now_ms);
  fetch_work no_token(const std::string& why, int64_t now_ms);
  fetch_work ended(uint64_t call, http_outcome&& how, int64_t now_ms);
  fetch_work tick(int64_t now_ms);
  /// Whoever waits is answered never_written, whoever has a call under way lost.
  fetch_work shut_down();

  bool idle() const noexcept { return waiting_.empty() && under_way_.empty(); }

  const wechat::host_list& hosts() const noexcept { return hosts_; }
  const std::string& last_error() const noexcept { return last_error_; }
  /// What WeChat refuses and only an operator can mend; empty: nothing.
  const std::string& refusal() const noexcept { return problem_; }

  /// One sentence for the operator, or nothing.
  std::string problem(int64_t now_ms) const;
  /// JSON: {app, in_flight, waiting, breaker, host, hosts, moved, p50_ms, p99_ms, outcomes, errors, last_error}
  std::string facts(int64_t now_ms) const;

private:
  struct waiting_fetch {
    uint64_t ticket = 0;
    fetch_code what;
    int64_t until_ms = 0;
  };
  struct call_under_way {
    uint64_t ticket = 0;
    fetch_code what;
    size_t host = 0;
    wechat::host_list::host_set asked = 0; ///< `host` and those before that never heard of it
    access_token token;
    int64_t begun_ms = 0, until_ms = 0;
  };

  bool room() const;
  fetch_work next(int64_t now_ms);
  void drop_late(fetch_work& out, int64_t now_ms);
  void refuse_all_waiting(fetch_work& out, const std::string& why, uint32_t retry_after_ms);
  void begin(fetch_work& out, call_under_way&& call, int64_t now_ms);
  bool ask_next_host(call_under_way& call, int64_t now_ms, fetch_work& out);
  void judge(const call_under_way& call, fetched_code& code, bool tried, wechat::host_failure how, int64_t now_ms,
             fetch_work& out);
  void note(const fetched_code& code);
  uint32_t half_took_ms(int64_t now_ms) const;
  void answer(fetch_work& out, uint64_t ticket, fetched_code code);
  static fetched_code unwritten(std::string id, std::string why, uint32_t retry_after_ms);

  fetch_desk_config cfg_;
  std::mt19937_64 random_;
  wechat::host_list hosts_;
  std::deque<waiting_fetch> waiting_;
  std::unordered_map<uint64_t, call_under_way> under_way_;
  uint64_t calls_ = 0, moved_ = 0;
  bool asking_ = false;
  uint64_t told_version_ = 0;   ///< of the token that the keeper was told of
  bool token_in_doubt_ = false; ///< one call at a time, until one is not refused for its token
  uint32_t no_token_in_a_row_ = 0, failures_in_a_row_ = 0;

  latency_window took_;
  std::array<uint64_t, 5> outcomes_{};
  std::map<int32_t, uint64_t> errors_; ///< at most 64 codes
  std::string last_error_, problem_;
};

} // namespace qrwell
