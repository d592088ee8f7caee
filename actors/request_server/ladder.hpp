#pragma once

#include "actors/request_server/shelf.hpp"
#include "messages/errors.hpp"
#include "messages/stock.hpp"
#include "messages/store.hpp"

#include <array>
#include <deque>
#include <optional>
#include <string>
#include <vector>

namespace qrwell {

enum class rung : uint8_t { stock, lot, live, link };
constexpr size_t rungs = 4;
std::string_view to_string(rung r) noexcept;

/// A request that wants a code, as the ladder sees it.
struct climber {
  uint64_t ticket = 0;
  key_priority priority = key_priority::normal;
  bool live_wanted = false;     ///< on_empty of the request has it
  int64_t deadline_ms = 0;      ///< steady
  int64_t live_deadline_ms = 0; ///< steady, of a request that waits for a live fetch
  rung reached = rung::stock;   ///< the farthest it has been
  bool live_done = false;       ///< one live fetch a request; from then on its later deadline counts
  bool link_wanted = false;     ///< the pool has link codes, and the request may have one
  bool link_first = false;      ///< before a live code
};

/// What became of a climber: a code, leave to make a link code, or why there is none.
struct ladder_end {
  climber who;
  std::optional<shelf_code> code;
  ec why = ec::none;
  std::string detail;
  uint32_t retry_after_s = 0;
  bool link = false;
};

/// A live fetch to be made; `order` comes back with its end.
struct live_order {
  uint64_t order = 0;
  live_request request;
};

/// The ladder of one pool: its shelf, who waits on which rung, and when to give up.
class ladder {
public:
  ladder(std::string pool, const shelf_config& cfg)
      : pool_(pool)
      , shelf_(std::move(pool), cfg) {}

  void set_state(const pool_state& state, int64_t now_ms);
  const pool_state& state() const noexcept { return state_; }

  /// A request comes, or comes again after its code was lost. Its end, at once or later, is in take_ends().
  void climb(climber who, int64_t now_ms);

  void claim_ended(const claim_result& result, int64_t now_ms);
  void live_ended(uint64_t order, const caf::expected<live_codes>& result, int64_t now_ms);

  /// Gives up for those whose deadline is past, and lets others try again.
  void tick(int64_t now_ms);

  std::vector<ladder_end> take_ends() { return std::exchange(ends_, {}); }
  std::optional<claim_request> take_claim(int64_t now_ms);
  std::optional<live_order> take_live(int64_t now_ms);

  qrwell::shelf& shelf() noexcept { return shelf_; }
  const qrwell::shelf& shelf() const noexcept { return shelf_; }
  size_t waiting() const noexcept;

private:
  bool may_draw(key_priority priority) const noexcept;
  void serve_waiting(int64_t now_ms);
  void give(climber who);
  void give_link(climber who);
  void refuse_or_link(climber who, const caf::error* why);
  bool stocks_nothing() const noexcept;
  void refuse(climber who, ec why, std::string detail);
  void refuse_for_good(climber who);
  void refuse_live(climber who, const caf::error& why);

  std::string pool_;
  pool_state state_;
  uint64_t taken_since_state_ = 0;
  qrwell::shelf shelf_;
  std::array<std::deque<climber>, 3> for_lots_; ///< by priority
  std::vector<climber> for_live_;               ///< not ordered yet
  struct open_order {
    uint64_t order = 0;
    std::vector<climber> climbers;
  };
  std::vector<open_order> orders_;
  uint64_t next_order_ = 1;
  std::vector<ladder_end> ends_;
};

} // namespace qrwell
