#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <random>
#include <string>
#include <string_view>

#include "tools/wechat-sim/call_window.hpp"

namespace qrwell::sim {

struct token_rules {
  int64_t life_s = 7200;
  /// How long a replaced token still works, and how long before its end a stable token is replaced.
  int64_t overlap_s = 300;
  uint64_t forced_per_day = 20;
  int64_t forced_gap_s = 30;
  /// What a forced refresh beyond these is told; 0: it gets the current token, as nothing else is documented.
  int forced_over_code = 0;
};

enum class token_state { valid, expired, unknown };

struct token_answer {
  std::string token;
  int64_t expires_in_s = 0;
  /// Instead of a token.
  int code = 0;
};

struct token_counts {
  uint64_t ordinary = 0;
  uint64_t stable = 0;
  uint64_t forced = 0;
};

/// The access tokens of one mini-program: the ordinary kind and the stable kind, which know nothing of each other.
/// Times are microseconds and must not go back.
class token_desk {
public:
  /// Dead tokens remembered per kind, to tell an expired one (42001) from a replaced or forged one (40001).
  static constexpr std::size_t remembered_max = 64;

  token_desk(token_rules rules, uint64_t seed);

  /// GET /cgi-bin/token: always a new token; the one before works for another `overlap_s`.
  token_answer issue(int64_t now_us);

  /// POST /cgi-bin/stable_token. Normal: the same token, with its remaining life, until `overlap_s` before its end.
  /// Forced: the old token dies at once; past 20 a day or within 30 s of the last one the current token is returned,
  /// or `forced_over_code`.
  token_answer stable(int64_t now_us, bool force);

  token_state check(std::string_view token, int64_t now_us) const;
  /// True if this desk ever issued the token and still remembers it.
  bool knows(std::string_view token) const;

  /// Somebody else calls GET /cgi-bin/token.
  void steal_ordinary(int64_t now_us) { issue(now_us); }
  /// Somebody else forces a stable token, whatever the limits say.
  void steal_stable(int64_t now_us);
  /// All tokens end now, by age: 42001.
  void expire_all(int64_t now_us);

  const token_counts& issued() const { return issued_; }

private:
  struct entry {
    std::string text;
    int64_t ends_us = 0;     // what expires_in promised
    int64_t valid_to_us = 0; // when it really stops
    bool by_age = true;      // what stopped it: its age, or a newer token
  };
  using shelf = std::deque<entry>;

  token_answer granted(const entry& fresh) const;
  const entry* find(std::string_view token) const;
  entry& add(shelf& tokens, std::size_t length, int64_t now_us);
  static void replace_last(shelf& tokens, int64_t now_us, int64_t overlap_us);
  std::string new_text(std::size_t length);

  token_rules rules_;
  std::mt19937_64 random_;
  shelf ordinary_;
  shelf stable_;
  day_counter forced_today_;
  int64_t forced_last_us_ = 0;
  token_counts issued_;
};

} // namespace qrwell::sim
