#include "runtime/stores/faulty/faulty_code_store.hpp"

namespace qrwell {
namespace {

caf::error error_of(fault what, const char* call) {
  auto say = [&](ec code, const char* rest) { return fail(code, std::string{"injected fault: "} + call + rest); };
  switch (what) {
  case fault::busy:
    return say(ec::store_busy, " found a lock; nothing happened");
  case fault::disk_full:
    return say(ec::disk_full, " found no room; nothing happened");
  case fault::away:
    return say(ec::unavailable, " found the store away; nothing happened");
  case fault::unknown_done:
  case fault::unknown_not_done:
    return say(ec::outcome_unknown, " may or may not have happened");
  default:
    return say(ec::store_failed, " failed; nothing happened");
  }
}

class faulty_code_store final : public code_store {
public:
  faulty_code_store(std::unique_ptr<code_store> inner, std::shared_ptr<fault_plan> plan,
                    std::function<void(uint32_t)> sleep_ms)
      : inner_(std::move(inner))
      , plan_(std::move(plan))
      , sleep_ms_(std::move(sleep_ms)) {}

  caf::expected<store_identity> identity() override {
    return read("identity", [&] { return inner_->identity(); });
  }
  caf::expected<uint32_t> ensure_app(const std::string& name, const std::string& appid) override {
    return write("ensure_app", [&] { return inner_->ensure_app(name, appid); });
  }
  caf::expected<generation_row> ensure_generation(const std::string& pool, uint32_t app_id, const std::string& spec,
                                                  const digest& spec_hash) override {
    return write("ensure_generation", [&] { return inner_->ensure_generation(pool, app_id, spec, spec_hash); });
  }
  caf::expected<pool_row> apply_generation(const std::string& pool, uint32_t gen_id,
                                           const std::string& actor) override {
    return write("apply_generation", [&] { return inner_->apply_generation(pool, gen_id, actor); });
  }
  caf::expected<std::vector<pool_row>> pools() override {
    return read("pools", [&] { return inner_->pools(); });
  }
  caf::expected<pool_row> pause(const pool_pause& q) override {
    return write("pause", [&] { return inner_->pause(q); });
  }
  caf::expected<stock_levels> levels(const levels_query& q) override {
    return read("levels", [&] { return inner_->levels(q); });
  }
  caf::expected<void> ensure_mac_key(const mac_key_row& key) override {
    return write("ensure_mac_key", [&] { return inner_->ensure_mac_key(key); });
  }
  caf::expected<std::vector<mac_key_row>> mac_keys() override {
    return read("mac_keys", [&] { return inner_->mac_keys(); });
  }

  caf::expected<void> begin_incarnation(const std::string& node, const std::string& incarnation,
                                        const std::vector<std::string>& predecessors) override {
    return write("begin_incarnation", [&] { return inner_->begin_incarnation(node, incarnation, predecessors); });
  }

  caf::expected<lease_view> take_lease(const lease_take& q) override {
    return write("take_lease", [&] { return inner_->take_lease(q); });
  }
  caf::expected<lease_view> renew_lease(const lease_renew& q) override {
    return write("renew_lease", [&] { return inner_->renew_lease(q); });
  }
  caf::expected<void> open_grant(const grant_open& q) override {
    return write("open_grant", [&] { return inner_->open_grant(q); });
  }
  caf::expected<grant_found> find_grant(const grant_find& q) override {
    return read("find_grant", [&] { return inner_->find_grant(q); });
  }
  caf::expected<grant_closed> close_grant(const grant_close& q) override {
    return write("close_grant", [&] { return inner_->close_grant(q); });
  }
  caf::expected<void> drop_grants(const grants_drop& q) override {
    return write("drop_grants", [&] { return inner_->drop_grants(q); });
  }

  caf::expected<affected> seal_lots(const lots_seal& q) override {
    return write("seal_lots", [&] { return inner_->seal_lots(q); });
  }
  caf::expected<affected> give_back_lots(const lots_give_back& q) override {
    return write("give_back_lots", [&] { return inner_->give_back_lots(q); });
  }
  caf::expected<affected> age_out(const qrwell::age_out& q) override {
    return write("age_out", [&] { return inner_->age_out(q); });
  }

