#include "tests/contract/rig.hpp"

#include <fmt/format.h>

namespace qrwell::test {

rig::rig(code_store& s, manual_clock& c)
    : store(s)
    , clock(c) {
  app_id = must(store.ensure_app("homes", "wx0123456789abcdef"));
  gen_id = must(store.ensure_generation(pool, app_id, "{\"width\":430}", digest{1})).gen_id;
  must(store.apply_generation(pool, gen_id, "test"));
  must(store.begin_incarnation("n1", "n1-a", {}));
}

std::vector<std::string> rig::fresh_ids(size_t count) {
  std::vector<std::string> ids;
  for (size_t i = 0; i < count; ++i) ids.push_back(fmt::format("a{:019}", ++minted));
  return ids;
}

stocked_code rig::image_of(const std::string& id) const {
  return {id, "jpeg", 4'321, digest{7}, clock.wall - 1'000};
}

grant_open rig::opened(const std::vector<std::string>& ids, const std::string& holder) {
  if (epoch == 0) epoch = must(store.take_lease({lease, app_id, holder, {}, 10'000})).epoch;
  grant_open open{lease, app_id, holder, epoch, ++seq, gen_id, quota_class::stock, ids, 10'000};
  must(store.open_grant(open));
  return open;
}

grant_close rig::close_of(const grant_open& open, uint32_t lot_size) const {
  grant_close close;
  close.app_id = open.app_id;
  close.epoch = open.epoch;
  close.seq = open.seq;
  close.gen_id = open.gen_id;
  close.use = open.use;
  close.sent = static_cast<uint32_t>(open.ids.size());
  for (auto& id : open.ids) close.stocked.push_back(image_of(id));
  close.ledger = {{"calls", open.ids.size()}, {"images", open.ids.size()}};
  close.lot_size = lot_size;
  return close;
}

std::vector<std::string> rig::stock(size_t count, uint32_t lot_size, const std::string& holder) {
  auto ids = fresh_ids(count);
  for (size_t at = 0; at < count; at += 16) {
    auto end = std::min(count, at + 16);
    auto open = opened({ids.begin() + static_cast<std::ptrdiff_t>(at), ids.begin() + static_cast<std::ptrdiff_t>(end)});
    auto close = close_of(open, lot_size);
    close.holder = holder;
    must(store.close_grant(close));
    must(store.drop_grants({app_id, {{open.epoch, open.seq}}}));
  }
  return ids;
}

bind_request rig::request(const std::string& id, const std::string& owner) {
  bind_request r;
  r.ticket = ++ticket;
  r.id = id;
  r.gen_id = gen_id;
  r.mark =
      nonce{static_cast<uint8_t>(ticket), static_cast<uint8_t>(ticket >> 8), static_cast<uint8_t>(ticket >> 16), 1};
  r.pool = pool;
  r.owner = owner;
  r.path = "pages/home/index";
  r.query = "{\"id\":\"7\"}";
  r.actor = "key:shop";
  r.request_id = "req-1";
  return r;
}

bind_request rig::keyed(const std::string& id, const std::string& key, uint8_t body, const std::string& owner) {
  auto r = request(id, owner);
  r.idempotency_key = key;
  r.body_hash = digest{body};
  return r;
}

std::vector<bind_result> rig::bind(std::vector<bind_request> requests) {
  auto out = must(store.bind({"n1-a", requests, {}, {}})).results;
  BOOST_REQUIRE(out.size() == requests.size());
  for (size_t i = 0; i < out.size(); ++i) BOOST_TEST(out[i].ticket == requests[i].ticket);
  return out;
}

std::vector<claimed_lot> rig::claim(uint32_t lots, const std::string& holder) {
  auto out = must(store.bind({holder, {}, {{pool, gen_id, lots}}, {}}));
  BOOST_REQUIRE(out.claims.size() == 1u);
  return out.claims[0].lots;
}

stock_level rig::level(uint32_t of_gen) {
  for (auto& l : must(store.levels({pool})).levels)
    if (l.gen_id == (of_gen ? of_gen : gen_id)) return l;
  BOOST_FAIL("the generation has no level");
  return {};
}

void rig::verify_clean(uint32_t limit) {
  auto report = must(store.verify({{"homes", limit}}));
  BOOST_TEST(report.findings.size() >= 8u);
  for (auto& f : report.findings) BOOST_TEST(f.ok, f.promise << " " << f.check << ": " << f.detail);
}

} // namespace qrwell::test
