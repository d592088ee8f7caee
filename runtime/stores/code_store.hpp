#pragma once

#include "messages/change.hpp"
#include "messages/errors.hpp"
#include "messages/listing.hpp"
#include "messages/quota.hpp"
#include "messages/scan.hpp"
#include "messages/store.hpp"
#include "messages/transfer.hpp"

#include <functional>
#include <memory>

namespace qrwell {

/// The clocks of a store. Tests hand in their own.
struct store_clock {
  std::function<int64_t()> wall_ms;  ///< Unix milliseconds: bound_ms, expiry
  std::function<int64_t()> lease_ms; ///< a clock that nobody sets: CLOCK_BOOTTIME for the embedded store
  std::function<std::string()>
      lease_server; ///< the identity of that clock: the kernel's boot id for the embedded store

  static store_clock system();
};

/// The arbiter of who owns which code (promises P1, P2, P4, P5), of leases and of grants (P3). Blocking, used by one
/// thread at a time; each call is one transaction, synced before it returns. Errors of every writing call:
///   store_busy, store_failed, disk_full  nothing happened;
///   outcome_unknown                      it may have happened: ask again by nonce or by key;
///   unavailable                          the engine is away; nothing happened;
///   store_corrupt                        the process must stop.
/// One contract suite (tests/contract) holds every implementation to this header.
class code_store {
public:
  virtual ~code_store() = default;

  // -- identity and catalogue
  // ------------------------------------------------------------------------------------------------------------------

  virtual caf::expected<store_identity> identity() = 0;

  /// The app's number, new or old. Error conflict when the name is there with another appid.
  virtual caf::expected<uint32_t> ensure_app(const std::string& name, const std::string& appid) = 0;

  /// The generation with this spec (JCS text and its SHA-256), new or old, whatever its state.
  virtual caf::expected<generation_row> ensure_generation(const std::string& pool, uint32_t app_id,
                                                          const std::string& spec, const digest& spec_hash) = 0;

  /// Makes a generation current for its pool; the one that was current begins to age; one that aged revives.
  virtual caf::expected<pool_row> apply_generation(const std::string& pool, uint32_t gen_id,
                                                   const std::string& actor) = 0;

  virtual caf::expected<std::vector<pool_row>> pools() = 0;
  virtual caf::expected<pool_row> pause(const pool_pause& command) = 0; ///< audited

  /// The pool's row, its generations and their stock. Sums lots: its cost does not grow with the number of codes.
  virtual caf::expected<stock_levels> levels(const levels_query& query) = 0;

  /// Registers a MAC key's fingerprint; `verify` "mac" or "store". One that is there may become "store", and stays so.
  struct mac_key_row {
    char key_char = '0';
    digest fingerprint{};
    bool signing = false;
    std::string verify = "mac";
  };
  virtual caf::expected<void> ensure_mac_key(const mac_key_row& key) = 0;
  virtual caf::expected<std::vector<mac_key_row>> mac_keys() = 0;

  // -- start of a node
  // ---------------------------------------------------------------------------------------------------------------------------

  /// What an embedded node does once, under the lock of its data directory and before anything else: ends all older
  /// incarnations, gives back every held lot, seals every filling lot, closes every open grant of `predecessors` as if
  /// all of it had been sent and lost.
  virtual caf::expected<void> begin_incarnation(const std::string& node, const std::string& incarnation,
                                                const std::vector<std::string>& predecessors) = 0;

  /// For a copy that is older than what was issued (`qrwell recover --void-stock`): all that is in stock becomes dead,
  /// lots void. The store gets another uuid, so that no directory takes it for the one it was copied from; and as the
  /// calls of the past minute are not in it, each app's minute counts as used up. Audited. What is bound stays as it
  /// is.
  struct stock_void {
    std::string actor, why;                                 ///< for the audit
    std::vector<std::pair<std::string, uint32_t>> limits{}; ///< app name -> per_minute
    bool only_count = false;                                ///< changes nothing
  };
  struct stock_voided {
    std::vector<std::pair<std::string, uint64_t>> codes; ///< by pool
    int64_t newest_bound_ms = 0;                         ///< of all codes; 0: none is bound
  };
  virtual caf::expected<stock_voided> void_stock(const stock_void& order) = 0;

  // -- leases and grants (docs/quota.md)
  // ---------------------------------------------------------------------------------------------------------------

  /// Takes the lease when it is expired, one's own, or of a predecessor on the same data directory; error not_leader
  /// otherwise. epoch + 1, seq 0.
  virtual caf::expected<lease_view> take_lease(const lease_take& take) = 0;
  virtual caf::expected<lease_view> renew_lease(const lease_renew& renew) = 0; ///< error not_leader

