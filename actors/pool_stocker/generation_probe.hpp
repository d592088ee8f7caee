#pragma once

#include <algorithm>
#include <cstdint>
#include <string>

namespace qrwell {

/// The first codes of a new generation. They are asked for one after the other until one comes, so that a page that is
/// not released costs one call; no others are made before five came that look alike, or as many as the pool may hold.
class generation_probe {
public:
  static constexpr uint32_t images_wanted_max = 5, bad_max = 3;

  explicit generation_probe(uint64_t high)
      : images_wanted_(static_cast<uint32_t>(std::clamp<uint64_t>(high, 1, images_wanted_max))) {}

  bool passed() const noexcept { return passed_; }
  /// It passed by images that came now, not by stock that it had.
  bool proven() const noexcept { return good_ >= images_wanted_; }
  void pass() noexcept { passed_ = true; }

  uint32_t want() const noexcept { return images_wanted_ - std::min(good_, images_wanted_ - 1); }

  /// Until the first good image one call at a time.
  bool one_at_a_time() const noexcept { return !passed_ && good_ == 0; }

  void good() noexcept {
    if (++good_ >= images_wanted_) passed_ = true;
  }

  /// An answer that is not a good image, `fault` says why. Returns the sentence of the pause if that is one too many:
  /// probes that differ in size or are equal prove that something is wrong; one that is cut does not.
  std::string bad(std::string_view fault) {
    if (passed_) return {};
    ++bad_;
    if (fault != "wrong_size" && fault != "byte_equal" && bad_ < bad_max) return {};
    return "The first codes of this generation are not good (" + std::string{fault} +
           "): look at the page, width and colours of the pool, then resume it";
  }

  /// A person has looked: begins anew.
  void again() noexcept {
    if (!passed_) good_ = bad_ = 0;
  }

private:
  uint32_t images_wanted_;
  bool passed_ = false;
  uint32_t good_ = 0, bad_ = 0;
};

} // namespace qrwell
