#pragma once

#include "actors/batch_server/batch_request.hpp"
#include "messages/batch.hpp"
#include "messages/http.hpp"
#include "messages/store.hpp"
#include "runtime/http/answer.hpp"

#include <deque>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace qrwell {

struct batch_server_config {
  std::string public_url;             ///< without a slash at its end
  uint32_t batches_max = 32;          ///< under way; past it 503
  uint32_t batches_per_owner_max = 4; ///< of these; past it 429
  uint32_t items_max = 500;           ///< of one batch
  uint32_t items_under_way_max = 8;   ///< at the request_server, of all batches: what single requests may wait behind
  uint32_t slice_max = 4;             ///< items of one message
  uint32_t deadline_ms = 30'000;      ///< of a batch: then no item of it is begun any more
  uint32_t item_deadline_ms = 2'000;  ///< what an item begins with
  uint32_t item_grace_ms = 8'000;     ///< past its deadline an item without an end is answered as unknown
  uint32_t items_per_s_max = 1'000;   ///< of all batches together, so that a flood leaves room for others; 0: no limit
  uint32_t tick_ms = 25, busy_tick_ms = 4; ///< while no items wait to be sent, and while some do
  present_target_limits target;
};

caf::error validate(const batch_server_config& cfg);

/// Batches under way: takes turns between them, keeps the items at the request_server few, lets items with one key
/// follow each other, waits for a key's rate, and has an answer for every item at the end.
class batch_desk {
public:
  explicit batch_desk(const batch_server_config& cfg)
      : cfg_(cfg) {}

  /// Where a batch's answer goes: a front end by the shell's number, and the place there.
  struct place {
    uint32_t sink = 0;
    http_place at;
    std::string request_id;
    std::string lines = {}; ///< of the answer's header
    bool timed = false;     ///< see answer_writer::set_lines
  };
  struct answer {
    place to;
    std::string body; ///< of a 200
  };

  bool full() const noexcept { return batches_.size() >= cfg_.batches_max; }

  /// Why a batch of this key may not begin now: its owner has as many under way as it may, so that one that is slow
  /// does not keep out others, or the key's rate is so low that the last items could not begin in time.
  std::optional<http::problem> check_key(const api_key& key, size_t items) const;

  /// Not while full().
  void begin(place to, const api_key& key, std::vector<read_item> items, int64_t mono_ms);

  void ended(issue_results& results, int64_t mono_ms, int64_t wall_ms);
  void tick(int64_t mono_ms);

  /// Items that may be sent now; call until it gives none.
  issue_items take_slice(int64_t mono_ms);

  std::vector<answer> take_answers() { return std::exchange(answers_, {}); }

  /// Whether items wait to be sent.
  bool busy() const noexcept;

  size_t batches() const noexcept { return batches_.size(); }
  size_t under_way() const noexcept { return under_way_; }
  struct counts {
    uint64_t batches = 0, items = 0, issued = 0, replayed = 0, reused = 0, refused = 0, unknown = 0;
  };
  const counts& totals() const noexcept { return counts_; }

private:
  static constexpr uint32_t none = UINT32_MAX;
  enum class stage : uint8_t { waits, sent, ended };
  struct item {
    issue_item asked;
    stage where = stage::waits;
    uint32_t next_same_key = none; ///< the item that waits for the end of this one
    int64_t give_up_ms = 0;        ///< of one that is sent
    std::string answer;            ///< JSON
  };
  struct batch {
    place to;
    int64_t deadline_ms = 0, paused_until_ms = 0;
    std::vector<item> items;
    std::deque<uint32_t> ready; ///< may be sent
    size_t open = 0;            ///< not ended
    std::string owner;
    uint32_t key_id = 0;
    http::problem why_waiting; ///< of the last item that came too early
  };

  void settle(batch& b, uint32_t index, std::string text);
  void refuse(batch& b, uint32_t index, const http::problem& why);
  void end_if_done(std::map<uint64_t, batch>::iterator b);
  bool take_token(int64_t mono_ms);
  std::optional<uint32_t> next_of(batch& b, int64_t mono_ms);

  batch_server_config cfg_;
  std::map<uint64_t, batch> batches_; ///< by number
  uint64_t next_number_ = 1, last_served_ = 0;
  size_t under_way_ = 0;
  double tokens_ = -1; ///< items that may be sent now; -1: full
  int64_t tokens_at_ms_ = 0;
  std::vector<answer> answers_;
  counts counts_;
};

} // namespace qrwell
