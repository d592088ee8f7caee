#include "tests/actors/pool_stocker/core_bench.hpp"

#include <random>
#include <set>

using namespace qrwell;
using namespace qrwell::test;

namespace {

bool says(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

pool_stocker_config with_stock(uint64_t low, uint64_t high) {
  auto cfg = small_pool();
  cfg.low = low;
  cfg.high = high;
  return cfg;
}

} // namespace

BOOST_AUTO_TEST_SUITE(stocker_core_suite)

BOOST_AUTO_TEST_CASE(fills_to_its_target_and_stops) {
  core_bench b;
  b.advance(3'000);
  BOOST_TEST(b.stocked() == 100u);
  BOOST_TEST(b.fetches == 100u);
  for (const auto& c : b.closes) check_books(c);
  BOOST_TEST(b.core.state(b.now).level == 100u);
  BOOST_TEST(b.core.state(b.now).per_minute == 100.0);
  BOOST_TEST(says(b.plan(), "Full"));
  b.levels.levels[0].ready_codes -= 30; // issued
  b.advance(2'000);
  BOOST_TEST(b.stocked() == 130u);
}

BOOST_AUTO_TEST_CASE(every_sent_unit_is_said_and_ended) {
  core_bench b;
  b.advance(3'000);
  for (const auto& c : b.closes) {
    BOOST_TEST(b.sent[c.seq] == static_cast<int>(c.sent));
    BOOST_TEST(b.ended[c.seq] == static_cast<int>(c.sent));
  }
}

BOOST_AUTO_TEST_CASE(the_first_of_a_new_generation_is_asked_alone) {
  core_bench b;
  b.hold_fetches = true;
  b.advance(400);
  BOOST_TEST(b.grants.size() == 1u);
  BOOST_TEST(b.grants[0].want == 5u);
  BOOST_TEST(b.held.size() == 1u);
  b.release(1);
  BOOST_TEST(b.held.size() == 4u);
  BOOST_TEST(b.grants.size() == 1u);
  b.release(4);
  BOOST_TEST(b.held.size() > 16u); // now in earnest
}

BOOST_AUTO_TEST_CASE(a_new_generation_whose_page_is_not_released_tries_once_a_minute_and_begins_by_itself) {
  core_bench b{with_stock(5'000, 5'000)};
  b.fetch = [](const fetch_code& f) { return refusal_of(f.id, 41030); };
  b.advance(600'000);
  BOOST_TEST(b.fetches >= 10u);
  BOOST_TEST(b.fetches <= 20u); // 1, 2, 4, ... 60 s apart
  BOOST_TEST(b.pauses.empty());
  BOOST_TEST(!b.core.state(b.now).paused);
  auto problem = b.core.status(b.now).problem;
  BOOST_TEST(says(problem, "middle page is not in the released version"));
  BOOST_TEST(says(problem, "stocking begins by itself when the page is released"));
  for (const auto& close : b.closes) check_books(close);
  b.fetch = [&b](const fetch_code& f) { return image_of(f.id, b.next_seed++); };
  b.advance(70'000);
  BOOST_TEST(b.fetches > 100u);
  BOOST_TEST(b.core.status(b.now).problem.empty());
}

BOOST_AUTO_TEST_CASE(a_page_that_is_taken_back_pauses_the_pool) {
  core_bench b;
  b.advance(1'000);
  auto before = b.fetches;
  BOOST_TEST(before > 5u);
  b.fetch = [](const fetch_code& f) { return refusal_of(f.id, 41030); };
  b.levels.levels[0].ready_codes = 0; // all of it was issued
  b.advance(120'000);
  BOOST_TEST(b.fetches - before >= 1u);
  BOOST_TEST(b.fetches - before <= 64u); // those that were under way at once
  BOOST_REQUIRE(b.pauses.size() == 1u);
  BOOST_TEST(says(b.pauses[0].reason, "41030"));
}

BOOST_AUTO_TEST_CASE(settings_that_wechat_does_not_take_cost_one_call_and_pause) {
  core_bench b{with_stock(5'000, 5'000)};
  b.fetch = [](const fetch_code& f) { return refusal_of(f.id, 40097); };
  b.advance(120'000);
  BOOST_TEST(b.fetches == 1u);
  BOOST_REQUIRE(b.pauses.size() == 1u);
  BOOST_TEST(b.pauses[0].paused);
  BOOST_TEST(says(b.pauses[0].reason, "40097"));
  BOOST_TEST(says(b.pauses[0].reason, "does not take a parameter"));
  BOOST_TEST(says(b.core.status(b.now).problem, "40097"));
  BOOST_TEST(b.core.state(b.now).paused);
  BOOST_REQUIRE(b.closes.size() == 1u);
  check_books(b.closes[0]);
  BOOST_TEST(b.closes[0].dead.at(0).reason == "wechat_40097");
  // Released meanwhile, and resumed: probes again, then fills.
  b.fetch = [&b](const fetch_code& f) { return image_of(f.id, b.next_seed++); };
  b.carry_out(b.core.on_command(1, {"default", pool_verb::resume, "", "op", 0}, b.now));
  BOOST_TEST(!b.commands[1].state.paused);
  b.advance(400);
  BOOST_TEST(b.grants[1].want == 5u);
  BOOST_TEST(b.stocked() > 100u);
}

BOOST_AUTO_TEST_CASE(probes_of_different_size_pause) {
  core_bench b{with_stock(5'000, 5'000)};
  b.fetch = [&b](const fetch_code& f) {
    ++b.next_seed;
    return image_of(f.id, b.next_seed, b.next_seed == 4 ? 24 : 16);
  };
  b.advance(60'000);
  BOOST_TEST(b.fetches == 5u);
  BOOST_REQUIRE(b.pauses.size() == 1u);
  BOOST_TEST(says(b.pauses[0].reason, "wrong_size"));
  for (const auto& c : b.closes) check_books(c);
}

BOOST_AUTO_TEST_CASE(an_old_generation_is_not_probed_again) {
  core_bench b;
  b.levels.levels[0].ready_codes = 20;
  b.advance(400);
  BOOST_TEST(b.grants.at(0).want == 16u);
}

BOOST_AUTO_TEST_CASE(grants_are_asked_one_by_one_and_bounded) {
  auto cfg = with_stock(5'000, 5'000);
  cfg.grants_under_way_max = 3;
  cfg.calls_under_way_max = 40;
  core_bench b{cfg};
  b.levels.levels[0].ready_codes = 1; // no probes
  std::vector<uint64_t> open_asks;
  b.hold_fetches = true;
  b.advance(2'000);
  BOOST_TEST(b.grants.size() == 3u);
  BOOST_TEST(b.held.size() == 40u);
  b.release(16);
  b.advance(200);
  BOOST_TEST(b.grants.size() == 4u);
  BOOST_TEST(b.calls_under_way_most == 40u);
}

BOOST_AUTO_TEST_CASE(a_fill_never_makes_more_than_is_due) {
  auto cfg = with_stock(50, 50);
  core_bench b{cfg};
  b.levels.levels[0].ready_codes = 1;
  b.hold_fetches = true;
  b.advance(10'000); // levels are read again and again meanwhile
  uint64_t wanted = 0;
  for (const auto& g : b.grants) wanted += g.want;
  BOOST_TEST(wanted == 49u);
}

BOOST_AUTO_TEST_CASE(a_transient_failure_is_tried_again_with_the_same_id_and_is_not_dead) {
  core_bench b;
  std::map<std::string, int> tries;
  b.fetch = [&](const fetch_code& f) {
    return ++tries[f.id] == 1 && f.id.back() == '7' ? refusal_of(f.id, -1) : image_of(f.id, b.next_seed++);
  };
  b.advance(10'000);
  BOOST_TEST(b.stocked() == 100u);
  BOOST_TEST(b.pauses.empty());
  for (const auto& c : b.closes) {
    check_books(c);
    BOOST_TEST(c.dead.empty());
  }
  for (const auto& [id, n] : tries) BOOST_TEST(n == (id.back() == '7' ? 2 : 1));
  BOOST_TEST(says(b.core.status(b.now).facts, "\"dead_last_100\":0"));
}

BOOST_AUTO_TEST_CASE(an_id_is_tried_three_times_and_then_dead) {
  core_bench b;
  std::map<std::string, int> tries;
  b.fetch = [&](const fetch_code& f) {
    ++tries[f.id];
    return f.id == "id30" ? refusal_of(f.id, -1) : image_of(f.id, b.next_seed++);
  };
  b.advance(10'000);
  BOOST_TEST(tries["id30"] < 3); // the pool is full: it waits for the next need
  b.levels.levels[0].ready_codes -= 20;
  b.advance(10'000);
  BOOST_TEST(tries["id30"] == 3);
  BOOST_TEST(b.dead("wechat_-1") == 1u);
  BOOST_TEST(b.stocked() == 120u);
}

BOOST_AUTO_TEST_CASE(more_than_a_tenth_dead_pauses) {
  core_bench b{with_stock(5'000, 5'000)};
  b.levels.levels[0].ready_codes = 1;
  uint32_t n = 0;
  b.fetch = [&](const fetch_code& f) {
    auto out = image_of(f.id, b.next_seed++);
    if (std::stoi(f.id.substr(2)) % 5 == 0) out.image.resize(out.image.size() / 2); // always cut
    ++n;
    return out;
  };
  b.advance(60'000);
  BOOST_REQUIRE(b.pauses.size() == 1u);
  BOOST_TEST(says(b.pauses[0].reason, "truncated"));
  BOOST_TEST(n < 300u);
  BOOST_TEST(b.dead("truncated") >= 11u);
  for (const auto& c : b.closes) check_books(c);
  auto before = n;
  b.advance(600'000);
  BOOST_TEST(n == before); // paused is paused
  BOOST_TEST(says(b.plan(), "Paused"));
}

BOOST_AUTO_TEST_CASE(one_in_twenty_dead_does_not_pause) {
  core_bench b{with_stock(2'000, 2'000)};
  b.levels.levels[0].ready_codes = 1;
  b.fetch = [&](const fetch_code& f) {
    return std::stoi(f.id.substr(2)) % 20 == 0 ? refusal_of(f.id, 99999) : image_of(f.id, b.next_seed++);
  };
  b.advance(60'000);
  BOOST_TEST(b.pauses.empty());
  BOOST_TEST(b.core.state(b.now).level >= 2'000u);
}

BOOST_AUTO_TEST_CASE(a_pause_that_cannot_be_written_holds_and_is_written_later) {
  core_bench b;
  auto write = b.pause;
  b.pause = [](const pool_pause&) -> caf::expected<pool_row> { return fail(ec::unavailable, "store is away"); };
  b.fetch = [](const fetch_code& f) { return refusal_of(f.id, 40097); };
  b.advance(5'000); // levels say meanwhile that nothing is paused
  BOOST_TEST(b.fetches == 1u);
  BOOST_TEST(b.core.state(b.now).paused);
  BOOST_TEST(b.pauses.size() >= 4u);
  b.pause = write;
  b.advance(2'000);
  auto tries = b.pauses.size();
  b.advance(5'000);
  BOOST_TEST(b.pauses.size() == tries);
  BOOST_TEST(b.levels.pool.paused);
}

BOOST_AUTO_TEST_CASE(a_pause_written_by_another_is_obeyed_and_lifted) {
  core_bench b{with_stock(50'000, 50'000)};
  b.hold_fetches = true;
  b.advance(1'000);
  b.levels.pool.paused = true;
  b.levels.pool.pause_reason = "by alice";
  b.advance(1'200);
  auto before = b.fetches;
  b.release();
  b.advance(5'000);
  BOOST_TEST(b.fetches == before);
  BOOST_TEST(says(b.plan(), "by alice"));
  b.levels.pool.paused = false;
  b.hold_fetches = false;
  b.advance(2'000);
  BOOST_TEST(b.fetches > before);
}

BOOST_AUTO_TEST_CASE(the_limit_ends_the_grant_and_is_told) {
  core_bench b{with_stock(5'000, 5'000)};
  b.levels.levels[0].ready_codes = 1;
  bool limited = true;
  b.fetch = [&](const fetch_code& f) { return limited ? refusal_of(f.id, 45009) : image_of(f.id, b.next_seed++); };
  b.advance(200);
  BOOST_TEST(!b.limits.empty());
  BOOST_TEST(b.limits[0] == 45009);
  auto at_once = b.fetches;
  b.advance(800);
  BOOST_TEST(b.fetches == at_once);
  BOOST_TEST(says(b.plan(), "45009"));
  b.advance(30'000);
  BOOST_TEST(b.fetches - at_once < 10u); // one at a time with growing pauses
  BOOST_TEST(b.pauses.empty());
  limited = false;
  b.advance(60'000);
  BOOST_TEST(b.stocked() > 100u);
  for (const auto& c : b.closes) check_books(c);
}

BOOST_AUTO_TEST_CASE(an_outage_costs_few_units_and_ends_by_itself) {
  core_bench b{with_stock(5'000, 5'000)};
  b.levels.levels[0].ready_codes = 1;
  bool away = true;
  b.fetch = [&](const fetch_code& f) {
    if (!away) return image_of(f.id, b.next_seed++);
    fetched_code out;
    out.id = f.id;
    out.outcome = fetch_outcome::never_written;
    out.detail = "connection refused";
    out.retry_after_ms = 700;
    return out;
  };
  b.advance(300'000);
  BOOST_TEST(b.fetches < 120u);
  BOOST_TEST(says(b.plan(), "connection refused"));
  BOOST_TEST(b.pauses.empty());
  for (const auto& c : b.closes) {
    BOOST_TEST(c.sent == 0u);
    BOOST_TEST(c.ledger.empty());
    BOOST_TEST(c.dead.empty());
  }
  away = false;
  b.advance(70'000);
  BOOST_TEST(b.stocked() > 1'000u);
}

BOOST_AUTO_TEST_CASE(an_outage_is_no_problem_any_more_when_nothing_is_to_be_made) {
  core_bench b;
  b.levels.levels[0].ready_codes = 50;
  b.fetch = [](const fetch_code& f) { return refusal_of(f.id, -1); };
  b.advance(10'000);
  BOOST_TEST(says(b.core.status(b.now).problem, "WeChat refuses codes: -1"));
  b.levels.levels[0].ready_codes = 100;
  b.advance(65'000);
  BOOST_TEST(b.core.status(b.now).problem == "");
  BOOST_TEST(says(b.plan(), "Full"));
}

BOOST_AUTO_TEST_CASE(a_fetcher_that_does_not_answer_is_a_lost_call) {
  core_bench b;
  b.hold_fetches = true;
  b.advance(400);
  auto f = b.held.front();
  b.held.clear();
  b.calls_under_way = 0;
  b.hold_fetches = false;
  b.carry_out(b.core.on_fetched(f.run, f.request.id, fail(ec::timeout, "no answer"), b.now));
  b.advance(5'000);
  BOOST_TEST(b.stocked() == 100u);
  BOOST_TEST(b.closes[0].lost == 1u);
  check_books(b.closes[0]);
}

BOOST_AUTO_TEST_CASE(images_that_cannot_be_written_are_dead_and_the_books_balance) {
  core_bench b;
  b.levels.levels[0].ready_codes = 1;
  bool full = true;
  b.write = [&full](const images_put&) {
    return full ? fail(ec::disk_full, "no room in ./data/images") : caf::error{};
  };
  b.advance(30'000);
  for (const auto& c : b.closes) check_books(c);
  BOOST_TEST(b.dead("image_write_failed") == b.fetches);
  BOOST_TEST(b.fetches <= 99u);
  BOOST_TEST(b.dropped.size() == b.fetches); // whatever was written of them
  BOOST_TEST(says(b.core.status(b.now).problem, "no room"));
  BOOST_TEST(b.pauses.empty());
  full = false;
  b.advance(65'000);
  BOOST_TEST(b.core.state(b.now).level == 100u);
}

BOOST_AUTO_TEST_CASE(a_short_trouble_of_the_image_store_costs_nothing) {
  core_bench b;
  int failures = 2;
  b.write = [&failures](const images_put&) { return failures-- > 0 ? fail(ec::timeout, "slow disk") : caf::error{}; };
  b.advance(10'000);
  BOOST_TEST(b.stocked() == 100u);
  BOOST_TEST(b.dead("image_write_failed") == 0u);
}

BOOST_AUTO_TEST_CASE(the_end_of_a_grant_is_repeated_until_the_store_takes_it) {
  core_bench b;
  bool away = true;
  auto take = b.close;
  b.close = [&](const grant_close& c) -> caf::expected<grant_closed> {
    if (away) return fail(ec::unavailable, "store is away");
    return take(c);
  };
  b.advance(60'000);
  BOOST_TEST(b.closes.empty());
  BOOST_TEST(b.fetches <= 100u);
  BOOST_TEST(says(b.core.status(b.now).problem, "store is away"));
  away = false;
  b.advance(20'000);
  BOOST_TEST(b.stocked() == 100u);
  BOOST_TEST(b.fetches == 100u); // nothing was thrown away
}

BOOST_AUTO_TEST_CASE(without_room_nothing_is_stocked) {
  core_bench b;
  b.free_bytes = 10;
  b.advance(20'000);
  BOOST_TEST(b.fetches == 0u);
  BOOST_TEST(says(b.core.status(b.now).problem, "min_free_bytes"));
  b.free_bytes = 1'000'000;
  b.advance(20'000);
  BOOST_TEST(b.stocked() == 100u);
}

BOOST_AUTO_TEST_CASE(quota_that_is_not_ours_is_said) {
  core_bench b;
  b.grant = [](const grant_request&) -> caf::expected<grant_ticket> { return fail(ec::not_leader, "n2 leads"); };
  b.advance(10'000);
  BOOST_TEST(says(b.plan(), "another node leads app homes"));
  BOOST_TEST(b.core.status(b.now).problem == "");
  BOOST_TEST(b.grants.size() <= 11u);
  auto told_ms = b.now.mono_ms;
  b.grant = [&](const grant_request&) -> caf::expected<grant_ticket> {
    return grant_ticket{1, 3, 0, {}, static_cast<uint32_t>(told_ms + 46'000 - b.now.mono_ms)};
  };
  b.advance(2'000);
  BOOST_TEST(says(b.plan(), "Waiting for quota of app homes"));
  BOOST_TEST(says(b.plan(), "may be made in 44 s"));
  BOOST_TEST(b.core.state(b.now).retry_after_s == 44u);
  auto asked = b.grants.size();
  b.advance(30'000);
  BOOST_TEST(b.grants.size() <= asked + 3); // units that were not used may have come back
  BOOST_TEST(says(b.plan(), "may be made in 14 s"));
  BOOST_TEST(b.core.state(b.now).retry_after_s == 14u);
}

BOOST_AUTO_TEST_CASE(ids_of_a_grant_that_may_exist_are_not_written_twice) {
  core_bench b;
  b.levels.levels[0].ready_codes = 1;
  int n = 0;
  b.fetch = [&](const fetch_code& f) { return ++n == 1 ? refusal_of(f.id, -1) : image_of(f.id, b.next_seed++); };
  b.grant = [&](const grant_request& r) -> caf::expected<grant_ticket> {
    if (!r.carry.empty()) return fail(ec::timeout, "no answer");
    return b.ticket(r);
  };
  b.advance(20'000);
  size_t carried = 0;
  for (const auto& g : b.grants) carried += g.carry.size();
  BOOST_TEST(carried == 1u);
  BOOST_TEST(b.dead("wechat_-1") == 1u); // given up, with a row
  BOOST_TEST(b.core.state(b.now).level == 100u);
}

BOOST_AUTO_TEST_CASE(a_window_share_is_held) {
  auto cfg = with_stock(0, 100'000);
  cfg.open = *parse_windows({"daily 00:00-24:00 share 40%"}, "UTC");
  cfg.per_minute = 1'000;
  cfg.live_reserve = 100;
  core_bench b{cfg};
  b.levels.levels[0].ready_codes = 1;
  b.advance(120'000);
  BOOST_TEST(b.stocked() >= 700u);
  BOOST_TEST(b.stocked() <= 736u); // 40 % of 900 a minute, and the first burst
  BOOST_TEST(says(b.plan(), "40 %"));
}

BOOST_AUTO_TEST_CASE(lots_are_sized_by_the_level_and_sealed) {
  core_bench b{with_stock(3'000, 3'000)};
  b.advance(10'000);
  BOOST_TEST(b.closes.front().lot_size == 10u);
  BOOST_TEST(b.closes.back().lot_size == 250u);
  BOOST_REQUIRE(!b.seals.empty());
  BOOST_TEST(b.seals[0].gen_id == 7u);
  b.seals.clear();
  b.advance(10'000);
  BOOST_TEST(b.seals.empty()); // nothing is filling
  b.levels.levels[0].filling_codes = 3;
  b.advance(2'000);
  BOOST_REQUIRE(!b.seals.empty());
  BOOST_TEST(b.seals.back().older_than_for_ms == 5'000u);
}

BOOST_AUTO_TEST_CASE(a_former_generation_ages_out) {
  core_bench b;
  b.levels.pool.updated_ms = b.now.wall_ms;
  b.levels.generations[0].created_ms = b.now.wall_ms;
  b.levels.generations.push_back({3, "default", 1, "{}", {}, generation_state::ageing, b.now.wall_ms - 1'000});
  b.levels.generations.push_back({2, "default", 1, "{}", {}, generation_state::dead, 0});
  int rounds = 0;
  b.age = [&](const age_out&) -> caf::expected<affected> {
    if (++rounds == 2) return fail(ec::store_busy, "locked");
    return rounds < 5 ? affected{2, {"old" + std::to_string(rounds), "more"}} : affected{};
  };
  b.advance(23 * 3'600'000);
  BOOST_TEST(b.aged.empty());
  b.advance(2 * 3'600'000);
  BOOST_TEST(rounds >= 5);
  for (const auto& a : b.aged) BOOST_TEST(a.gen_id == 3u);
  BOOST_TEST(b.dropped.size() == 6u);
}

BOOST_AUTO_TEST_CASE(a_generation_that_came_back_dates_the_ageing_of_its_successor) {
  core_bench b; // 7 is current again; 9 was current in between and is younger
  b.levels.generations[0].created_ms = 1'000;
  b.levels.generations.push_back(
      {9, "default", 1, "{}", {}, generation_state::ageing, b.now.wall_ms - 100 * 3'600'000});
  b.levels.pool.updated_ms = b.now.wall_ms;
  b.advance(23 * 3'600'000);
  BOOST_TEST(b.aged.empty());
  b.advance(2 * 3'600'000);
  BOOST_REQUIRE(!b.aged.empty());
  BOOST_TEST(b.aged[0].gen_id == 9u);
}

// A to B on Monday, back to A on Tuesday, to B again on Thursday: A's stock is of Wednesday, and B's row of Monday.
BOOST_AUTO_TEST_CASE(a_look_that_comes_and_goes_and_comes_again_does_not_age_the_other_early) {
  core_bench b; // 7 is current again, and older than it looks
  b.levels.generations[0].created_ms = b.now.wall_ms - 72 * 3'600'000;
  b.levels.generations.push_back(
      {3, "default", 1, "{}", {}, generation_state::ageing, b.now.wall_ms - 200 * 3'600'000});
  b.levels.pool.updated_ms = b.now.wall_ms;
  b.advance(23 * 3'600'000);
  BOOST_TEST(b.aged.empty());
  b.advance(2 * 3'600'000);
  BOOST_TEST(!b.aged.empty());
}

BOOST_AUTO_TEST_CASE(stock_of_former_looks_is_told_until_it_is_gone) {
  core_bench b;
  b.levels.pool.updated_ms = b.now.wall_ms - 1'000;
  b.levels.generations.push_back({3, "default", 1, R"({"page":"old"})", {}, generation_state::ageing, 0});
  b.levels.generations.push_back({4, "default", 1, "{}", {}, generation_state::ageing, 0});
  b.levels.generations.push_back({5, "default", 1, "{}", {}, generation_state::dead, 0});
  b.levels.levels.push_back({3, 1, 30, 0, 10, 0});
  b.levels.levels.push_back({4, 0, 0, 0, 0, 0});
  b.advance(1'000);
  auto former = b.core.state(b.now).former;
  BOOST_REQUIRE(former.size() == 1u);
  BOOST_TEST(former[0].gen_id == 3u);
  BOOST_TEST(former[0].codes == 40u);
  BOOST_TEST(former[0].kept_until_ms == b.levels.pool.updated_ms + 24 * 3'600'000);
  BOOST_TEST(former[0].spec == R"({"page":"old"})");
  BOOST_TEST(b.core.state(b.now).level == 100u); // none of it is mixed in
}

BOOST_AUTO_TEST_CASE(a_look_that_returns_has_its_stock_and_needs_no_probes) {
  core_bench b;
  b.levels.levels[0].ready_codes = 90; // of before the change
  b.levels.generations.push_back({9, "default", 1, "{}", {}, generation_state::ageing, 0});
  b.levels.levels.push_back({9, 1, 20, 0, 0, 0});
  b.levels.pool.updated_ms = b.now.wall_ms;
  b.advance(1'000);
  BOOST_TEST(b.core.state(b.now).level == 100u);
  BOOST_TEST(b.fetches == 10u);
  BOOST_TEST(b.grants.at(0).want == 10u);
  BOOST_TEST(b.core.state(b.now).former.size() == 1u);
}

// A process that was frozen: its clock jumped, and the answers of before lie in the mailbox.
BOOST_AUTO_TEST_CASE(a_ticket_that_comes_after_a_freeze_is_used) {
  core_bench b;
  b.levels.levels[0].ready_codes = 1;
  b.hold_grants = true;
  b.advance(1'000);
  BOOST_REQUIRE(b.asked.size() == 1u);
  b.now.mono_ms += 65'000;
  b.now.wall_ms += 65'000;
  b.advance(200);
  BOOST_TEST(b.asked.size() == 1u); // it was not awake for 15 s
  b.answer_grant();
  BOOST_TEST(b.fetches == 16u);
  for (const auto& c : b.closes) check_books(c);
}

BOOST_AUTO_TEST_CASE(a_ticket_that_comes_too_late_gives_its_units_back) {
  core_bench b;
  b.levels.levels[0].ready_codes = 1;
  b.hold_grants = true;
  b.advance(14'000);
  BOOST_TEST(b.asked.size() == 1u);
  b.advance(4'000);
  BOOST_TEST(b.asked.size() == 2u); // asked again
  b.answer_grant();
  BOOST_TEST(b.fetches == 0u);
  BOOST_REQUIRE(b.closes.size() == 1u);
  BOOST_TEST(b.closes[0].sent == 0u);
  BOOST_TEST(b.closes[0].dead.empty());
  b.hold_grants = false;
  b.answer_grant();
  BOOST_TEST(b.core.state(b.now).level == 100u);
  BOOST_TEST(b.fetches == 99u);
}

BOOST_AUTO_TEST_CASE(live_codes_go_to_the_one_who_asks) {
  core_bench b;
  b.advance(3'000);
  b.carry_out(b.core.on_live(1, {"default", 3, 5'000}, b.now));
  BOOST_REQUIRE(b.live.contains(1));
  BOOST_TEST(!b.live[1].failure);
  BOOST_TEST(b.live[1].codes.lots.at(0).ids.size() == 3u);
  BOOST_TEST((b.grants.back().use == quota_class::live));
  BOOST_TEST(b.closes.back().holder == "n1-abc");
  check_books(b.closes.back());
}

BOOST_AUTO_TEST_CASE(many_live_codes_are_several_grants_and_one_answer) {
  core_bench b;
  b.advance(3'000);
  b.hold_fetches = true;
  b.carry_out(b.core.on_live(1, {"default", 40, 5'000}, b.now));
  BOOST_TEST(b.held.size() == 40u);
  b.release(39);
  BOOST_TEST(b.live.empty());
  b.release(1);
  BOOST_REQUIRE(b.live.contains(1));
  size_t codes = 0;
  for (const auto& lot : b.live[1].codes.lots) codes += lot.ids.size();
  BOOST_TEST(codes == 40u);
  // What came in time is handed over, what comes late is stock.
  b.carry_out(b.core.on_live(2, {"default", 32, 5'000}, b.now));
  b.release(16);
  b.advance(6'000);
  BOOST_REQUIRE(b.live.contains(2));
  BOOST_TEST(!b.live[2].failure);
  BOOST_TEST(b.live[2].codes.lots.size() == 1u);
  b.release();
  BOOST_TEST(b.closes.back().holder == "");
  BOOST_TEST(b.closes.back().stocked.size() == 16u);
}

BOOST_AUTO_TEST_CASE(a_pause_answers_those_who_wait_for_live_codes) {
  core_bench b;
  b.advance(3'000);
  b.hold_fetches = true;
  for (uint64_t n = 1; n <= 6; ++n) b.carry_out(b.core.on_live(n, {"default", 1, 5'000}, b.now));
  BOOST_TEST(b.held.size() == 4u);
  b.carry_out(b.core.on_command(1, {"default", pool_verb::pause, "stop it", "alice", 0}, b.now));
  BOOST_TEST(b.live.size() == 2u);
  b.release(); // what was under way is theirs
  BOOST_TEST(b.live.size() == 6u);
  BOOST_TEST(!b.live[1].failure);
  BOOST_TEST(says(render(b.live[6].failure), "stop it"));
}

BOOST_AUTO_TEST_CASE(a_live_grant_that_got_less_asks_for_the_rest) {
  core_bench b;
  b.advance(3'000);
  int n = 0;
  b.grant = [&](const grant_request& r) -> caf::expected<grant_ticket> {
    auto t = b.ticket(r);
    if (++n == 1) t.ids.resize(2);
    return t;
  };
  b.carry_out(b.core.on_live(1, {"default", 5, 5'000}, b.now));
  BOOST_REQUIRE(b.live.contains(1));
  BOOST_TEST(b.live[1].codes.lots.size() == 2u);
  BOOST_TEST(b.grants.back().want == 3u);
}

BOOST_AUTO_TEST_CASE(a_late_live_code_is_stock) {
  core_bench b;
  b.advance(3'000);
  b.hold_fetches = true;
  b.carry_out(b.core.on_live(1, {"default", 2, 1'000}, b.now));
  BOOST_TEST(b.held.size() == 2u);
  b.advance(1'200);
  BOOST_REQUIRE(b.live.contains(1));
  BOOST_TEST((code_of(b.live[1].failure) == ec::timeout));
  auto closes = b.closes.size();
  b.release();
  BOOST_REQUIRE(b.closes.size() == closes + 1);
  BOOST_TEST(b.closes.back().holder == "");
  BOOST_TEST(b.closes.back().stocked.size() == 2u);
  BOOST_TEST(b.core.state(b.now).level == 102u);
}

BOOST_AUTO_TEST_CASE(live_requests_are_bounded_and_answered_whatever_happens) {
  core_bench b;
  b.advance(3'000);
  b.hold_fetches = true;
  for (uint64_t n = 1; n <= 100; ++n) b.carry_out(b.core.on_live(n, {"default", 1, 3'000}, b.now));
  BOOST_TEST(b.held.size() == 4u);
  BOOST_TEST(b.live.size() == 32u);
  for (const auto& [n, answer] : b.live) BOOST_TEST((code_of(answer.failure) == ec::rate_limited));
  b.release(4);
  BOOST_TEST(b.held.size() == 4u); // the next four
  b.advance(4'000);
  BOOST_TEST(b.live.size() == 100u);
  b.release();
  b.advance(1'000);
  BOOST_TEST(b.live.size() == 100u);
}

BOOST_AUTO_TEST_CASE(live_says_why_it_cannot) {
  core_bench b;
  b.advance(3'000);
  b.grant = [](const grant_request&) -> caf::expected<grant_ticket> { return grant_ticket{1, 3, 0, {}, 8'000}; };
  b.carry_out(b.core.on_live(1, {"default", 1, 5'000}, b.now));
  BOOST_TEST((code_of(b.live[1].failure) == ec::rate_limited));
  b.grant = [&b](const grant_request& r) -> caf::expected<grant_ticket> { return b.ticket(r); };
  b.advance(10'000);
  b.fetch = [](const fetch_code& f) { return refusal_of(f.id, -1); };
  b.carry_out(b.core.on_live(2, {"default", 1, 5'000}, b.now));
  BOOST_TEST((code_of(b.live[2].failure) == ec::out_of_stock));
  BOOST_TEST(says(render(b.live[2].failure), "-1 a text of WeChat"), render(b.live[2].failure));
  b.carry_out(b.core.on_command(1, {"default", pool_verb::pause, "new page", "alice", 0}, b.now));
  b.carry_out(b.core.on_live(3, {"default", 1, 5'000}, b.now));
  BOOST_TEST(says(render(b.live[3].failure), "new page"));
  auto cfg = small_pool();
  cfg.live_allowed = false;
  core_bench none{cfg};
  none.advance(3'000);
  none.carry_out(none.core.on_live(1, {"default", 1, 5'000}, none.now));
  BOOST_TEST((code_of(none.live[1].failure) == ec::out_of_stock));
}

BOOST_AUTO_TEST_CASE(live_requests_that_no_unit_can_reach_in_time_are_answered_at_once) {
  core_bench b;
  b.advance(3'000);
  b.grant = [](const grant_request&) -> caf::expected<grant_ticket> { return grant_ticket{1, 3, 0, {}, 47'300}; };
  b.levels.levels[0].ready_codes = 0;
  b.advance(1'200);
  auto asked = b.grants.size();
  for (uint64_t n = 1; n <= 20; ++n) b.carry_out(b.core.on_live(n, {"default", 1, 5'000}, b.now));
  BOOST_TEST(b.live.size() == 20u);
  BOOST_TEST(b.grants.size() == asked + 1); // what the first was told holds for the others
  for (const auto& [n, answer] : b.live) {
    BOOST_TEST((code_of(answer.failure) == ec::rate_limited));
    BOOST_TEST(retry_after_s_of(answer.failure) >= 46u);
    BOOST_TEST(retry_after_s_of(answer.failure) <= 48u);
  }
  BOOST_TEST(says(b.plan(), "the next call may be made in 4"));
  BOOST_TEST(b.core.status(b.now).problem == ""); // it is the normal end of a minute's quota
  // Also while the stock is believed to be there: no code can come before a unit is free.
  core_bench stale;
  stale.advance(3'000);
  stale.grant = b.grant;
  stale.carry_out(stale.core.on_live(1, {"default", 1, 5'000}, stale.now));
  BOOST_TEST(retry_after_s_of(stale.live[1].failure) == 48u);
  // One that can wait so long waits, and is served.
  b.carry_out(b.core.on_live(21, {"default", 1, 60'000}, b.now));
  BOOST_TEST(!b.live.contains(21));
  b.grant = [&b](const grant_request& r) -> caf::expected<grant_ticket> { return b.ticket(r); };
  b.advance(48'000);
  BOOST_REQUIRE(b.live.contains(21));
  BOOST_TEST(!b.live[21].failure);
}

BOOST_AUTO_TEST_CASE(live_requests_do_not_wait_for_a_wechat_that_is_away) {
  core_bench b;
  b.advance(3'000);
  b.levels.levels[0].ready_codes = 0;
  b.fetch = [](const fetch_code& f) {
    fetched_code out;
    out.id = f.id;
    out.outcome = fetch_outcome::never_written;
    out.detail = "no access token: the token interface refused: 40125";
    out.retry_after_ms = 30'000;
    return out;
  };
  b.advance(1'200);
  BOOST_TEST(says(b.core.status(b.now).problem, "40125"));
  b.carry_out(b.core.on_live(1, {"default", 1, 5'000}, b.now));
  BOOST_REQUIRE(b.live.contains(1));
  BOOST_TEST((code_of(b.live[1].failure) == ec::out_of_stock));
  BOOST_TEST(retry_after_s_of(b.live[1].failure) >= 25u);
  BOOST_TEST(!b.core.state(b.now).live_allowed);
  // The pause is over and one call finds out whether it is back: it takes its time, and nobody else does.
  b.hold_fetches = true;
  b.advance(31'000);
  BOOST_TEST(b.held.size() == 1u);
  BOOST_TEST(says(b.core.status(b.now).problem, "40125")); // a try is no recovery
  BOOST_TEST(says(b.plan(), "Trying again"));
  b.carry_out(b.core.on_live(2, {"default", 1, 5'000}, b.now));
  BOOST_REQUIRE(b.live.contains(2));
  BOOST_TEST(!!b.live[2].failure);
  BOOST_TEST(b.held.size() == 1u);
  b.fetch = [&b](const fetch_code& f) { return image_of(f.id, b.next_seed++); };
  b.hold_fetches = false;
  b.release();
  BOOST_TEST(b.core.status(b.now).problem == "");
  b.carry_out(b.core.on_live(3, {"default", 1, 5'000}, b.now));
  BOOST_TEST(!b.live[3].failure);
}

BOOST_AUTO_TEST_CASE(a_live_request_tries_a_wechat_that_was_away_when_nothing_else_does) {
  auto cfg = with_stock(0, 100);
  cfg.open = *parse_windows({"mon 03:00-03:01"}, "UTC");
  core_bench closed{cfg};
  closed.levels.levels[0].ready_codes = 1; // no probes
  closed.advance(1'000);
  closed.levels.levels[0].ready_codes = 0;
  closed.advance(1'200);
  closed.fetch = [](const fetch_code& f) { return refusal_of(f.id, -1); };
  closed.carry_out(closed.core.on_live(1, {"default", 3, 5'000}, closed.now));
  BOOST_TEST(!!closed.live[1].failure);
  closed.advance(2'000);
  closed.hold_fetches = true;
  for (uint64_t n = 2; n <= 4; ++n) closed.carry_out(closed.core.on_live(n, {"default", 3, 5'000}, closed.now));
  BOOST_TEST(closed.held.size() == 1u);
  BOOST_TEST(closed.live.size() == 3u); // the others
  closed.fetch = [&closed](const fetch_code& f) { return image_of(f.id, closed.next_seed++); };
  closed.release();
  BOOST_TEST(!closed.live[2].failure);
}

BOOST_AUTO_TEST_CASE(a_short_wait_for_a_live_unit_is_waited) {
  core_bench b;
  b.advance(3'000);
  int n = 0;
  b.grant = [&](const grant_request& r) -> caf::expected<grant_ticket> {
    if (++n == 1) return grant_ticket{1, 3, 0, {}, 400};
    return b.ticket(r);
  };
  b.carry_out(b.core.on_live(1, {"default", 1, 5'000}, b.now));
  BOOST_TEST(b.live.empty());
  b.advance(600);
  BOOST_REQUIRE(b.live.contains(1));
  BOOST_TEST(!b.live[1].failure);
}

BOOST_AUTO_TEST_CASE(an_operator_fills_pauses_and_resumes) {
  core_bench b;
  b.advance(3'000);
  b.carry_out(b.core.on_command(1, {"default", pool_verb::fill, "", "alice", 40}, b.now));
  BOOST_TEST(!b.commands[1].failure);
  b.advance(3'000);
  BOOST_TEST(b.stocked() == 140u);
  b.carry_out(b.core.on_command(2, {"default", pool_verb::pause, "moving house", "alice", 0}, b.now));
  BOOST_TEST(b.commands[2].state.paused);
  BOOST_TEST(b.commands[2].state.pause_reason == "moving house");
  BOOST_TEST(b.pauses.back().actor == "alice");
  b.carry_out(b.core.on_command(3, {"default", pool_verb::fill, "", "alice", 40}, b.now));
  BOOST_TEST((code_of(b.commands[3].failure) == ec::conflict));
  b.levels.levels[0].ready_codes = 0;
  b.advance(5'000);
  BOOST_TEST(b.stocked() == 140u);
  b.carry_out(b.core.on_command(4, {"default", pool_verb::resume, "", "alice", 0}, b.now));
  b.advance(3'000);
  BOOST_TEST(b.stocked() == 240u);
  b.pause = [](const pool_pause&) -> caf::expected<pool_row> { return fail(ec::unavailable, "store is away"); };
  b.carry_out(b.core.on_command(5, {"default", pool_verb::pause, "", "alice", 0}, b.now));
  BOOST_TEST((code_of(b.commands[5].failure) == ec::unavailable));
  BOOST_TEST(!b.core.state(b.now).paused); // what is not written does not hold
  b.carry_out(b.core.on_command(6, {"other", pool_verb::pause, "", "alice", 0}, b.now));
  BOOST_TEST((code_of(b.commands[6].failure) == ec::not_found));
}

BOOST_AUTO_TEST_CASE(state_is_published_every_second_and_when_it_matters) {
  core_bench b;
  b.advance(10'000);
  BOOST_TEST(b.published.size() >= 10u);
  BOOST_TEST(b.published.size() <= 13u);
  auto before = b.published.size();
  b.carry_out(b.core.on_command(1, {"default", pool_verb::pause, "x", "alice", 0}, b.now));
  BOOST_REQUIRE(b.published.size() == before + 1);
  BOOST_TEST(b.published.back().paused);
  BOOST_TEST(b.published.back().spec == "{}");
}

BOOST_AUTO_TEST_CASE(the_shelf_counts_for_the_level) {
  core_bench b;
  b.levels.levels[0].ready_codes = 60;
  b.levels.levels[0].held_codes = 40; // when they were claimed
  b.advance(400);
  b.core.on_shelf({"default", 10, 0}, b.now);
  b.advance(200);
  BOOST_TEST(b.core.state(b.now).level == 100u); // 30 more were made
  BOOST_TEST(b.stocked() == 30u);
  BOOST_TEST(b.core.state(b.now).minutes_left == -1.0);
  BOOST_TEST(says(b.core.state(b.now).outlook, "not known yet"));
  for (int i = 0; i < 60; ++i) {
    b.advance(1'000);
    b.core.on_shelf({"default", 10, 2}, b.now); // told two as issued, though its level stays
  }
  BOOST_TEST(b.core.state(b.now).minutes_left > 0.8);
  BOOST_TEST(b.core.state(b.now).minutes_left < 0.9);
  BOOST_TEST(says(b.core.state(b.now).outlook, "less than a minute"));
}

// The shelf of a node beside the bench's store: claims lots, issues codes, reports once a second.
struct shelf_world {
  core_bench& b;
  uint64_t on_shelf = 0, issued = 0, told = 0;

  uint64_t stock() const { return b.levels.levels[0].ready_codes + b.levels.levels[0].filling_codes + on_shelf; }
  void claim(uint64_t codes) {
    auto& level = b.levels.levels[0];
    codes = std::min(codes, level.ready_codes);
    level.ready_codes -= codes;
    level.held_codes += codes;
    on_shelf += codes;
  }
  void issue(uint64_t codes) {
    codes = std::min(codes, on_shelf);
    on_shelf -= codes;
    issued += codes;
  }
  void report() {
    b.core.on_shelf({"default", on_shelf, issued - told}, b.now);
    told = issued;
  }
};

BOOST_AUTO_TEST_CASE(a_lot_on_its_way_to_the_shelf_is_not_made_again) {
  auto cfg = with_stock(100, 400);
  core_bench b{cfg};
  b.levels.levels[0].ready_codes = 400;
  shelf_world w{b};
  w.report();
  b.advance(900);
  w.claim(250); // after the report, before the store tells its levels
  b.advance(400);
  w.report();
  b.advance(3'000);
  BOOST_TEST(b.fetches == 0u);
  BOOST_TEST(w.stock() == 400u);
}

BOOST_AUTO_TEST_CASE(the_stock_never_exceeds_high) {
  for (uint32_t seed = 1; seed <= 40; ++seed) {
    BOOST_TEST_CONTEXT("seed " << seed) {
      std::mt19937 random{seed};
      auto pick = [&random](uint32_t below) { return static_cast<uint32_t>(random() % below); };
      auto high = std::vector<uint64_t>{1, 3, 7, 40, 100, 333}[seed % 6];
      auto cfg = with_stock(seed % 2 ? high : high / 3, high);
      core_bench b{cfg};
      b.hold_fetches = true;
      b.fetch = [&](const fetch_code& f) {
        return pick(12) == 0 ? refusal_of(f.id, -1) : image_of(f.id, b.next_seed++);
      };
      b.grant = [&](const grant_request& r) -> caf::expected<grant_ticket> {
        auto t = b.ticket(r);
        if (pick(5) == 0) t.ids.resize(random() % (t.ids.size() + 1));
        if (t.ids.empty()) t.retry_after_ms = 300;
        return t;
      };
      shelf_world w{b};
      uint64_t most = 0;
      for (uint64_t i = 1; i <= 1'500; ++i) {
        b.advance(200);
        b.release(pick(12));
        if (pick(4) == 0) w.claim(10 + pick(40));
        if (pick(5) == 0) w.issue(pick(static_cast<uint32_t>(high) / 12 + 2));
        if (i % 5 == seed % 5) w.report();
        // A live request of which nobody waits for the end leaves its code in stock, and the fill counts with it; but
        // of a pool that six grants fill, they may be on their way already.
        if (high > 96 && w.stock() == 0 && pick(4) == 0) b.carry_out(b.core.on_live(i, {"default", 1, 300}, b.now));
        if (b.core.state(b.now).paused)
          b.carry_out(b.core.on_command(i, {"default", pool_verb::resume, "", "op", 0}, b.now));
        most = std::max(most, w.stock());
        BOOST_REQUIRE_LE(w.stock(), high);
      }
      BOOST_TEST(w.issued > high); // it was in use, and filled up again
      BOOST_TEST(most * 10 >= high * 8);
    }
  }
}

BOOST_AUTO_TEST_CASE(nothing_is_stocked_while_the_store_does_not_tell_the_stock) {
  core_bench b;
  b.carry_out(b.core.on_levels(1, fail(ec::unavailable, "store is away"), b.now));
  BOOST_TEST(b.fetches == 0u);
  BOOST_TEST(says(b.plan(), "store is away"));
}

BOOST_AUTO_TEST_CASE(another_current_generation_stops_this_one) {
  core_bench b;
  b.levels.pool.gen_id = 8;
  b.advance(5'000);
  BOOST_TEST(b.fetches == 0u);
  BOOST_TEST(says(b.core.status(b.now).problem, "generation 8"));
}

// P4, whatever comes: each grant's books balance, no id has two rows, and each call's cost is in the books.
BOOST_AUTO_TEST_CASE(books_balance_over_random_outcomes) {
  for (uint32_t seed = 1; seed <= 60; ++seed) {
    BOOST_TEST_CONTEXT("seed " << seed) {
      std::mt19937 random{seed};
      auto pick = [&random](uint32_t below) { return static_cast<uint32_t>(random() % below); };
      auto chance = [&pick](uint32_t percent) { return pick(100) < percent; };
      uint32_t badness = seed % 30; // percent of each kind of failure
      auto cfg = with_stock(400, 400);
      cfg.images.decode = seed % 2 == 0;
      core_bench b{cfg};
      b.levels.levels[0].ready_codes = seed % 3;
      uint64_t written = 0;
      b.fetch = [&](const fetch_code& f) -> fetched_code {
        fetched_code out;
        out.id = f.id;
        if (chance(badness)) {
          switch (pick(7)) {
          case 0:
            out.outcome = fetch_outcome::lost;
            break;
          case 1:
            return out.outcome = fetch_outcome::never_written, out;
          case 2:
            out.outcome = fetch_outcome::not_an_answer;
            break;
          case 3:
            out = refusal_of(f.id, -1);
            break;
          case 4:
            out = refusal_of(f.id, 40001);
            break;
          case 5:
            out = refusal_of(f.id, pick(4) ? 45011 : 45009);
            break;
          default:
            out = image_of(f.id, b.next_seed++);
            out.image.resize(pick(60));
          }
        } else {
          out = image_of(f.id, b.next_seed++);
        }
        ++written;
        return out;
      };
      b.grant = [&](const grant_request& r) -> caf::expected<grant_ticket> {
        if (chance(badness)) return fail(chance(50) ? ec::timeout : ec::unavailable, "quota");
        auto t = b.ticket(r);
        if (chance(20)) t.ids.resize(random() % (t.ids.size() + 1));
        if (t.ids.empty()) t.retry_after_ms = 300;
        return t;
      };
      b.write = [&](const images_put&) { return chance(badness / 4) ? fail(ec::disk_full, "no room") : caf::error{}; };
      auto book = b.close;
      b.close = [&](const grant_close& c) -> caf::expected<grant_closed> {
        if (chance(badness)) return fail(ec::store_busy, "locked");
        return book(c);
      };
      b.hold_fetches = true;
      for (uint64_t i = 1; i <= 2'000; ++i) {
        b.advance(200);
        b.release(pick(40));
        if (chance(3)) b.carry_out(b.core.on_live(i, {"default", pick(4) + 1, pick(4'000)}, b.now));
        if (b.core.state(b.now).paused)
          b.carry_out(b.core.on_command(i, {"default", pool_verb::resume, "", "op", 0}, b.now));
      }
      badness = 0;
      for (int i = 0; i < 400; ++i) {
        b.advance(1'000);
        b.release();
      }
      std::set<std::string> rows;
      uint64_t calls = 0;
      for (const auto& c : b.closes) {
        check_books(c);
        BOOST_REQUIRE(b.sent[c.seq] == b.ended[c.seq]);
        calls += c.sent;
        for (const auto& code : c.stocked) BOOST_REQUIRE(rows.insert(code.id).second);
        for (const auto& code : c.dead) BOOST_REQUIRE(rows.insert(code.id).second);
      }
      BOOST_TEST(calls == written);
      BOOST_TEST(b.core.state(b.now).level >= 400u);
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()
