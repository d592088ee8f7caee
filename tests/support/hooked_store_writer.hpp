#pragma once

#include "messages/errors.hpp"
#include "messages/interfaces.hpp"

#include <caf/all.hpp>

#include <functional>
#include <memory>
#include <optional>

namespace qrwell::test {

/// How a fake answers one kind of request: a value, an error, or (nothing) never.
template <class In, class Out>
using hook = std::function<std::optional<caf::expected<Out>>(In&)>;

/// Runs a hook as a handler would. One that is not set answers `unavailable`.
template <class Out, class Self, class In>
caf::result<Out> answer_by(Self* self, const hook<In, Out>& f, In& x) {
  if (!f) return fail(ec::unavailable, "this test's fake does not do that");
  auto out = f(x);
  if (!out) return self->template make_response_promise<Out>();
  if (!*out) return std::move(out->error());
  return std::move(**out);
}

/// What the fake of the store's writer does; tests set what they need and may change it at any time.
struct store_writer_hooks {
  hook<bind_group, bind_group_result> bind;
  hook<bind_resolve, bind_group_result> resolve;
  hook<code_change, code_changed> change;
  std::function<void(caf::typed_response_promise<code_changed>)> change_later; ///< set: instead of `change`
  hook<codes_kill, affected> kill;
  hook<pool_pause, pool_row> pause;
  hook<key_add, api_key> add_key;
  hook<key_rotate, api_key> rotate_key;
  hook<key_revoke, api_key> revoke_key;
  hook<foreign_keys, done> register_keys;
  hook<audit_put, done> put_audit;
  hook<lease_take, lease_view> take_lease;
  hook<lease_renew, lease_view> renew_lease;
  hook<grant_open, done> open_grant;
  hook<grant_find, grant_found> find_grant;
  hook<grant_close, grant_closed> close_grant;
  hook<grants_drop, done> drop_grants;
  hook<lots_seal, affected> seal_lots;
  hook<lots_give_back, affected> give_back_lots;
  hook<age_out, affected> age;
  hook<scans_seen, done> add_scans;
  hook<keys_used, done> mark_keys_used;
  hook<import_rows, import_result> import_codes;
  hook<job_put, job> put_job;
  hook<jobs_drop, affected> drop_jobs;
  hook<store_purge, affected> purge;
};

inline store_writer_actor::behavior_type hooked_store_writer(store_writer_actor::pointer self,
                                                             std::shared_ptr<store_writer_hooks> h) {
  return {
      [=](bind_group& x) { return answer_by<bind_group_result>(self, h->bind, x); },
      [=](bind_resolve& x) { return answer_by<bind_group_result>(self, h->resolve, x); },
      [=](code_change& x) -> caf::result<code_changed> {
        if (!h->change_later) return answer_by<code_changed>(self, h->change, x);
        auto promise = self->make_response_promise<code_changed>();
        h->change_later(promise);
        return promise;
      },
      [=](codes_kill& x) { return answer_by<affected>(self, h->kill, x); },
      [=](pool_pause& x) { return answer_by<pool_row>(self, h->pause, x); },
      [=](key_add& x) { return answer_by<api_key>(self, h->add_key, x); },
      [=](key_rotate& x) { return answer_by<api_key>(self, h->rotate_key, x); },
      [=](audit_put& x) { return answer_by<done>(self, h->put_audit, x); },
      [=](foreign_keys& x) { return answer_by<done>(self, h->register_keys, x); },
      [=](import_rows& x) { return answer_by<import_result>(self, h->import_codes, x); },
      [=](job_put& x) { return answer_by<job>(self, h->put_job, x); },
      [=](key_revoke& x) { return answer_by<api_key>(self, h->revoke_key, x); },
      [=](lease_take& x) { return answer_by<lease_view>(self, h->take_lease, x); },
      [=](lease_renew& x) { return answer_by<lease_view>(self, h->renew_lease, x); },
      [=](grant_open& x) { return answer_by<done>(self, h->open_grant, x); },
      [=](grant_find& x) { return answer_by<grant_found>(self, h->find_grant, x); },
      [=](grant_close& x) { return answer_by<grant_closed>(self, h->close_grant, x); },
      [=](grants_drop& x) { return answer_by<done>(self, h->drop_grants, x); },
      [=](lots_seal& x) { return answer_by<affected>(self, h->seal_lots, x); },
      [=](lots_give_back& x) { return answer_by<affected>(self, h->give_back_lots, x); },
      [=](age_out& x) { return answer_by<affected>(self, h->age, x); },
      [=](scans_seen& x) { return answer_by<done>(self, h->add_scans, x); },
      [=](keys_used& x) { return answer_by<done>(self, h->mark_keys_used, x); },
      [=](jobs_drop& x) { return answer_by<affected>(self, h->drop_jobs, x); },
      [=](store_purge& x) { return answer_by<affected>(self, h->purge, x); },
      [](tick) {},
      [](status_query) {
        return actor_status{"hooked_store_writer", "", "", "{}"};
      },
  };
}

} // namespace qrwell::test
