#pragma once

#include "actors/quota_manager/quota_constants.hpp"
#include "messages/errors.hpp"
#include "messages/quota.hpp"

#include <map>

namespace qrwell::test {

/// The two tables of docs/quota.md in memory: each call is one serial transaction at the instant it is made. Its clock
/// steps, and it fails over to servers whose clocks are wrong; a committed row is never lost (assumption A5).
class sim_database {
public:
  int64_t now_ms = 0;    ///< true time, set by the world before each call
  int64_t offset_ms = 0; ///< of this server's clock
  int server = 1;

  caf::expected<lease_view> take(const lease_take& t) {
    for (auto& [key, g] : grants)
      for (const auto& dead : t.own)
        if (!g.closed && g.holder == dead) end(g, g.units, g.units);
    bool own = holder == t.holder;
    for (const auto& dead : t.own) own = own || holder == dead;
    if (!own && expires_ms >= clock()) return fail(ec::not_leader, "leased");
    ++epoch;
    holder = t.holder;
    seq = 0;
    expires_ms = clock() + t.ttl_ms;
    return view();
  }

  caf::expected<lease_view> renew(const lease_renew& r) {
    if (r.epoch != epoch || r.holder != holder) return fail(ec::not_leader, "lost");
    expires_ms = clock() + r.ttl_ms;
    return view();
  }

  caf::error open(const grant_open& o) {
    if (o.epoch != epoch || o.holder != holder) return fail(ec::not_leader, "lost");
    expires_ms = clock() + o.ttl_ms;
    ++seq;
    grant_row g;
    g.epoch = o.epoch;
    g.seq = o.seq;
    g.holder = o.holder;
    g.units = static_cast<uint32_t>(o.ids.size());
    grants[{o.epoch, o.seq}] = g;
    return {};
  }

  grant_found find(const grant_find& f) const { return {grants.contains({f.epoch, f.seq})}; }

  grant_closed close(const grant_close& c) {
    auto i = grants.find({c.epoch, c.seq});
    if (i == grants.end() || i->second.closed) return {false, {}};
    end(i->second, c.sent, c.lost);
    return {};
  }

  void drop(const grants_drop& d) {
    for (auto [e, s] : d.grants) {
      auto i = grants.find({e, s});
      if (i != grants.end() && i->second.closed) grants.erase(i);
    }
  }

  size_t rows() const { return grants.size(); }

private:
  int64_t clock() const { return now_ms + offset_ms; }

  void end(grant_row& g, uint32_t sent, uint32_t lost) {
    g.closed = true;
    g.closed_ms = clock();
    g.closed_by_server = std::to_string(server);
    g.sent = sent;
    g.lost = lost;
  }

  lease_view view() const {
    lease_view v{epoch, seq, clock(), std::to_string(server), {}};
    for (const auto& [key, g] : grants) v.grants.push_back(g);
    return v;
  }

  uint64_t epoch = 0, seq = 0;
  std::string holder;
  int64_t expires_ms = -1'000'000;
  std::map<grant_key, grant_row> grants;
};

} // namespace qrwell::test
