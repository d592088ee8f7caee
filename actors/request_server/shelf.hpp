#pragma once

#include "messages/bind.hpp"

#include <deque>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

namespace qrwell {

struct shelf_config {
  uint32_t hold_for_ms = 1'000;   ///< codes for so long, at the present rate
  uint32_t lots_max = 256;        ///< held at once
  uint32_t lot_codes_guess = 100; ///< size of a lot before one was seen
  uint32_t backoff_min_ms = 50;   ///< after a claim that failed or found nothing; doubles
  uint32_t backoff_max_ms = 1'000;
  uint32_t claim_timeout_ms = 15'000;
  uint32_t lost_races_max = 8; ///< in a row, of one lot: then the rest of it is left to the store
};

struct shelf_code {
  std::string id;
  uint64_t lot_no = 0;
  uint32_t gen_id = 0;
  friend bool operator==(const shelf_code&, const shelf_code&) = default;
};

/// How a code that was taken came out.
enum class code_end : uint8_t {
  bound, ///< its row is not `stocked` any more, by us
  lost,  ///< its row is not `stocked` any more, by somebody else
  stuck, ///< nobody knows; never offered again here, and its lot stays held until this incarnation ends
};

/// The codes of one pool's present generation that this node holds. A hint, as every shelf is: the rows decide.
class shelf {
public:
  shelf(std::string pool, const shelf_config& cfg)
      : pool_(std::move(pool))
      , cfg_(cfg) {}

  /// Another generation: what is held of the old one is forgotten; its lots age out or are given back with this
  /// incarnation.
  void change_generation(uint32_t gen_id);
  uint32_t gen_id() const noexcept { return gen_id_; }

  std::optional<shelf_code> take();

  /// An offer that came to nothing: the next one taken.
  void give_back(shelf_code code);

  /// Every code that was taken and not given back ends here.
  void resolve(uint64_t lot_no, uint32_t gen_id, code_end end);

  /// Lots that arrived; `in_front`: taken before those that are there. Those of another generation are left out.
  void add(const std::vector<claimed_lot>& lots, bool in_front = false);

  /// A claim if the shelf is or will be too low for the present rate and `waiting` requests; at most one under way.
  std::optional<claim_request> claim_due(size_t waiting, int64_t now_ms);

  enum class claim_end : uint8_t { brought, empty, failed };
  void claim_ended(const claim_result& result, int64_t now_ms);

  /// False while it is known, for some back-off, that the store has no more lots.
  bool more_may_come(int64_t now_ms) const noexcept { return claiming_ || now_ms >= claim_after_ms_ || !empty_; }

  /// Claims that failed in a row.
  uint32_t failures() const noexcept { return failures_; }

  /// Lots of which every code is resolved, since the last call.
  std::vector<uint64_t> take_done();

  /// Called about every second: the rate of issue since the last call.
  void measure(int64_t now_ms);

  /// Lots past it stay until they are used up.
  void set_lots_max(uint32_t lots_max) noexcept { cfg_.lots_max = lots_max; }

  double rate_per_s() const noexcept { return rate_per_s_; }

  /// Codes that left it since the last call, without those that came back meanwhile.
  uint64_t take_issued() noexcept;
  size_t codes() const noexcept { return codes_.size(); }
  size_t lots() const noexcept { return lots_.size(); }

private:
  struct lot {
    uint32_t unresolved = 0; ///< on the shelf or taken
    uint32_t lost_in_a_row = 0;
    uint32_t stuck = 0;
  };

  void drop_rest_of(uint64_t lot_no);
  void back_off(int64_t now_ms);

  std::string pool_;
  shelf_config cfg_;
  uint32_t gen_id_ = 0;
  std::deque<shelf_code> codes_;
  std::unordered_map<uint64_t, lot> lots_;
  std::vector<uint64_t> done_;
  double lot_codes_ = 0; ///< size of the lots seen, smoothed
  bool claiming_ = false, empty_ = false;
  uint32_t failures_ = 0, backoff_ms_ = 0;
  int64_t claim_after_ms_ = 0, claimed_ms_ = 0;
  double rate_per_s_ = 0;
  uint64_t taken_ = 0, taken_before_ = 0, taken_told_ = 0;
  int64_t measured_ms_ = -1;
};

} // namespace qrwell