  caf::expected<bind_group_result> bind(const bind_group& q) override {
    return write("bind", [&] { return inner_->bind(q); });
  }
  caf::expected<bind_group_result> resolve(const bind_resolve& q) override {
    return read("resolve", [&] { return inner_->resolve(q); });
  }
  caf::expected<bind_group_result> recall(const bind_recall& q) override {
    return read("recall", [&] { return inner_->recall(q); });
  }
  caf::expected<code_changed> change(const code_change& q) override {
    return write("change", [&] { return inner_->change(q); });
  }
  caf::expected<affected> kill_codes(const codes_kill& q) override {
    return write("kill_codes", [&] { return inner_->kill_codes(q); });
  }

  caf::expected<scene_answer> find_scenes(const scene_query& q) override {
    return read("find_scenes", [&] { return inner_->find_scenes(q); });
  }
  caf::expected<code_record> find_code(const code_query& q) override {
    return read("find_code", [&] { return inner_->find_code(q); });
  }

  caf::expected<code_page> list(const code_list& q) override {
    return read("list", [&] { return inner_->list(q); });
  }
  caf::expected<stats_rows> stats(const stats_query& q) override {
    return read("stats", [&] { return inner_->stats(q); });
  }
  caf::expected<audit_entries> audit_log(const audit_query& q) override {
    return read("audit_log", [&] { return inner_->audit_log(q); });
  }
  caf::expected<stock_voided> void_stock(const stock_void& q) override {
    return write("void_stock", [&] { return inner_->void_stock(q); });
  }
  caf::expected<void> put_audit(const audit_put& q) override {
    return write("put_audit", [&] { return inner_->put_audit(q); });
  }

  caf::expected<import_result> import_codes(const import_rows& q) override {
    return write("import_codes", [&] { return inner_->import_codes(q); });
  }
  caf::expected<job> put_job(const job_put& q) override {
    return write("put_job", [&] { return inner_->put_job(q); });
  }
  caf::expected<jobs_found> jobs(const jobs_query& q) override {
    return read("jobs", [&] { return inner_->jobs(q); });
  }
  caf::expected<affected> drop_jobs(const jobs_drop& q) override {
    return write("drop_jobs", [&] { return inner_->drop_jobs(q); });
  }

  caf::expected<keys_snapshot> keys() override {
    return read("keys", [&] { return inner_->keys(); });
  }
  caf::expected<api_key> add_key(const key_add& q) override {
    return write("add_key", [&] { return inner_->add_key(q); });
  }
  caf::expected<api_key> rotate_key(const key_rotate& q) override {
    return write("rotate_key", [&] { return inner_->rotate_key(q); });
  }
  caf::expected<api_key> revoke_key(const key_revoke& q) override {
    return write("revoke_key", [&] { return inner_->revoke_key(q); });
  }
  caf::expected<void> mark_keys_used(const keys_used& q) override {
    return write("mark_keys_used", [&] { return inner_->mark_keys_used(q); });
  }

  caf::expected<void> add_scans(const scans_seen& q) override {
    return write("add_scans", [&] { return inner_->add_scans(q); });
  }
  caf::expected<affected> purge(const store_purge& q) override {
    return write("purge", [&] { return inner_->purge(q); });
  }
  caf::expected<verify_report> verify(const std::vector<std::pair<std::string, uint32_t>>& limits) override {
    return read("verify", [&] { return inner_->verify(limits); });
  }

private:
  fault draw(const char* call) {
    auto [what, slow_ms] = plan_->next(call);
    if (slow_ms && sleep_ms_) sleep_ms_(slow_ms);
    return what;
  }

  template <class F>
  std::invoke_result_t<F> write(const char* call, F inner) {
    auto what = draw(call);
    if (what == fault::none) return inner();
    if (what != fault::unknown_done) return error_of(what, call);
    auto out = inner();
    // A call that was refused for a reason of its own had no commit whose outcome could be unknown.
    return out ? std::invoke_result_t<F>{error_of(what, call)} : std::move(out);
  }

  template <class F>
  std::invoke_result_t<F> read(const char* call, F inner) {
    auto what = draw(call);
    if (what == fault::none) return inner();
    if (what == fault::unknown_done || what == fault::unknown_not_done) what = fault::failed;
    return error_of(what, call);
  }

  std::unique_ptr<code_store> inner_;
  std::shared_ptr<fault_plan> plan_;
  std::function<void(uint32_t)> sleep_ms_;
};

} // namespace

std::unique_ptr<code_store> make_faulty(std::unique_ptr<code_store> inner, std::shared_ptr<fault_plan> plan,
                                        std::function<void(uint32_t)> sleep_ms) {
  return std::make_unique<faulty_code_store>(std::move(inner), std::move(plan), std::move(sleep_ms));
}

} // namespace qrwell
