#pragma once

#include <algorithm>
#include <cstdint>

namespace qrwell {

struct slice_pace_config {
  uint32_t rows_max = 50;          ///< of one slice
  uint32_t rows_min = 5;           ///< however slow the store is
  uint32_t took_wanted_us = 4'000; ///< of one slice at the store: what a single request may wait behind
  uint32_t share_percent = 30;     ///< of its time that the store gives to slices
  uint32_t beside_percent = 1;     ///< the same while codes are being bound
  uint32_t beside_rows_max = 5;    ///< of one slice meanwhile
  uint32_t beside_pause_min_us = 15'000;
  uint32_t beside_us = 500'000; ///< how long after a bind that is
  uint32_t pause_min_us = 1'000, pause_max_us = 250'000;
};

/// How many rows the next slice of bulk work has, and how long to leave the store alone before it. What a slice took is
/// measured where it was asked for: when others keep the store busy it takes longer, and bulk work makes room by
/// itself. Beside binds it takes far less: each of its commits brings the store's next checkpoint nearer, which is what
/// a slow request has waited for.
class slice_pace {
public:
  explicit slice_pace(const slice_pace_config& cfg)
      : cfg_(cfg)
      , rows_(std::clamp(cfg.rows_max / 2, cfg.rows_min, cfg.rows_max)) {}

  uint32_t rows() const noexcept { return rows_; }

  /// After a slice of so many rows, with so many groups of binds since the one before: the pause before the next one.
  int64_t took(int64_t us, uint32_t rows, uint64_t binds_beside) {
    if (us > cfg_.took_wanted_us)
      rows_ = std::max(cfg_.rows_min, std::min(rows_, rows) / 2);
    else if (us < cfg_.took_wanted_us / 2 && rows >= rows_)
      rows_ = std::min(cfg_.rows_max, rows_ + std::max(1u, rows_ / 4));
    beside_us_ = binds_beside > 0 ? cfg_.beside_us : std::max<int64_t>(0, beside_us_ - us - paused_us_);
    auto beside = beside_us_ > 0;
    if (beside) rows_ = std::min(rows_, std::max(cfg_.rows_min, cfg_.beside_rows_max));
    paused_us_ = pause(us, beside ? cfg_.beside_percent : cfg_.share_percent);
    if (beside) paused_us_ = std::max<int64_t>(paused_us_, cfg_.beside_pause_min_us);
    return paused_us_;
  }

private:
  int64_t pause(int64_t us, uint32_t percent) const {
    return std::clamp<int64_t>(us * (100 - percent) / percent, cfg_.pause_min_us, cfg_.pause_max_us);
  }

  slice_pace_config cfg_;
  uint32_t rows_;
  int64_t beside_us_ = 0, paused_us_ = 0; ///< what is left of the time after a bind; the last pause
};

} // namespace qrwell
