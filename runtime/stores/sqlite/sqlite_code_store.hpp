#pragma once

#include "runtime/stores/code_store.hpp"
#include "runtime/stores/sqlite/file_place.hpp"
#include "runtime/stores/sqlite/log_keeper.hpp"
#include "runtime/stores/sqlite/statement.hpp"

#include <unordered_map>

namespace qrwell {

struct sqlite_options {
  std::string file;
  store_clock clock = store_clock::system();
  bool read_only = false;
  bool may_make = true;    ///< a new store, when there is none or an empty file; else that is an error
  bool may_migrate = true; ///< a store of an older schema; else that is an error
  std::function<void(uint32_t from, uint32_t to)> on_migrate; ///< called before a migration, which may take minutes
  std::string cluster_name;                                   ///< written into a store that is made now
  int busy_for_ms = 0;       ///< how long another process's lock is waited for: 0 in a node, more in a tool beside it
  int cache_kib = 64 * 1024; ///< pages in memory, per connection
  bool log_beside = false;   ///< a thread beside the writer brings the log into the file, see log_keeper
};

/// Binds per group: what one transaction may hold up others for.
constexpr size_t bind_group_max = 256;

/// The embedded code_store: one file, one writing connection, any number of reading ones. Schema and rules:
/// docs/store.md.
class sqlite_code_store final : public code_store {
public:
  /// Opens the file; the writer makes or migrates it first, if it may, after a copy of an older one beside it. Errors:
  /// `not_found` when there is no store, `conflict` for one whose schema is not this build's, `unavailable` when it
  /// cannot be opened.
  static caf::expected<std::unique_ptr<code_store>> open(sqlite_options options);

  ~sqlite_code_store() override;

  /// What the file says of itself without its log, of a store that nobody writes. Empty: all of it is still in the log.
  static caf::expected<store_identity> identity_in_file(const std::string& file);

  caf::expected<store_identity> identity() override;
  caf::expected<uint32_t> ensure_app(const std::string& name, const std::string& appid) override;
  caf::expected<generation_row> ensure_generation(const std::string& pool, uint32_t app_id, const std::string& spec,
                                                  const digest& spec_hash) override;
  caf::expected<pool_row> apply_generation(const std::string& pool, uint32_t gen_id, const std::string& actor) override;
  caf::expected<std::vector<pool_row>> pools() override;
  caf::expected<pool_row> pause(const pool_pause& command) override;
  caf::expected<stock_levels> levels(const levels_query& query) override;
  caf::expected<void> ensure_mac_key(const mac_key_row& key) override;
  caf::expected<std::vector<mac_key_row>> mac_keys() override;

  caf::expected<void> begin_incarnation(const std::string& node, const std::string& incarnation,
                                        const std::vector<std::string>& predecessors) override;
  caf::expected<stock_voided> void_stock(const stock_void& order) override;

  caf::expected<lease_view> take_lease(const lease_take& take) override;
  caf::expected<lease_view> renew_lease(const lease_renew& renew) override;
  caf::expected<void> open_grant(const grant_open& open) override;
  caf::expected<grant_found> find_grant(const grant_find& find) override;
  caf::expected<grant_closed> close_grant(const grant_close& close) override;
  caf::expected<void> drop_grants(const grants_drop& drop) override;

  caf::expected<affected> seal_lots(const lots_seal& seal) override;
  caf::expected<affected> give_back_lots(const lots_give_back& back) override;
  caf::expected<affected> age_out(const qrwell::age_out& age) override;

  caf::expected<bind_group_result> bind(const bind_group& group) override;
  caf::expected<bind_group_result> resolve(const bind_resolve& attempts) override;
  caf::expected<bind_group_result> recall(const bind_recall& asked) override;
  caf::expected<code_changed> change(const code_change& change) override;
  caf::expected<affected> kill_codes(const codes_kill& kill) override;

  caf::expected<scene_answer> find_scenes(const scene_query& query) override;
  caf::expected<code_record> find_code(const code_query& query) override;
  caf::expected<code_page> list(const code_list& query) override;
  caf::expected<stats_rows> stats(const stats_query& query) override;
  caf::expected<audit_entries> audit_log(const audit_query& query) override;
  caf::expected<void> put_audit(const audit_put& put) override;

  caf::expected<import_result> import_codes(const import_rows& rows) override;
  caf::expected<job> put_job(const job_put& put) override;
  caf::expected<jobs_found> jobs(const jobs_query& query) override;
  caf::expected<affected> drop_jobs(const jobs_drop& drop) override;

  caf::expected<keys_snapshot> keys() override;
  caf::expected<api_key> add_key(const key_add& add) override;
  caf::expected<api_key> rotate_key(const key_rotate& rotate) override;
  caf::expected<api_key> revoke_key(const key_revoke& revoke) override;
  caf::expected<void> mark_keys_used(const keys_used& used) override;

  caf::expected<void> add_scans(const scans_seen& scans) override;
  caf::expected<affected> purge(const store_purge& purge) override;
  caf::expected<verify_report> verify(const std::vector<std::pair<std::string, uint32_t>>& limits) override;

  /// For the test of query plans.
  std::vector<std::pair<std::string, std::string>> prepared() const { return db_->prepared(); }

private:
  sqlite_code_store(std::unique_ptr<sqlite::connection> db, store_clock clock)
      : db_(std::move(db))
      , clock_(std::move(clock)) {}

