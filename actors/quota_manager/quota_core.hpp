#pragma once

#include "actors/quota_manager/grant_closer.hpp"
#include "actors/quota_manager/grant_queue.hpp"
#include "actors/quota_manager/pace.hpp"
#include "actors/quota_manager/quota_book.hpp"
#include "actors/quota_manager/quota_config.hpp"
#include "actors/quota_manager/rate_state.hpp"
#include "actors/quota_manager/use_meter.hpp"
#include "messages/common.hpp"
#include "messages/errors.hpp"

#include <functional>
#include <optional>

namespace qrwell {

/// The two clocks of an event: `mono_ms` of this process for everything; `wall_ms`, Unix time, only for WeChat's day.
struct quota_now {
  int64_t mono_ms = 0, wall_ms = 0;
};

/// What the shell is to do. Requests to the store come back as took, renewed, opened, found, ended_row, dropped.
struct quota_effects {
  std::optional<lease_take> take;
  std::optional<lease_renew> renew;
  std::vector<grant_open> opens;
  std::vector<grant_find> finds;
  std::vector<grant_close> closes;
  std::optional<grants_drop> drop;
  std::vector<std::pair<uint64_t, grant_ticket>> tickets; ///< by number of the request
  std::vector<std::pair<uint64_t, grant_closed>> closed;
  std::vector<std::pair<uint64_t, caf::error>> refused;
};

/// The lease of one app and what hangs on it: who gets units, when, and how each grant ends. The book has the units;
/// this has the conversation with the store and with those who ask. Every event returns what is to be done about it.
class quota_core {
public:
  using mint_fn = std::function<std::string()>;

  /// `mint` makes a fresh code id. `cfg` must be valid.
  quota_core(quota_manager_config cfg, mint_fn mint, quota_rules rules = {});

  // -- those who ask. `no` numbers requests of both kinds; `requester` is the same for all of one actor's.
  quota_effects asked(uint64_t no, uint64_t requester, const grant_request& ask, quota_now now);
  quota_effects began(const units_sent& s, quota_now now);
  quota_effects ended(const unit_ended& e, quota_now now);
  quota_effects close(uint64_t no, grant_close end, quota_now now);
  quota_effects complained(const limit_reported& r, quota_now now);
  quota_effects requester_down(uint64_t requester, quota_now now);

  // -- answers of the store
  quota_effects took(caf::expected<lease_view> answer, quota_now now);
  quota_effects renewed(caf::expected<lease_view> answer, quota_now now);
  quota_effects opened(grant_key key, const caf::error& err, quota_now now);
  quota_effects found(grant_key key, caf::expected<grant_found> answer, quota_now now);
  quota_effects ended_row(grant_key key, caf::expected<grant_closed> answer, quota_now now);
  quota_effects dropped(const std::vector<grant_key>& rows, const caf::error& err, quota_now now);

  // -- time
  quota_effects tick(quota_now now);

  /// When tick() has something to do, if nothing else happens before.
  int64_t next_ms(quota_now now) const;

  /// Answers all who wait for units with shutting_down.
  quota_effects shut_down();

  actor_status status(quota_now now);
  const quota_book& book() const noexcept { return book_; }
  const rate_state& rate() const noexcept { return rate_; }

private:
  enum class phase : uint8_t {
    opening, ///< being written
    unsure,  ///< the write's outcome is unknown; the row is looked for
    absent,  ///< not there; its units come back after the next write of the lease
    out,     ///< handed out
    ending,  ///< its end is on its way to the store
  };

  struct grant {
    phase at = phase::opening;
    uint64_t no = 0; ///< of the request that waits for it; 0: nobody does
    uint64_t requester = 0;
    int64_t answer_by_ms = 0;
    uint32_t gen_id = 0;
    quota_class use = quota_class::stock;
    std::vector<std::string> ids;
    bool trial = false;
    uint32_t answered = 0;
    uint64_t absent_since_write = 0;
    bool finding = false;
    int64_t find_at_ms = 0;
    int64_t out_since_ms = 0;
    int64_t close_at_ms = 0; ///< of a dead asker; 0: not
  };

  quota_effects pump(quota_now now);
  void keep_lease(quota_now now);
  void lost_lease(quota_now now);
  void written_lease(uint64_t write_no, quota_now now);
  void look_for_unsure(quota_now now);
  void close_abandoned(quota_now now);
  void give_up_waiting(quota_now now);
  void serve(quota_now now);
  void open(const waiting_request& request, uint32_t units, quota_now now);
  void hand_out(grant_key key, grant& g, quota_now now);
  void close_unused(grant_key key, const grant& g, quota_now now);
  void withdraw(grant_key key, quota_now now);
  void send_away(const waiting_request& request, int64_t again_in_ms, quota_now now);
  void send_away(uint64_t no, int64_t again_in_ms);
  void end_trial(const grant& g, quota_now now);
  void remember_calls(const lease_view& view, quota_now now);
  uint32_t used_60s(quota_now now);
  int64_t ready_ms(const waiting_request& request, quota_now now) const;
  uint32_t units_for(const waiting_request& request) const;
  int64_t free_for(quota_class use) const;
  uint32_t grants_open(quota_class use) const;
  std::string problem(quota_now now) const;
  std::string words_for_slowed(quota_now now) const;

  quota_manager_config cfg_;
  mint_fn mint_;
  quota_rules rules_;
  quota_book book_;
  rate_state rate_;
  pace pace_;
  use_meter meter_;        ///< of this process
  use_meter predecessors_; ///< of those who had the lease before it was taken
  grant_queue queue_;
  grant_closer closer_;
  std::map<grant_key, grant> grants_;
  quota_effects out_;

  bool lease_under_way_ = false, first_take_ = true, drop_under_way_ = false;
  int64_t lease_at_ms_ = std::numeric_limits<int64_t>::min();
  int64_t drop_at_ms_ = 0;
  uint64_t writes_ = 0, renew_no_ = 0; // every write of the lease row has a number
  std::map<grant_key, uint64_t> open_no_;
  static constexpr int64_t store_pause_ms = 500; // after the store refused a grant
  int64_t store_again_ms_ = 0, stock_free_since_ms_ = 0;
  std::string lease_words_ = "the lease has not been asked for yet", store_words_, close_words_;
  bool foreign_use_ = false;
  int64_t complained_ms_ = 0;
};

} // namespace qrwell
