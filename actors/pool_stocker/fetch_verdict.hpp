#pragma once

#include "messages/quota.hpp"
#include "messages/wechat.hpp"

#include <string>
#include <string_view>

namespace qrwell {

/// What to do after one attempt at one code.
enum class next_step : uint8_t {
  keep,      ///< the image is good
  retry,     ///< this time it failed: the same id with another unit
  bury,      ///< an image came, and it is wrong: the code is dead, for nobody knows what WeChat keeps under its id
  slow_down, ///< WeChat's limit: this grant ends here
  wait,      ///< nothing can come at present (the address is not allowed, no byte could be written): try again later
  stop,      ///< it cannot work with these settings: the pool is paused, a person must look
};

/// One attempt in the words of the quota manager, of the books and of the dead codes.
struct fetch_verdict {
  next_step next = next_step::retry;
  unit_end how = unit_end::answered;
  std::string outcome;  ///< of the ledger: "images", "bad_images", "lost", "error_<errcode>"; empty: no call was made
  std::string reason;   ///< if this was the last attempt: why the code is dead
  std::string sentence; ///< for stop and wait: what is wrong and what to do about it
  bool limit = false;   ///< 45009 or 45011: the quota manager wants to know
  bool counts = true;   ///< a code that dies of it counts against the pool (limits and addresses do not)
};

/// Judges what the fetcher brought. `image_fault` is what image_check said of an image, else empty. `is_probe`: of a
/// generation of which nothing good came yet; then a page that is not released is waited for, since a pool may well be
/// set up before its page is through WeChat's review.
fetch_verdict judge(const fetched_code& fetched, std::string_view image_fault, bool is_probe = false);

} // namespace qrwell
