#include "tools/wechat-sim/token_desk.hpp"

#include <algorithm>

namespace qrwell::sim {

namespace {

constexpr int64_t second_us = 1'000'000;
// Lengths seen in the wild; both end in a row of A.
constexpr std::size_t ordinary_length = 157;
constexpr std::size_t stable_length = 142;
constexpr std::size_t tail_length = 14;

} // namespace

token_desk::token_desk(token_rules rules, uint64_t seed)
    : rules_(rules)
    , random_(seed) {}

token_answer token_desk::issue(int64_t now_us) {
  replace_last(ordinary_, now_us, rules_.overlap_s * second_us);
  ++issued_.ordinary;
  return granted(add(ordinary_, ordinary_length, now_us));
}

token_answer token_desk::stable(int64_t now_us, bool force) {
  bool alive = !stable_.empty() && now_us < stable_.back().valid_to_us;
  bool may_force = forced_today_.today(now_us) < rules_.forced_per_day &&
                   (forced_last_us_ == 0 || now_us - forced_last_us_ >= rules_.forced_gap_s * second_us);
  if (force && may_force) {
    forced_today_.add(now_us);
    forced_last_us_ = now_us;
    ++issued_.forced;
    replace_last(stable_, now_us, 0);
    return granted(add(stable_, stable_length, now_us));
  }
  if (force && rules_.forced_over_code != 0) return {{}, 0, rules_.forced_over_code};
  if (alive && now_us < stable_.back().ends_us - rules_.overlap_s * second_us) {
    const auto& current = stable_.back();
    return {current.text, (current.ends_us - now_us) / second_us, 0};
  }
  if (alive) replace_last(stable_, now_us, rules_.overlap_s * second_us);
  ++issued_.stable;
  return granted(add(stable_, stable_length, now_us));
}

token_state token_desk::check(std::string_view token, int64_t now_us) const {
  const auto* found = find(token);
  if (found == nullptr) return token_state::unknown;
  if (now_us < found->valid_to_us) return token_state::valid;
  return found->by_age ? token_state::expired : token_state::unknown;
}

bool token_desk::knows(std::string_view token) const {
  return find(token) != nullptr;
}

void token_desk::steal_stable(int64_t now_us) {
  replace_last(stable_, now_us, 0);
  add(stable_, stable_length, now_us);
}

void token_desk::expire_all(int64_t now_us) {
  for (auto* tokens : {&ordinary_, &stable_}) {
    for (auto& token : *tokens) {
      if (now_us >= token.valid_to_us) continue;
      token.valid_to_us = now_us;
      token.by_age = true;
    }
  }
}

token_answer token_desk::granted(const entry& fresh) const {
  return {fresh.text, rules_.life_s, 0};
}

const token_desk::entry* token_desk::find(std::string_view token) const {
  for (const auto* tokens : {&stable_, &ordinary_}) {
    auto found = std::find_if(tokens->rbegin(), tokens->rend(), [&](const entry& e) { return e.text == token; });
    if (found != tokens->rend()) return &*found;
  }
  return nullptr;
}

token_desk::entry& token_desk::add(shelf& tokens, std::size_t length, int64_t now_us) {
  if (tokens.size() == remembered_max) tokens.pop_front();
  int64_t ends_us = now_us + rules_.life_s * second_us;
  return tokens.emplace_back(entry{new_text(length), ends_us, ends_us, true});
}

void token_desk::replace_last(shelf& tokens, int64_t now_us, int64_t overlap_us) {
  // One that ended by age before its replacement came stays "expired".
  if (tokens.empty() || tokens.back().valid_to_us <= now_us) return;
  tokens.back().valid_to_us = now_us + overlap_us;
  tokens.back().by_age = false;
}

std::string token_desk::new_text(std::size_t length) {
  static constexpr std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  std::string text = "86_";
  while (text.size() < length - tail_length) text += alphabet[random_() % alphabet.size()];
  text.append(tail_length, 'A');
  return text;
}

} // namespace qrwell::sim
