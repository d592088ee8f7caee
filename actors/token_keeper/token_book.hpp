#pragma once

#include "messages/errors.hpp"
#include "messages/wechat.hpp"
#include "runtime/wechat/answers.hpp"
#include "runtime/wechat/breaker.hpp"

#include <caf/expected.hpp>

#include <deque>
#include <optional>
#include <random>
#include <vector>

namespace qrwell {

struct token_book_config {
  uint32_t early_s = 300;   ///< a token is replaced so long before its end; WeChat gives out the next one from then on
  uint32_t life_s_min = 60; ///< and is kept at least so long, for WeChat may say that little is left
  uint32_t waiting_max = 1'024;    ///< askers that wait for a refresh
  uint32_t waiting_for_ms = 5'000; ///< how long each does
  uint32_t backoff_min_ms = 1'000; ///< after a failed refresh, doubling
  uint32_t backoff_max_ms = 60'000;
  uint32_t fatal_backoff_ms = 60'000; ///< after an error that only an operator can mend
  uint32_t refused_gap_ms =
      30'000; ///< between refreshes that refusals caused; doubles while WeChat gives out the refused token again
  uint32_t refused_gap_max_ms = 300'000;
  uint32_t healthy_for_ms = 300'000; ///< a token that lived so long before it was refused is fetched anew at once
  uint32_t forced_per_day = 20;      ///< WeChat's rule
  uint32_t forced_gap_ms = 30'000;   ///< WeChat's rule
  uint64_t seed = 1;                 ///< of the jitter
};

/// What the shell has to do after a call of token_book.
struct token_work {
  std::optional<bool> fetch; ///< ask WeChat for the token; true: by force. Its outcome must come back by fetched()
  std::vector<std::pair<uint64_t, caf::expected<access_token>>> answers; ///< by the tickets of ask()
  std::vector<std::pair<uint64_t, caf::error>> forced;                   ///< by the tickets of force(); no error: done
};

/// The access token of one app and the rules of keeping it (reference: WeChat's getStableAccessToken):
/// one call at a time; replaced before its end; a refused one is dropped at once, and fetched again once, never in a
/// loop. Times are steady milliseconds. Nothing in here shows the token.
class token_book {
public:
  explicit token_book(token_book_config cfg);

  token_work ask(uint64_t ticket, int64_t now_ms);
  token_work refused(uint64_t version, int32_t errcode, int64_t now_ms);
  token_work force(uint64_t ticket, int64_t now_ms);
  token_work fetched(const wechat::token_answer& answer, int64_t now_ms);
  token_work tick(int64_t now_ms);
  /// Nobody is left waiting.
  token_work shut_down();

  /// One sentence for the operator, or nothing.
  std::string problem(int64_t now_ms) const;

  struct facts {
    bool has_token = false;
    int64_t age_s = 0, expires_in_s = 0, next_fetch_in_s = 0;
    uint64_t refreshes = 0, failures = 0, refused = 0, foreign_manager = 0;
    uint32_t forced_left = 0;
    std::string last_error;
  };
  facts look(int64_t now_ms) const;

private:
  struct waiter {
    uint64_t ticket = 0;
    int64_t until_ms = 0;
  };

  bool usable(int64_t now_ms) const { return !token_.value.empty() && now_ms < expires_ms_; }
  token_work next(int64_t now_ms);
  void serve(token_work& out, int64_t now_ms);
  void adopt(const wechat::token_answer& answer, int64_t now_ms);
  void came_back_the_same(int64_t now_ms);
  void name_foreign_manager(int64_t now_ms);
  void failed(const wechat::token_answer& answer, int64_t now_ms);
  void end_forced(token_work& out, const caf::error& err);
  uint32_t refusal_gap_ms(uint32_t doublings);
  uint32_t forced_left(int64_t now_ms) const;
  std::string why_none(int64_t now_ms) const;

  token_book_config cfg_;
  std::mt19937_64 random_;

  access_token token_; ///< empty value: none
  int64_t adopted_ms_ = 0, expires_ms_ = 0;
  int64_t next_fetch_ms_ = 0;
  bool fetching_ = false, fetching_by_force_ = false;

  // The refusal that is being dealt with.
  secret refused_value_;
  int32_t refused_errcode_ = 0;
  int64_t refused_left_ms_ = 0; ///< what its token still had to live
  int64_t refused_age_ms_ = 0;
  bool on_trial_ = false; ///< the same token came back; whatever comes next is tried again
  uint32_t refusals_in_a_row_ = 0;
  uint32_t same_in_a_row_ = 0;   ///< how often the refused token came back
  int64_t refusal_fetch_ms_ = 0; ///< when a refusal last caused a fetch

  uint32_t failures_in_a_row_ = 0;
  std::deque<waiter> waiting_;
  std::vector<uint64_t> force_wanted_, force_under_way_;
  std::deque<int64_t> forced_ms_;

  uint64_t refreshes_ = 0, failures_ = 0, refused_ = 0, foreign_ = 0;
  int64_t foreign_ms_ = 0;
  std::string problem_, foreign_problem_, last_error_;
};

} // namespace qrwell
