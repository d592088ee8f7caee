#pragma once

#include <algorithm>
#include <cstdint>

namespace qrwell {

struct slice_pace_config {
  uint32_t rows_max = 50;          ///< of one slice
  uint32_t rows_min = 5;           ///< however slow the store is
  uint32_t took_wanted_us = 4'000; ///< of one slice at the store: what a single request may wait behind
  uint32_t share_percent = 30;     ///< of its time that the store gives to slices
  uint32_t pause_min_us = 1'000, pause_max_us = 250'000;
};

/// How many rows the next slice of bulk work has, and how long to leave the store alone before it. What a slice took is
/// measured where it was asked for: when others keep the store busy it takes longer, and bulk work makes room by
/// itself.
class slice_pace {
public:
  explicit slice_pace(const slice_pace_config& cfg)
      : cfg_(cfg)
      , rows_(std::clamp(cfg.rows_max / 2, cfg.rows_min, cfg.rows_max)) {}

  uint32_t rows() const noexcept { return rows_; }

  /// After a slice of so many rows: the pause before the next one.
  int64_t took(int64_t us, uint32_t rows) {
    if (us > cfg_.took_wanted_us)
      rows_ = std::max(cfg_.rows_min, std::min(rows_, rows) / 2);
    else if (us < cfg_.took_wanted_us / 2 && rows >= rows_)
      rows_ = std::min(cfg_.rows_max, rows_ + std::max(1u, rows_ / 4));
    return std::clamp<int64_t>(us * (100 - cfg_.share_percent) / cfg_.share_percent, cfg_.pause_min_us,
                               cfg_.pause_max_us);
  }

private:
  slice_pace_config cfg_;
  uint32_t rows_;
};

} // namespace qrwell