  /// Writes the lease row (epoch, holder: else not_leader) and the grant in one transaction.
  virtual caf::expected<void> open_grant(const grant_open& open) = 0;
  virtual caf::expected<grant_found> find_grant(const grant_find& find) = 0;

  /// Rows `stocked` into the filling lot of the generation (full: ready), rows `dead`, the ledger, the end of the
  /// grant. A grant that is closed already: `was_open` false and nothing written. Needs no lease: it only tells the
  /// truth.
  virtual caf::expected<grant_closed> close_grant(const grant_close& close) = 0;
  virtual caf::expected<void> drop_grants(const grants_drop& drop) = 0;

  // -- lots
  // ---------------------------------------------------------------------------------------------------------------------------------------------

  virtual caf::expected<affected> seal_lots(const lots_seal& seal) = 0;
  virtual caf::expected<affected> give_back_lots(const lots_give_back& back) = 0;
  virtual caf::expected<affected> age_out(const qrwell::age_out& age) = 0; ///< ids: images to delete

  // -- binding
  // -------------------------------------------------------------------------------------------------------------------------------------------

  /// The bind group: claims, lot ends and binds of one synced transaction. Per bind exactly one result: bound, replay,
  /// key_reused or lost_race. A request with a key that lost the race leaves no trace of the key. An error is of the
  /// whole group.
  virtual caf::expected<bind_group_result> bind(const bind_group& group) = 0;

  /// Which of these attempts left a trace, found by their nonces.
  virtual caf::expected<bind_group_result> resolve(const bind_resolve& attempts) = 0;

  /// What these requests got before, read without offering a code.
  virtual caf::expected<bind_group_result> recall(const bind_recall& asked) = 0;

  /// PATCH and DELETE. Whatever was wrong with the change is its end, not an error.
  virtual caf::expected<code_changed> change(const code_change& change) = 0;

  /// stocked -> dead.
  virtual caf::expected<affected> kill_codes(const codes_kill& kill) = 0;

  // -- reading
  // -------------------------------------------------------------------------------------------------------------------------------------------

  virtual caf::expected<scene_answer> find_scenes(const scene_query& query) = 0;
  virtual caf::expected<code_record> find_code(const code_query& query) = 0;

  /// A page of a list. Its work is bounded, however many rows there are and however few of them match. Error
  /// invalid_request when it would have to look into too many generations of too many owners.
  virtual caf::expected<code_page> list(const code_list& query) = 0;
  virtual caf::expected<stats_rows> stats(const stats_query& query) = 0;

  /// The newest entries before a time, `limit` of them and all others of the last one's millisecond.
  virtual caf::expected<audit_entries> audit_log(const audit_query& query) = 0;

  /// For what an operator does that writes nothing else: an entry of its own.
  virtual caf::expected<void> put_audit(const audit_put& put) = 0;

  // -- import and jobs
  // -----------------------------------------------------------------------------------------------------------------------------------

  /// Codes that were bound elsewhere, in a generation of their own per pool; they resolve from then on. A row that
  /// cannot be taken is a fault in the answer and changes nothing.
  virtual caf::expected<import_result> import_codes(const import_rows& rows) = 0;

  virtual caf::expected<job> put_job(const job_put& put) = 0; ///< error not_found for a number that is not there
  virtual caf::expected<jobs_found> jobs(const jobs_query& query) = 0;

  /// Only of jobs that are done, failed or cancelled, and never the newest.
  virtual caf::expected<affected> drop_jobs(const jobs_drop& drop) = 0;

  // -- keys
  // ------------------------------------------------------------------------------------------------------------------------------------------------

  virtual caf::expected<keys_snapshot> keys() = 0;
  virtual caf::expected<api_key> add_key(const key_add& add) = 0;          ///< error conflict
  virtual caf::expected<api_key> rotate_key(const key_rotate& rotate) = 0; ///< errors not_found, conflict
  virtual caf::expected<api_key> revoke_key(const key_revoke& revoke) = 0; ///< error not_found
  virtual caf::expected<void> mark_keys_used(const keys_used& used) = 0;

  // -- counts and care
  // ---------------------------------------------------------------------------------------------------------------------------------

  virtual caf::expected<void> add_scans(const scans_seen& scans) = 0;
  virtual caf::expected<affected> purge(const store_purge& purge) = 0;

  /// Checks P1, P4, P5 and the store's own rules, streaming in bounded memory. `limits`: app name -> per_minute, for
  /// P3's check of the ledger.
  virtual caf::expected<verify_report> verify(const std::vector<std::pair<std::string, uint32_t>>& limits) = 0;
};

} // namespace qrwell
