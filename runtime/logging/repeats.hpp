#pragma once

#include "runtime/logging/log.hpp"

#include <map>
#include <optional>
#include <string>

// What keeps a lasting trouble from filling the log. Each belongs to one actor; `now_ms` is steady time.

namespace qrwell::log {

/// Lets one line of a kind through in `every_ms`, and says with the next one how many it held back. At most 64 kinds
/// are told apart; further ones share one.
class limiter {
public:
  explicit limiter(uint32_t every_ms = 10'000)
      : every_ms_(every_ms) {}

  /// How many were held back since the last one; none: this one is held back, too.
  std::optional<uint64_t> admit(std::string_view kind, int64_t now_ms);

private:
  static constexpr size_t kinds_max = 64;
  struct seen {
    int64_t told_ms = 0;
    uint64_t held_back = 0;
  };

  uint32_t every_ms_;
  std::map<std::string, seen, std::less<>> kinds_;
};

/// A trouble that lasts: told when it begins, when it becomes another one and when it ends, however often it is looked
/// at. Two sentences that differ in their numbers only are one trouble. One that comes and goes is told again at the
/// earliest `again_ms` after it was told last.
class trouble {
public:
  explicit trouble(uint32_t again_ms = 10'000)
      : again_ms_(again_ms) {}

  enum class news : uint8_t { none, begins, ends };

  /// `sentence` is what is wrong at present; empty: nothing.
  news see(std::string_view sentence, int64_t now_ms);

  /// see(), and a line if there are news: `message` with the sentence as `why` (warn), or `message` + ": over" (info).
  void tell(const voice& who, std::string_view message, std::string_view sentence, int64_t now_ms, fields more = {});

private:
  uint32_t again_ms_;
  std::string last_sentence_; ///< as it was seen last
  std::string present_;       ///< told and not over, without its numbers
  std::string told_;          ///< the last one that was told
  int64_t told_ms_ = 0;
};

} // namespace qrwell::log