  /// One transaction around `body`, which throws sqlite::refusal to end it without a trace.
  template <class F>
  auto write(F body) -> caf::expected<std::invoke_result_t<F>> {
    return transaction(true, std::move(body));
  }
  template <class F>
  auto read(F body) -> caf::expected<std::invoke_result_t<F>> {
    return transaction(false, std::move(body));
  }
  template <class F>
  auto transaction(bool writes, F body) -> caf::expected<std::invoke_result_t<F>>;

  // shared by the topics
  void audit(const std::string& actor, std::string_view action, const std::string& doc);
  const std::string& pool_of(uint32_t gen_id);
  const std::string& node_of(const std::string& incarnation);
  std::optional<code_view> read_code(std::string_view id);
  pool_row read_pool(const std::string& pool);
  generation_row read_generation(uint32_t gen_id);
  void bump_commit_seq();

  // keys.cpp
  int64_t today() const; ///< days since 1970, UTC
  api_key key_named(const std::string& name);

  // bind.cpp
  struct group_counts;
  bind_result bind_one(const bind_request& r, int64_t now_ms, group_counts& counts);
  bind_result bind_target(const bind_request& r, const nonce& mark, int64_t now_ms, group_counts& counts);
  std::optional<code_view> reusable(const bind_request& r, int64_t now_ms);
  bool within_budget(const bind_request& r, int64_t now_ms, group_counts& counts);
  int64_t prefix_number(const std::string& prefix);
  bind_result bind_row(const bind_request& r, const nonce& mark, int64_t now_ms, group_counts& counts);
  bind_result end_of_attempt(const bind_request& r);
  void write_tags(const bind_request& r, int64_t now_ms, group_counts& counts);
  void write_counts(const group_counts& counts, int64_t now_ms, const std::string& node);

  // change.cpp
  code_view changed_by(const code_change& asked, const code_view& before, int64_t now_ms) const;
  void write_change(const code_change& asked, const code_view& before, const code_view& after, int64_t now_ms);

  // transfer.cpp
  uint32_t foreign_generation(const std::string& pool);
  void write_imported(const import_row& row, uint32_t gen_id, const std::string& actor);

  // grants.cpp
  lease_view view_of_lease(const std::string& name, uint32_t app_id);
  void close_as_lost(const std::vector<std::string>& holders);
  void add_to_books(uint32_t app_id, uint32_t gen_id, int64_t opened_ms, const std::string& node, quota_class use,
                    const std::string& outcome, uint64_t count);
  void write_dead(const std::string& id, uint32_t gen_id, const std::string& reason, uint64_t epoch, uint64_t seq);
  std::vector<claimed_lot> write_stock(const grant_close& close);
  std::vector<claimed_lot> held_lots_of(const grant_close& close);

  // void_stock.cpp
  void use_up_minute(const std::string& app, uint32_t per_minute);

  // care.cpp
  uint32_t launch_to_count(const scan_count& scan, int64_t day);
  std::string next_after(const std::string& scanned_id);
  bool next_after(std::pair<std::string, std::string>& counted);
  int64_t fold_old_counts(int64_t today, int64_t rows_max);

  // lots.cpp
  uint64_t begin_lot(uint32_t gen_id, const std::string& holder);
  claim_result claim(const claim_request& request, const std::string& holder);
  void end_lot(uint64_t lot_no, const std::string& holder);
  uint64_t release_lots(const std::string& holder);
  std::vector<std::string> stocked_in(uint64_t lot_no);

  // verify.cpp
  struct examination;
  void verify_codes(examination& exam);
  void verify_nonces(examination& exam);
  void verify_keys(examination& exam);
  void verify_history(examination& exam);
  void verify_books(examination& exam);
  void verify_ledger(examination& exam, const std::vector<std::pair<std::string, uint32_t>>& limits);

  caf::error in_place();
  void commit(bool writes);
  void keep_log();

  std::unique_ptr<sqlite::connection> db_;
  store_clock clock_;
  std::optional<sqlite::file_place> place_;        ///< of the writer
  std::unique_ptr<sqlite::log_keeper> log_keeper_; ///< likewise
  sqlite::log_turns log_turns_;
  std::string scans_walked_;                                ///< the last code whose old scans were folded
  std::pair<std::string, std::string> counts_walked_;       ///< the last owner and tag whose old hours went
  std::unordered_map<uint32_t, std::string> pool_names_;    ///< of generations; never changes for a generation
  std::unordered_map<std::string, std::string> node_names_; ///< of incarnations, bounded
  std::optional<caf::error> stopped_;                       ///< after store_corrupt nothing more is tried
};

template <class F>
auto sqlite_code_store::transaction(bool writes, F body) -> caf::expected<std::invoke_result_t<F>> {
  using result = std::invoke_result_t<F>;
  if (stopped_) return *stopped_;
  if (writes)
    if (auto gone = in_place()) return gone;
  try {
    writes ? db_->begin_write() : db_->begin_read();
    if constexpr (std::is_void_v<result>) {
      body();
      commit(writes);
      return caf::unit;
    } else {
      auto out = body();
      commit(writes);
      return out;
    }
  } catch (const sqlite::refusal& r) {
    db_->rollback();
    if (code_of(r.error) == ec::store_corrupt) stopped_ = r.error;
    return r.error;
  } catch (const std::exception& e) {
    db_->rollback();
    return fail(ec::store_failed, "store " + db_->file() + ": " + e.what() + "; nothing was written");
  }
}

} // namespace qrwell
