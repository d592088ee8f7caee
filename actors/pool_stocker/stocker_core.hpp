#pragma once

#include "actors/pool_stocker/demand_meter.hpp"
#include "actors/pool_stocker/fill_effects.hpp"
#include "actors/pool_stocker/fill_pace.hpp"
#include "actors/pool_stocker/fill_run.hpp"
#include "actors/pool_stocker/generation_probe.hpp"
#include "actors/pool_stocker/pool_stocker_config.hpp"
#include "actors/pool_stocker/stock_books.hpp"
#include "actors/pool_stocker/stock_estimate.hpp"
#include "actors/pool_stocker/stock_plan.hpp"

#include <caf/expected.hpp>

#include <deque>
#include <map>
#include <set>

namespace qrwell {

/// Both clocks of one event.
struct stamp {
  int64_t mono_ms = 0; ///< for waits and rates
  int64_t wall_ms = 0; ///< for windows and what people see
};

/// The stocker of one pool without its actor: an event in, effects out.
///
/// A fill is a row of grants, at most one being asked for and `grants_under_way_max` under way. Each grant goes through
/// asking (quota manager), fetching (one unit a call), storing (images synced) and closing (rows, books and end in one
/// transaction); whatever happens on the way, it ends with a close that tells the truth about every call.
class stocker_core {
public:
  explicit stocker_core(pool_stocker_config cfg);

  stocker::effects on_tick(stamp now);
  stocker::effects on_ticket(uint64_t run, caf::expected<grant_ticket> ticket, stamp now);
  stocker::effects on_fetched(uint64_t run, const std::string& id, caf::expected<fetched_code> fetched, stamp now);
  stocker::effects on_images_written(uint64_t run, const caf::error& failure, stamp now);
  stocker::effects on_closed(uint64_t run, caf::expected<grant_closed> closed, stamp now);
  stocker::effects on_levels(uint64_t number, caf::expected<stock_levels> levels, stamp now);
  stocker::effects on_space(caf::expected<free_space> space, stamp now);
  stocker::effects on_pause_written(uint64_t command, const pool_pause& asked, caf::expected<pool_row> row, stamp now);
  stocker::effects on_sealed(const caf::error& failure, stamp now);
  stocker::effects on_aged(uint32_t gen_id, caf::expected<affected> aged, stamp now);

  /// Ends in one answer_live with this number.
  stocker::effects on_live(uint64_t number, const live_request& request, stamp now);
  /// Ends in one answer_command with this number.
  stocker::effects on_command(uint64_t number, const pool_command& command, stamp now);
  void on_shelf(const shelf_report& report, stamp now);

  pool_state state(stamp now);
  actor_status status(stamp now);

  /// What a log of the pool needs beside its state.
  struct outlook {
    bool levels_known = false;
    bool probed = false; ///< by images that came since this start
    std::string problem; ///< why it does not stock though it should; empty while paused
  };
  outlook look() const;

private:
  enum class stage : uint8_t { asking, fetching, storing, closing };

  struct run {
    uint64_t number = 0;
    stage at = stage::asking;
    quota_class use = quota_class::stock;
    uint32_t want = 0;
    bool probe = false, paced = false;
    uint32_t waited_ms = 0;          ///< for its ticket
    bool late = false;               ///< the ticket is not waited for any more; should it come, its units go back
    uint64_t live = 0;               ///< the live request that waits for it; 0: none, or none any more
    std::vector<carried_id> carried; ///< asked for with it
    std::optional<fill_run> fill;
    std::vector<image_file> images; ///< kept until they are written, for a repeat
    uint32_t tries = 0;             ///< of storing or closing
    int64_t again_ms = 0;           ///< when to repeat; 0: the answer is awaited
    grant_close close;
  };

  struct live_wait {
    int64_t deadline_ms = 0;
    uint32_t to_ask = 0, running = 0; ///< codes; grants
    std::vector<claimed_lot> lots;    ///< what came so far
    ec code = ec::out_of_stock;       ///< of the last failure
    std::string why;
    int64_t units_ms = 0; ///< when the unit is free that it did not get; 0: that was not why
  };

  /// What the quota manager said last of one class: no unit is free before `free_ms`. It is asked again sooner, since
  /// units that are not used come back at any time.
  struct units_wait {
    int64_t free_ms = 0, ask_ms = 0;
    bool worth_a_word = false; ///< short waits are the normal pace
  };

