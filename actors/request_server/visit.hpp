#pragma once

#include "actors/request_server/pool_desk.hpp"
#include "actors/request_server/reuse_flights.hpp"
#include "messages/http.hpp"
#include "runtime/codes/issue_request.hpp"
#include "runtime/http/answer.hpp"
#include "runtime/keys/rate_bucket.hpp"

#include <memory>
#include <vector>

namespace qrwell {

/// Where a request is between its coming and its answer.
enum class visit_stage : uint8_t { vacant, keys, recall, ladder, image, bind, replayed_image };

/// One request under way.
struct visit {
  uint64_t ticket = 0;
  visit_stage stage = visit_stage::vacant;
  uint32_t sink = 0;    ///< which front end; of an item of a batch: which batch_server
  bool is_item = false; ///< of a batch: its end is a message to the batch_server
  uint64_t item = 0;    ///< its ticket there
  http_place at;
  bool timed = false;                            ///< its key may see how long it takes
  std::string times;                             ///< of one that is timed: a line of the answer's header
  int64_t came_ms = 0, bind_ms = 0;              ///< steady; bind_ms: the last bind was sent
  int64_t deadline_ms = 0, live_deadline_ms = 0; ///< steady
  uint32_t key_id = 0;
  uint64_t came_at_reading = 0; ///< so many readings of the keys had begun before it
  std::string request_id, key;  ///< key: its name
  bind_request bind; ///< all but id, lot, generation and mark, which each attempt has anew; away while it is tried
  pool_desk* pool = nullptr;
  climber who;
  shelf_code code;            ///< being tried
  uint32_t races = 0;         ///< lost
  uint32_t without_image = 0; ///< of these, codes that were free and had no image
  wanted_form form = wanted_form::json;
  rate_verdict rate;
  std::string image_format;
  bytes image;
  std::unique_ptr<code_view> replayed;      ///< whose image is being read
  bool reused = false;                      ///< what is shown again is another request's code
  bool followed = false;                    ///< it waited for another request with its target
  reuse_flights::lead lead;                 ///< others with its target wait for it
  std::unique_ptr<http::problem> otherwise; ///< of one that has no code, while it is asked what it got before
  std::unique_ptr<http_request> request;    ///< of one that waits for the keys
};

/// Whether it is to get a link code, which no shelf knows.
inline bool is_link(const visit& v) noexcept {
  return v.who.reached == rung::link;
}

/// Of a key that came with another body before.
http::problem reused_key();

/// All requests under way, at most `max`. Slots are used again; a ticket finds its visit in O(1), or nothing once it
/// left.
class visit_table {
public:
  explicit visit_table(size_t max)
      : max_(max) {}

  /// Null when full. Valid until leave().
  visit* enter();
  visit* find(uint64_t ticket) noexcept;
  void leave(visit& v);
  size_t size() const noexcept { return slots_.size() - free_.size(); }
  bool full() const noexcept { return size() >= max_; }
  void set_max(size_t max) noexcept { max_ = max; }

  /// `f` may let the visit leave.
  template <class F>
  void for_each(F f) {
    for (size_t i = 0; i < slots_.size(); ++i)
      if (slots_[i]->stage != visit_stage::vacant) f(*slots_[i]);
  }

private:
  size_t max_;
  std::vector<std::unique_ptr<visit>> slots_;
  std::vector<uint32_t> free_;
};

} // namespace qrwell
