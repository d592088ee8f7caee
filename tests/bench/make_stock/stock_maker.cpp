#include "tests/bench/make_stock/stock_maker.hpp"

#include "runtime/ids/hash.hpp"

#include <fmt/format.h>

#include <deque>
#include <map>

namespace qrwell::bench {
namespace {

constexpr uint64_t grant_max = 64; ///< ids that the store writes down in one grant; a node takes 16
constexpr size_t binds_per_group = 250, drops_per_call = 512;
constexpr uint32_t lot_size = 250;

} // namespace

store_clock made_up_time::clock() {
  auto out = store_clock::system();
  out.wall_ms = [this] { return static_cast<int64_t>(unix_ms); };
  return out;
}

stock_maker::stock_maker(code_store& store, made_up_time& time, const mac_keys& keys, std::string holder,
                         const app_settings& app, uint32_t app_id, const pool_settings& pool, uint32_t gen_id,
                         uint64_t seed)
    : store_(store)
    , time_(time)
    , keys_(keys)
    , holder_(std::move(holder))
    , lease_("app:" + app.name)
    , app_id_(app_id)
    , gen_id_(gen_id)
    , pool_(pool.name)
    , ms_per_call_(made_up_ms_per_call(app.per_minute))
    , random_(seed)
    , seed_(seed) {}

caf::error stock_maker::take_lease(const std::vector<std::string>& own) {
  auto lease = store_.take_lease({lease_, app_id_, holder_, own, 10'000});
  if (!lease) return lease.error();
  epoch_ = lease->epoch;
  return {};
}

caf::error stock_maker::stock(uint64_t codes) {
  std::vector<std::pair<uint64_t, uint64_t>> closed;
  // Rows of closed grants would count as calls of the last minute; these calls were never made.
  auto drop = [&] {
    auto done = store_.drop_grants({app_id_, std::exchange(closed, {})});
    return done ? caf::error{} : done.error();
  };
  for (uint64_t made = 0; made < codes; made += std::min(grant_max, codes - made)) {
    if (auto err = stock_some(std::min(grant_max, codes - made))) return err;
    closed.emplace_back(epoch_, seq_);
    if (closed.size() >= drops_per_call)
      if (auto err = drop()) return err;
  }
  if (auto err = drop()) return err;
  auto sealed = store_.seal_lots({gen_id_, 0});
  return sealed ? caf::error{} : sealed.error();
}

caf::error stock_maker::stock_some(uint64_t codes) {
  grant_open open{lease_, app_id_, holder_, epoch_, ++seq_, gen_id_, quota_class::stock, {}, 10'000};
  for (uint64_t i = 0; i < codes; ++i) open.ids.push_back(keys_.mint(static_cast<int64_t>(time_.unix_ms)));
  if (auto done = store_.open_grant(open); !done) return done.error();
  grant_close close{app_id_,
                    epoch_,
                    seq_,
                    gen_id_,
                    quota_class::stock,
                    static_cast<uint32_t>(codes),
                    0,
                    {},
                    {},
                    {{"calls", codes}, {"images", codes}},
                    lot_size,
                    {}};
  for (auto& id : open.ids) {
    digest sha{};
    for (auto& byte : sha) byte = static_cast<uint8_t>(random_());
    time_.unix_ms += ms_per_call_;
    auto size = 25'000 + static_cast<uint32_t>(random_() % 10'000);
    close.stocked.push_back({std::move(id), "jpeg", size, sha, static_cast<int64_t>(time_.unix_ms)});
  }
  auto done = store_.close_grant(close);
  return done ? caf::error{} : done.error();
}

bind_request stock_maker::target_for(std::string id, uint64_t lot_no) {
  bind_request out;
  out.ticket = ++bound_;
  out.id = std::move(id);
  out.lot_no = lot_no;
  out.gen_id = gen_id_;
  out.mark = random_nonce();
  out.pool = pool_;
  out.owner = "shop";
  out.path = fmt::format("pages/house/{}-{}", seed_, bound_);
  out.query = fmt::format(R"({{"id":"{}","from":"poster"}})", random_() % 100'000'000);
  out.actor = "make_stock";
  return out;
}

caf::error stock_maker::bind(uint64_t codes, const std::function<void(std::string_view, std::string_view)>& made) {
  std::deque<std::pair<std::string, uint64_t>> shelf;
  std::map<uint64_t, size_t> left;
  std::vector<uint64_t> finished;
  for (uint64_t done = 0; done < codes;) {
    bind_group group{holder_, {}, {}, std::exchange(finished, {})};
    while (!shelf.empty() && group.binds.size() < binds_per_group && done + group.binds.size() < codes) {
      auto [id, lot_no] = std::move(shelf.front());
      shelf.pop_front();
      if (--left[lot_no] == 0) {
        finished.push_back(lot_no);
        left.erase(lot_no);
      }
      group.binds.push_back(target_for(std::move(id), lot_no));
    }
    if (shelf.size() < binds_per_group) group.claims.push_back({pool_, gen_id_, 4});
    auto result = store_.bind(group);
    if (!result) return result.error();
    for (auto& claim : result->claims)
      for (auto& lot : claim.lots) {
        left[lot.lot_no] = lot.ids.size();
        for (auto& id : lot.ids) shelf.emplace_back(std::move(id), lot.lot_no);
      }
    for (auto& r : result->results) {
      if (r.end != bind_end::bound) return fail(ec::internal, "code " + r.code.id + " of a fresh lot was not free");
      made(r.code.id, r.code.path);
    }
    done += result->results.size();
    if (group.binds.empty() && shelf.empty())
      return fail(ec::out_of_stock, fmt::format("{} of {} codes are bound, and no more are in stock", done, codes));
  }
  if (auto ended = store_.bind({holder_, {}, {}, finished}); !ended) return ended.error();
  auto back = store_.give_back_lots({holder_});
  return back ? caf::error{} : back.error();
}

} // namespace qrwell::bench