  // stocker_core.cpp: what to do next
  stocker::effects step(stamp now);
  plan_output make_plan(stamp now);
  void find_hold(stamp now);
  void ask_stock(stamp now);
  void ask_live(stamp now);
  void ask(run r);
  void send_more();
  bool anything_under_way() const;
  uint64_t codes_under_way() const;
  uint32_t runs_of(quota_class use) const;
  bool asking_stock() const;

  // stocker_runs.cpp: the stages of a grant
  void fetched(run& r, fetched_code&& code, stamp now);
  void follow(run& r, const fetch_verdict& verdict, const image_verdict& image, uint32_t retry_after_ms, stamp now);
  void finish_if_over(run& r, stamp now);
  void store_images(run& r);
  void begin_close(run& r, stamp now);
  void repeat_late(stamp now);
  void count_waiting(stamp now);
  void refused_ticket(run& r, const caf::error& why, stamp now);
  void carry(std::vector<carried_id> ids);

  // stocker_live.cpp: rung 1
  void refuse_before_units(stamp now);
  void no_units(live_wait& wait, int64_t free_ms, stamp now);
  void answer_live(stamp now);
  void live_run_failed(uint64_t number, ec code, std::string why);
  void live_run_ended(run& r, grant_closed&& closed);
  void settle_live(uint64_t number);
  void stop_live(const std::string& why);
  void expire_live(stamp now);
  std::string live_refusal() const;

  // stocker_care.cpp: levels, pauses, lots, ageing, disk
  void care(stamp now);
  void pause_self(const std::string& reason, stamp now);
  void set_paused(bool paused, const std::string& reason);
  void seal_lots(stamp now);
  void age_generations(stamp now);
  std::string levels_problem(int64_t mono_ms) const;
  int64_t aged_since_ms() const;

  // stocker_words.cpp
  std::string problem() const;
  std::string words_for_units(stamp now) const;
  std::string words_for_trouble() const;
  std::vector<former_stock> former() const;

  template <class E>
  void emit(E e) {
    out_.emplace_back(std::move(e));
  }

  pool_stocker_config cfg_;
  stock_plan planner_;
  stock_books books_;
  image_check images_;
  generation_probe probe_;
  share_bucket bucket_;
  back_off trouble_;
  stocker::effects out_;

  std::map<uint64_t, run> runs_;
  uint64_t last_number_ = 0; // of runs and queries
  std::deque<carried_id> carried_;
  std::vector<carried_id> given_up_; // their rows go with the next close
  std::map<uint64_t, live_wait> live_;
  std::vector<std::pair<uint64_t, live_wait>> live_ended_; // answered at the end of the step, when the plan is known

  plan_output plan_;
  std::string hold_;           // why nothing can be made at present
  int64_t hold_until_ms_ = 0;  // about; 0: nobody knows
  bool hold_is_wrong_ = false; // something that an operator should know
  bool hold_spares_live_ = false;
  int64_t next_ask_ms_ = 0;
  units_wait stock_units_, live_units_;
  std::string wait_why_; // while next_ask_ms_ is ahead: why, if it is worth telling
  bool wait_is_wrong_ = false;
  std::string trouble_why_;
  int64_t wechat_back_ms_ = 0; // the fetcher says that no call is worth trying before
  std::string disk_why_;       // images could not be written
  int64_t disk_until_ms_ = 0;
  std::string close_why_; // the store does not take the ends of grants

  bool levels_known_ = false, levels_asked_ = false;
  int64_t levels_at_ms_ = 0, next_levels_ms_ = 0;
  std::string levels_why_;
  stock_level level_;
  stock_levels seen_;
  std::string spec_;
  stock_estimate estimate_;
  demand_meter demand_;

  bool paused_ = false;
  std::string pause_reason_;
  uint64_t pause_changes_ = 0, pause_changes_asked_ = 0; // to tell levels that were read before a change
  std::optional<pool_pause> pause_to_write_;
  bool pause_writing_ = false;
  int64_t pause_again_ms_ = 0;
  std::map<uint64_t, pool_command> commands_;

  uint64_t extra_ = 0;
  bool to_high_ = false;

  bool sealing_ = false, unsealed_ = false;
  int64_t next_seal_ms_ = 0;
  std::set<uint32_t> aged_out_;
  bool ageing_ = false;
  int64_t next_age_ms_ = 0;
  int64_t ticked_ms_ = 0;
  bool space_asked_ = false;
  int64_t next_space_ms_ = 0;
  std::optional<uint64_t> free_bytes_;

  int64_t next_publish_ms_ = 0;
  bool published_paused_ = false, published_empty_ = false;
};

} // namespace qrwell
