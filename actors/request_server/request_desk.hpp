#pragma once

#include "actors/request_server/issue_answers.hpp"
#include "actors/request_server/request_server_config.hpp"
#include "actors/request_server/visit.hpp"
#include "messages/batch.hpp"
#include "messages/bind.hpp"
#include "messages/http.hpp"
#include "messages/limits.hpp"
#include "messages/stock.hpp"
#include "runtime/keys/key_ring.hpp"

#include <limits>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace qrwell {

/// The two clocks of one event: steady for deadlines, Unix for what people see.
struct moment {
  int64_t mono_ms = 0, wall_ms = 0;
};

/// How a request ended, for the log.
struct desk_note {
  std::string request_id, pool, key, id, rung; ///< id: only of one that got a code; rung: not of a replay
  ec code = ec::none;                          ///< why it got none
  std::string detail;
};

/// What the desk wants done. Each part is one message or one request.
struct desk_effects {
  bind_batch binds;
  bind_recall recall; ///< end: recalled() or not_recalled()
  std::vector<claim_request> claims;
  lots_done done_lots;
  std::vector<live_order> lives;                      ///< requests to the stocker of the pool; end: live_ended()
  std::vector<std::pair<uint64_t, image_get>> images; ///< with a ticket; end: image_ended()
  codes_kill kills;
  std::vector<std::pair<uint32_t, http_answers>> answers;    ///< by front end
  std::vector<std::pair<uint32_t, issue_results>> item_ends; ///< by batch_server
  bool read_keys = false;                                    ///< end: keys_read() or keys_failed()
  keys_used used;
  std::vector<shelf_report> reports;
  std::vector<desk_note> told; ///< only while tell() is on
};

/// `POST /v1/codes` from the request to the answer: who asks and may, what is asked, a code from the ladder, the bind,
/// its end. Every request that comes in is answered exactly once.
class request_desk {
public:
  request_desk(const request_server_config& cfg, const std::vector<std::string>& pools);

  void requests(uint32_t sink, http_batch& batch, moment now);
  void items(uint32_t asker, issue_items& items, moment now);
  void bind_ended(bind_results& results, moment now);
  void recalled(bind_group_result& result, moment now);
  void not_recalled(const bind_recall& asked, moment now);
  void claim_ended(const claim_result& result, moment now);
  void pool_changed(const pool_state& state, moment now);
  void live_ended(const std::string& pool, uint64_t order, const caf::expected<live_codes>& result, moment now);
  void image_ended(uint64_t ticket, caf::expected<image_data> result, moment now);
  void keys_read(keys_snapshot keys, moment now);
  void keys_failed(moment now);
  void tick(moment now);

  /// From now on. Who is here already keeps the deadline that it came with.
  void set_limits(const issue_limits& limits);

  /// Whether effects name how each request ended.
  void tell(bool on) noexcept { tell_ = on; }

  /// All that was decided since the last call.
  desk_effects take(moment now);

  actor_status status() const;

private:
  // admission
  void receive(uint32_t sink, http_request& request, moment now, boost::json::storage_ptr memory);
  bool keys_are_fresh(moment now) const noexcept;
  void await_keys(visit& v, http_request& request, http::problem otherwise);
  void admit(visit& v, http_request& request, moment now, const boost::json::storage_ptr& memory);
  caf::error fill(visit& v, http_request& request, const api_key& key, moment now,
                  const boost::json::storage_ptr& memory);
  caf::error fill(visit& v, issue_request& issue, const api_key& key);
  void receive_item(uint32_t asker, issue_item& item, moment now);
  void read_keys_if_due(moment now);

  // on the way
  void set_out(visit& v, moment now);
  void ask_what_it_got(visit& v);
  void bind_without_code(visit& v, moment now);
  void go_on_without(visit& v, moment now);
  bool follows(visit& v);
  void wake_followers();
  void climb(visit& v, moment now);
  void settle_ladders(moment now);
  void start(visit& v, shelf_code code, moment now);
  void send_bind(visit& v, moment now);
  void bind_ended(bind_result& result, moment now);
  void next_code(visit& v, moment now);
  bool may_see(const visit& v, const code_view& code, moment now);
  void show_again(visit& v, code_view& code, moment now);
  void start_link(visit& v, moment now);
  void show_link_again(visit& v, const code_view& code, moment now);
  bool draw(visit& v, const std::string& text, std::string_view outcome, moment now);
  void refuse(visit& v, http::problem what);
  void note_code(const visit& v, const std::string& id, std::string_view rung);
  void note_refusal(const visit& v, const http::problem& what);
  void free_code(visit& v);
  void resolve_code(visit& v, code_end end);
  void expire(moment now);

  static constexpr int64_t long_ago = std::numeric_limits<int64_t>::min() / 2;

  request_server_config cfg_;
  key_ring keys_;
  bool reading_keys_ = false;
  int64_t keys_asked_ms_ = long_ago, keys_due_ms_ = long_ago; ///< last question; next one
  uint64_t readings_ = 0, reading_seen_ = 0;                  ///< questions asked; the one whose answer the ring is
  int64_t used_due_ms_ = long_ago, report_due_ms_ = long_ago;
  size_t keys_waiting_ = 0, images_open_ = 0;
  bool tell_ = false;
  std::map<std::string, pool_desk, std::less<>> pools_; ///< visits point into it
  reuse_flights reuse_flights_;                         ///< visits let go of their leads
  visit_table visits_;
  issue_answers answers_;
  desk_effects out_;
  nonce next_mark_;
  rate_bucket drawings_;
  uint64_t images_missing_ = 0; ///< of codes in stock, lately
  int64_t image_missed_ms_ = long_ago;
  struct {
    uint64_t received = 0, bound = 0, replayed = 0, reused = 0, refused = 0, lost_races = 0, unknown = 0;
  } counts_;
};

} // namespace qrwell
