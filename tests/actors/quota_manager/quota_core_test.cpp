#include "actors/quota_manager/quota_core.hpp"

#include "tests/support/sim_database.hpp"

#include <boost/test/unit_test.hpp>

#include <deque>
#include <set>

using namespace qrwell;
using qrwell::test::sim_database;

namespace {

quota_manager_config settings(std::string holder = "a") {
  quota_manager_config cfg;
  cfg.app = "homes";
  cfg.app_id = 3;
  cfg.holder = std::move(holder);
  cfg.per_minute = 1'000;
  cfg.live_reserve = 40;
  return cfg;
}

// A core whose store answers at once, unless a test takes its requests away or gives them another answer.
struct bench {
  sim_database own_db;
  sim_database& db;
  uint32_t minted = 0;
  quota_core core;
  int64_t t = 1'000'000;
  uint64_t no = 0;
  std::map<uint64_t, grant_ticket> tickets;
  std::map<uint64_t, grant_closed> closed;
  std::map<uint64_t, caf::error> refused;
  std::vector<grant_open> opens;
  std::vector<grant_close> closes;
  std::vector<grants_drop> drops;
  std::deque<caf::error> open_answers, close_answers, renew_answers, find_answers; // instead of the database's
  bool do_open_anyway = false, hold_opens = false;
  std::vector<grant_open> held;

  explicit bench(quota_manager_config cfg = settings(), sim_database* shared = nullptr)
      : db(shared ? *shared : own_db)
      , core(cfg, [this] { return "id" + std::to_string(++minted); }) {}

  quota_now now() const { return {t, 1'795'233'600'000 + t}; }

  static bool pop(std::deque<caf::error>& from, caf::error& into) {
    if (from.empty()) return false;
    into = from.front();
    from.pop_front();
    return true;
  }

  void open_in_db(const grant_open& m) {
    caf::error err;
    bool told = pop(open_answers, err);
    if (!told)
      err = db.open(m);
    else if (do_open_anyway)
      db.open(m);
    run(core.opened({m.epoch, m.seq}, err, now()));
  }

  void run(quota_effects e) {
    BOOST_TEST(core.book().check() == "");
    db.now_ms = t;
    caf::error err;
    for (auto& [n, x] : e.tickets) tickets[n] = x;
    for (auto& [n, x] : e.closed) closed[n] = x;
    for (auto& [n, x] : e.refused) refused[n] = x;
    if (e.take) run(core.took(db.take(*e.take), now()));
    if (e.renew) {
      if (pop(renew_answers, err))
        run(core.renewed(err, now()));
      else
        run(core.renewed(db.renew(*e.renew), now()));
    }
    for (auto& m : e.opens) {
      opens.push_back(m);
      if (hold_opens)
        held.push_back(m);
      else
        open_in_db(m);
    }
    for (auto& m : e.finds) {
      if (pop(find_answers, err))
        run(core.found({m.epoch, m.seq}, err, now()));
      else
        run(core.found({m.epoch, m.seq}, db.find(m), now()));
    }
    for (auto& m : e.closes) {
      closes.push_back(m);
      if (pop(close_answers, err))
        run(core.ended_row({m.epoch, m.seq}, err, now()));
      else
        run(core.ended_row({m.epoch, m.seq}, db.close(m), now()));
    }
    if (e.drop) {
      drops.push_back(*e.drop);
      db.drop(*e.drop);
      std::vector<grant_key> rows;
      for (auto [epoch, seq] : e.drop->grants) rows.push_back({epoch, seq});
      run(core.dropped(rows, {}, now()));
    }
  }

  void start() { run(core.tick(now())); }

  // As the shell does: wakes when the core asked to be woken.
  void pass(int64_t ms) {
    auto end = t + ms;
    while (true) {
      auto next = std::max(core.next_ms(now()), t + 1);
      if (next > end) break;
      t = next;
      run(core.tick(now()));
    }
    t = end;
    run(core.tick(now()));
  }

  uint64_t ask(uint32_t want = 16, quota_class use = quota_class::stock, uint64_t who = 1,
               std::vector<std::string> carry = {}) {
    run(core.asked(++no, who, {9, use, want, std::move(carry)}, now()));
    return no;
  }

  void answer_all(const grant_ticket& g) {
    auto units = static_cast<uint32_t>(g.ids.size());
    run(core.began({g.epoch, g.seq, units}, now()));
    for (uint32_t i = 0; i < units; ++i) run(core.ended({g.epoch, g.seq, unit_end::answered}, now()));
  }

  uint64_t close(const grant_ticket& g, uint32_t sent, uint32_t lost = 0) {
    grant_close c;
    c.epoch = g.epoch;
    c.seq = g.seq;
    c.gen_id = 9;
    c.sent = sent;
    c.lost = lost;
    run(core.close(++no, c, now()));
    return no;
  }

  unit_counts counts() const { return core.book().counts(); }
};

struct started : bench {
  started() { start(); }
};

} // namespace

BOOST_AUTO_TEST_SUITE(quota_core_suite)

BOOST_FIXTURE_TEST_CASE(a_first_request_waits_for_the_lease_and_gets_ids, bench) {
  auto first = ask();
  BOOST_TEST(tickets[first].ids.size() == 16u);
  BOOST_TEST(tickets[first].app_id == 3u);
  BOOST_TEST(tickets[first].epoch == 1u);
  BOOST_TEST(tickets[first].seq == 1u);
  BOOST_TEST(opens.at(0).lease == "app:homes");
  BOOST_TEST(opens.at(0).ids == tickets[first].ids, boost::test_tools::per_element());
  BOOST_TEST(counts().unsent == 16u);
}

BOOST_FIXTURE_TEST_CASE(carried_ids_come_first_and_no_more_than_wanted_are_given, started) {
  auto r = ask(3, quota_class::live, 1, {"old1", "old2"});
  BOOST_TEST((tickets[r].ids == std::vector<std::string>{"old1", "old2", "id1"}));
  r = ask(1, quota_class::live, 1, {"old3", "old4"});
  BOOST_TEST((tickets[r].ids == std::vector<std::string>{"old3"}));
  r = ask(0);
  BOOST_TEST((code_of(refused[r]) == ec::invalid_request));
}

BOOST_FIXTURE_TEST_CASE(stock_is_paced_and_live_is_not, started) {
  for (int i = 0; i < 5; ++i) ask(); // what was saved in the pause before
  BOOST_TEST(tickets.size() == 5u);
  auto waits = ask();
  BOOST_TEST(!tickets.contains(waits));
  auto live = ask(16, quota_class::live);
  BOOST_TEST(tickets[live].ids.size() == 16u);
  pass(940 * 2); // 16 units at 58.8 ms, twice: for the live grant and for this one
  BOOST_TEST(tickets.contains(waits));
}

BOOST_FIXTURE_TEST_CASE(at_most_six_grants_of_a_class_are_open, started) {
  for (int i = 0; i < 7; ++i) {
    ask();
    pass(960);
  }
  BOOST_TEST(opens.size() == 6u);
  pass(1'000);
  BOOST_TEST(tickets[7].ids.empty()); // answered with when to ask again
  BOOST_TEST(tickets[7].retry_after_ms > 0u);
  auto eighth = ask();
  close(tickets[1], 0);
  BOOST_TEST(tickets[eighth].ids.size() == 16u);
  ask(1, quota_class::live); // the other class has six of its own
  BOOST_TEST(opens.size() == 8u);
}

BOOST_AUTO_TEST_CASE(stock_leaves_the_reserve_to_live) {
  auto cfg = settings();
  cfg.per_minute = 50;
  cfg.live_reserve = 30;
  bench b{cfg};
  b.start();
  auto first = b.ask();
  BOOST_TEST(b.tickets[first].ids.size() == 16u);
  b.pass(20'000);
  auto second = b.ask(); // 4 are left above the reserve
  BOOST_TEST(b.tickets[second].ids.size() == 4u);
  auto third = b.ask();
  b.pass(1'000);
  BOOST_TEST(b.tickets[third].ids.empty());
  BOOST_TEST(b.tickets[b.ask(16, quota_class::live)].ids.size() == 16u);
  BOOST_TEST(b.tickets[b.ask(16, quota_class::live)].ids.size() == 14u);
  auto none = b.ask(16, quota_class::live);
  b.pass(1'000);
  BOOST_TEST(b.tickets[none].ids.empty());
  BOOST_TEST(b.counts().free == 0u);
}

BOOST_AUTO_TEST_CASE(an_empty_ticket_says_when_units_have_cooled) {
  auto cfg = settings();
  cfg.per_minute = 16;
  cfg.live_reserve = 0;
  bench b{cfg};
  b.start();
  auto g = b.tickets[b.ask()];
  b.answer_all(g);
  b.close(g, 16);
  auto r = b.ask(4, quota_class::live);
  BOOST_TEST(b.tickets[r].retry_after_ms == 60'100u);
  b.pass(60'099);
  r = b.ask(4, quota_class::live);
  BOOST_TEST(!b.tickets.contains(r));
  b.pass(1);
  BOOST_TEST(b.tickets[r].ids.size() == 4u);
}

BOOST_AUTO_TEST_CASE(who_cannot_be_served_in_time_hears_so_at_once) {
  auto cfg = settings();
  cfg.per_minute = 48;
  cfg.live_reserve = 16;
  bench b{cfg};
  b.start();
  auto first = b.tickets[b.ask()], second = b.tickets[b.ask()];
  auto live = b.tickets[b.ask(16, quota_class::live)];
  // All units are in use and none of them cools yet: none is free before a minute is over.
  for (auto use : {quota_class::live, quota_class::stock}) {
    auto r = b.ask(1, use);
    BOOST_REQUIRE(b.tickets.contains(r));
    BOOST_TEST(b.tickets[r].ids.empty());
    BOOST_TEST(b.tickets[r].retry_after_ms >= 60'000u);
  }
  b.answer_all(first);
  b.close(first, 16);
  b.pass(20'000);
  auto r = b.ask(1, quota_class::live);
  BOOST_TEST(b.tickets[r].retry_after_ms == 40'100u);
  // One that is free within a second is waited for.
  b.pass(39'200);
  r = b.ask(1, quota_class::live);
  BOOST_TEST(!b.tickets.contains(r));
  b.pass(900);
  BOOST_TEST(b.tickets[r].ids.size() == 1u);
}

BOOST_AUTO_TEST_CASE(the_calls_of_the_past_minute_are_known_after_a_restart) {
  sim_database db;
  auto used = [](bench& b) {
    auto facts = b.core.status(b.now()).facts;
    auto at = facts.find("\"used_60s\":") + 11;
    return std::stoi(facts.substr(at));
  };
  bench before{settings("before"), &db};
  before.start();
  auto g = before.tickets[before.ask()];
  before.answer_all(g);
  before.close(g, 16);
  before.pass(10'000);
  g = before.tickets[before.ask(4)];
  before.answer_all(g);
  before.close(g, 4);
  auto lost = before.tickets[before.ask(8)]; // open when the process dies
  BOOST_REQUIRE(lost.ids.size() == 8u);
  BOOST_TEST(used(before) == 20);

  auto cfg = settings("after");
  cfg.own = {"before"};
  bench after{cfg, &db};
  after.t = before.t + 20'000;
  after.start();
  BOOST_TEST(used(after) == 28);
  after.answer_all(after.tickets[after.ask(2)]);
  BOOST_TEST(used(after) == 30);
  after.pass(30'000);
  BOOST_TEST(used(after) == 14);
  after.pass(10'000);
  BOOST_TEST(used(after) == 10);
  after.pass(21'000);
  BOOST_TEST(used(after) == 0);
  // The lease is lost to another and taken again: nothing is counted twice.
  after.answer_all(after.tickets[after.ask(2)]);
  bench other{settings("other"), &db};
  other.t = after.t + 11'000;
  other.start();
  after.t = other.t + 20'000;
  after.pass(5'000);
  BOOST_REQUIRE(after.core.book().leads());
  BOOST_TEST(used(after) == 2);
}

BOOST_AUTO_TEST_CASE(stock_waits_a_little_for_a_full_grant) {
  auto cfg = settings();
  cfg.per_minute = 32;
  cfg.live_reserve = 0;
  bench b{cfg};
  b.start();
  auto g = b.tickets[b.ask()];
  auto h = b.tickets[b.ask()];
  b.run(b.core.began({g.epoch, g.seq, 16}, b.now()));
  b.run(b.core.began({h.epoch, h.seq, 16}, b.now()));
  for (uint32_t i = 0; i < 20; ++i) { // their units will be free 50 ms apart
    auto of = i < 16 ? g : h;
    b.run(b.core.ended({of.epoch, of.seq, unit_end::answered}, b.now()));
    b.t += 50;
  }
  b.pass(59'000);
  b.close(g, 16);
  auto r = b.ask();
  b.pass(349);
  BOOST_TEST(!b.tickets.contains(r));
  b.pass(1);
  BOOST_TEST(b.tickets[r].ids.size() == 6u); // 250 ms after the first of them
}

BOOST_FIXTURE_TEST_CASE(two_pools_take_turns_and_live_goes_first, started) {
  for (int i = 0; i < 5; ++i) ask(16, quota_class::stock, 1);
  close(tickets[1], 0);
  close(tickets[2], 0);
  std::vector<uint64_t> greedy{ask(16, quota_class::stock, 1), ask(16, quota_class::stock, 1)};
  auto modest = ask(16, quota_class::stock, 2);
  pass(950);
  BOOST_TEST(tickets.contains(modest));
  BOOST_TEST(tickets[greedy[1]].ids.empty());
}

namespace {

/// Three pools of one app that always want more, as stockers ask: a look every 200 ms, always in the same order, back
/// when they were told to, or after 10 s.
std::map<uint64_t, uint32_t> units_of_three_pools(uint32_t per_minute, int minutes, uint64_t stops_after_half = 0) {
  auto cfg = settings();
  cfg.per_minute = per_minute;
  cfg.live_reserve = 0;
  bench b{cfg};
  b.start();
  b.pass(61'000);
  std::map<uint64_t, uint32_t> got;
  std::map<uint64_t, uint64_t> asked; // pool -> request
  std::map<uint64_t, int64_t> again;  // pool -> when to ask
  auto begin = b.t, end = begin + minutes * 60'000;
  for (; b.t < end; b.pass(200))
    for (uint64_t pool : {1, 2, 3}) {
      if (pool == stops_after_half && b.t > begin + (end - begin) / 2) continue;
      if (auto r = asked.find(pool); r != asked.end() && b.tickets.contains(r->second)) {
        auto g = b.tickets[r->second];
        got[pool] += static_cast<uint32_t>(g.ids.size());
        if (g.ids.empty()) {
          again[pool] = b.t + std::min<int64_t>(g.retry_after_ms, 10'000);
        } else {
          b.answer_all(g);
          b.close(g, static_cast<uint32_t>(g.ids.size()));
        }
        asked.erase(r);
      }
      if (!asked.contains(pool) && b.t >= again[pool]) asked[pool] = b.ask(16, quota_class::stock, pool);
    }
  return got;
}

} // namespace

BOOST_AUTO_TEST_CASE(pools_of_a_slow_app_get_even_shares) {
  for (auto per_minute : {100u, 300u, 900u}) {
    auto got = units_of_three_pools(per_minute, 12);
    auto all = got[1] + got[2] + got[3];
    BOOST_TEST_INFO(per_minute << " a minute: " << got[1] << ", " << got[2] << ", " << got[3]);
    BOOST_TEST(all >= per_minute * 12 * 0.95); // and nothing of the quota is given away for it
    for (uint64_t pool : {1, 2, 3}) {
      BOOST_TEST(got[pool] >= all / 3 * 0.9);
      BOOST_TEST(got[pool] <= all / 3 * 1.1);
    }
  }
}

BOOST_AUTO_TEST_CASE(a_pool_that_does_not_come_back_leaves_its_turns_to_the_others) {
  for (uint64_t gone : {1, 2, 3}) {
    auto got = units_of_three_pools(100, 12, gone);
    BOOST_TEST(got[1] + got[2] + got[3] >= 100 * 12 * 0.95);
    BOOST_TEST(got[gone] <= 250u);
  }
}

BOOST_FIXTURE_TEST_CASE(too_many_requests_are_refused, started) {
  caf::error last;
  for (int i = 0; i < 80; ++i) last = refused[ask()];
  BOOST_TEST((code_of(last) == ec::overloaded));
}

BOOST_FIXTURE_TEST_CASE(a_close_reaches_the_store_with_the_truth_and_is_answered, started) {
  auto g = tickets[ask()];
  run(core.began({g.epoch, g.seq, 3}, now()));
  run(core.ended({g.epoch, g.seq, unit_end::answered}, now()));
  run(core.ended({g.epoch, g.seq, unit_end::lost}, now()));
  auto r = close(g, 2, 0); // the third call's end was never told
  BOOST_TEST(closes.at(0).sent == 3u);
  BOOST_TEST(closes.at(0).lost == 2u);
  BOOST_TEST(closes.at(0).app_id == 3u);
  BOOST_TEST(closed.at(r).was_open);
  auto again = close(g, 2, 0);
  BOOST_TEST(closed.at(again).was_open); // as the first time
  BOOST_TEST(closes.size() == 1u);
}

BOOST_FIXTURE_TEST_CASE(a_close_is_kept_until_the_store_has_it, started) {
  auto g = tickets[ask()];
  answer_all(g);
  for (auto code : {ec::store_busy, ec::outcome_unknown, ec::unavailable, ec::timeout, ec::disk_full})
    close_answers.push_back(fail(code, "not now"));
  auto r = close(g, 16);
  auto repeat = close(g, 16);
  BOOST_TEST(!closed.contains(r));
  BOOST_TEST(closes.size() == 1u);
  pass(100 + 200 + 400 + 800 + 1'599);
  BOOST_TEST(closes.size() == 5u);
  BOOST_TEST(core.status(now()).problem ==
             "the ends of 1 grants of app homes could not be written yet, with their codes: disk_full: not now");
  pass(1);
  BOOST_TEST(closed.contains(r));
  BOOST_TEST(closed.contains(repeat));
  BOOST_TEST(counts().cooling == 16u);
}

BOOST_FIXTURE_TEST_CASE(a_cold_row_is_dropped_from_the_store, started) {
  auto g = tickets[ask()];
  answer_all(g);
  close(g, 16);
  pass(60'000);
  BOOST_TEST(db.rows() == 1u);
  pass(3'200);
  BOOST_TEST(db.rows() == 0u);
  BOOST_TEST(core.book().rows() == 0u);
  BOOST_TEST(counts().free == 1'000u);
}

BOOST_FIXTURE_TEST_CASE(an_open_that_surely_failed_gives_its_units_back, started) {
  open_answers.push_back(fail(ec::store_busy, "locked"));
  auto r = ask();
  BOOST_TEST(tickets[r].ids.empty());
  BOOST_TEST(tickets[r].retry_after_ms == 500u);
  BOOST_TEST(counts().free == 1'000u);
  auto next = ask();
  BOOST_TEST(opens.size() == 1u); // the store gets a pause
  pass(500);
  BOOST_TEST(tickets[next].ids.size() == 16u);
}

BOOST_FIXTURE_TEST_CASE(an_open_of_unknown_outcome_that_is_there_is_used, started) {
  for (const auto& unsure : {fail(ec::outcome_unknown, "?"), caf::make_error(caf::sec::request_timeout),
                             caf::make_error(caf::sec::request_receiver_down)}) {
    do_open_anyway = true;
    open_answers.push_back(unsure);
    auto r = ask();
    BOOST_TEST(tickets[r].ids.size() == 16u);
    pass(1'000);
  }
}

BOOST_FIXTURE_TEST_CASE(an_open_of_unknown_outcome_that_is_not_there_waits_for_a_write_of_the_lease, started) {
  open_answers.push_back(fail(ec::outcome_unknown, "?"));
  for (int i = 0; i < 2; ++i) renew_answers.push_back(fail(ec::store_busy, "locked"));
  auto r = ask();
  BOOST_TEST(counts().unsent == 16u);
  BOOST_TEST(counts().free == 984u);
  BOOST_TEST(!tickets.contains(r));
  pass(1'000); // a renewal was tried at once, and failed; so did the next
  BOOST_TEST(counts().unsent == 16u);
  pass(1'100);
  BOOST_TEST(counts().free == 1'000u);
  BOOST_TEST(tickets[r].ids.empty());
}

BOOST_FIXTURE_TEST_CASE(a_search_that_fails_is_repeated_and_a_late_find_is_closed_unused, started) {
  do_open_anyway = true;
  open_answers.push_back(fail(ec::outcome_unknown, "?"));
  for (int i = 0; i < 20; ++i) find_answers.push_back(fail(ec::unavailable, "away"));
  auto r = ask();
  pass(8'000);
  BOOST_TEST(tickets[r].ids.empty()); // its asker has waited long enough
  BOOST_TEST(counts().unsent == 16u);
  pass(3'000);
  BOOST_TEST(closes.size() == 1u);
  BOOST_TEST(closes.at(0).sent == 0u);
  BOOST_TEST(counts().free == 1'000u);
}

BOOST_FIXTURE_TEST_CASE(a_row_that_appears_long_after_is_closed_as_never_used, started) {
  hold_opens = true;
  auto r = ask();
  run(core.opened({1, 1}, fail(ec::outcome_unknown, "?"), now()));
  BOOST_TEST(tickets[r].ids.empty()); // looked for, not there, and a renewal said so
  BOOST_TEST(counts().free == 1'000u);
  db.open(held.at(0));
  pass(3'000);
  BOOST_TEST(closes.size() == 1u);
  BOOST_TEST(closes.at(0).sent == 0u);
  pass(6'000);
  BOOST_TEST(db.rows() == 0u);
}

BOOST_AUTO_TEST_CASE(losing_the_lease_refuses_all_and_tells_the_truth_later) {
  sim_database db;
  bench a{settings("a"), &db};
  a.start();
  auto g = a.tickets[a.ask()];
  a.run(a.core.began({g.epoch, g.seq, 16}, a.now()));
  bench b{settings("b"), &db};
  b.t = a.t + 20'000; // a was frozen meanwhile
  b.start();
  BOOST_TEST(b.core.book().leads());
  BOOST_TEST(b.counts().charged == 16u);
  a.t = b.t;
  auto r = a.ask();
  BOOST_TEST((code_of(a.refused[r]) == ec::not_leader));
  BOOST_TEST(!a.core.book().leads());
  BOOST_TEST(a.core.status(a.now()).problem.find("does not lead") != std::string::npos);
  for (int i = 0; i < 16; ++i) a.run(a.core.ended({g.epoch, g.seq, unit_end::answered}, a.now()));
  auto c = a.close(g, 16);
  BOOST_TEST(a.closed.at(c).was_open);
  BOOST_TEST(a.closes.at(0).sent == 16u);
  b.pass(3'000);
  BOOST_TEST(b.counts().charged == 0u);
  BOOST_TEST(b.counts().cooling == 16u);
  a.pass(3'000);
  BOOST_TEST(!a.core.book().leads()); // asks again, in vain
  r = a.ask();
  BOOST_TEST((code_of(a.refused[r]) == ec::not_leader));
}

BOOST_AUTO_TEST_CASE(a_renewal_that_is_refused_steps_down) {
  sim_database db;
  bench a{settings("a"), &db};
  a.start();
  for (int i = 0; i < 5; ++i) a.ask();
  auto waits = a.ask();
  lease_take by_b;
  by_b.holder = "b";
  db.now_ms = a.t + 20'000;
  BOOST_REQUIRE(db.take(by_b));
  a.pass(3'000);
  BOOST_TEST(!a.core.book().leads());
  BOOST_TEST((code_of(a.refused[waits]) == ec::not_leader || a.tickets.contains(waits)));
}

BOOST_AUTO_TEST_CASE(a_restart_does_not_forget_the_past_minute) {
  sim_database db;
  bench before{settings("n1#1"), &db};
  before.start();
  auto g = before.tickets[before.ask()];
  before.answer_all(g);
  before.close(g, 16);
  before.pass(1'000);
  before.ask(); // handed out and never heard of again
  auto cfg = settings("n1#2");
  cfg.own = {"n1#1"};
  bench after{cfg, &db};
  after.t = before.t + 1'000;
  after.start(); // no wait for its own dead lease
  BOOST_TEST(after.core.book().leads());
  BOOST_TEST(after.counts().cooling == 32u);
  BOOST_TEST(after.counts().charged == 0u);
  after.pass(60'099); // 2 s of age, but a clock that may step by 2 s
  BOOST_TEST(after.counts().cooling == 32u);
  after.pass(1);
  BOOST_TEST(after.counts().cooling == 16u);
  after.pass(11'999); // closed at the start, lost
  BOOST_TEST(after.counts().cooling == 16u);
  after.pass(1);
  BOOST_TEST(after.counts().cooling == 0u);
}

BOOST_FIXTURE_TEST_CASE(the_grants_of_a_dead_stocker_are_written_off, started) {
  auto g = tickets[ask(16, quota_class::stock, 5)];
  auto other = tickets[ask(4, quota_class::live, 6)];
  run(core.began({g.epoch, g.seq, 2}, now()));
  run(core.ended({g.epoch, g.seq, unit_end::answered}, now()));
  run(core.requester_down(5, now()));
  pass(59'000);
  BOOST_TEST(closes.empty());
  pass(1'000);
  BOOST_REQUIRE(closes.size() == 1u);
  BOOST_TEST(closes[0].sent == 16u);
  BOOST_TEST(closes[0].lost == 16u);
  BOOST_TEST(closes[0].dead.size() == 16u);
  BOOST_TEST((closes[0].ledger == std::vector<ledger_entry>{{"calls", 16}, {"lost", 16}}));
  BOOST_TEST(counts().unsent == other.ids.size());
}

BOOST_FIXTURE_TEST_CASE(a_complaint_slows_tries_and_closes, started) {
  auto g = tickets[ask()];
  run(core.began({g.epoch, g.seq, 16}, now()));
  run(core.complained({45009}, now()));
  BOOST_TEST(counts().withheld == 500u);
  auto s = core.status(now());
  BOOST_TEST(s.facts.find("\"state\":\"slowed\"") != std::string::npos);
  BOOST_TEST(s.facts.find("\"foreign_use\":true") != std::string::npos);
  BOOST_TEST(s.problem.find("somebody else") != std::string::npos);
  for (int i = 0; i < 16; ++i) run(core.ended({g.epoch, g.seq, unit_end::answered}, now()));
  close(g, 16);
  auto r = ask();
  BOOST_TEST(tickets[r].ids.empty());
  BOOST_TEST(tickets[r].retry_after_ms == 65'000u);
  pass(65'000);
  auto trial = tickets[ask()];
  BOOST_TEST(trial.ids.size() == 2u);
  run(core.began({trial.epoch, trial.seq, 2}, now()));
  for (int i = 0; i < 2; ++i) {
    run(core.ended({trial.epoch, trial.seq, unit_end::answered}, now()));
    run(core.complained({45011}, now()));
  }
  close(trial, 2);
  s = core.status(now());
  BOOST_TEST(s.facts.find("\"state\":\"closed\"") != std::string::npos);
  BOOST_TEST(s.facts.find("\"foreign_use\":false") != std::string::npos);
  BOOST_TEST(s.problem.find("00:05") != std::string::npos);
  r = ask();
  BOOST_TEST(tickets[r].retry_after_ms == 600'000u);
  pass(600'000);
  auto probe = tickets[ask()];
  BOOST_TEST(probe.ids.size() == 1u);
  answer_all(probe);
  close(probe, 1);
  BOOST_TEST(core.status(now()).facts.find("\"state\":\"slowed\"") != std::string::npos);
  pass(1'000);
  BOOST_TEST(tickets[ask()].ids.size() == 16u);
}

BOOST_FIXTURE_TEST_CASE(at_the_full_rate_a_complaint_blames_nobody, started) {
  for (int i = 0; i < 62; ++i) {
    auto r = ask(16, quota_class::live);
    auto g = tickets[r];
    answer_all(g);
    close(g, static_cast<uint32_t>(g.ids.size()));
    pass(100);
  }
  BOOST_TEST(counts().cooling >= 990u);
  run(core.complained({45009}, now()));
  BOOST_TEST(core.status(now()).facts.find("\"foreign_use\":false") != std::string::npos);
  BOOST_TEST(core.status(now()).facts.find("\"used_60s\":992") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(many_charged_units_are_a_problem_in_words) {
  sim_database db;
  bench a{settings("a"), &db};
  a.start();
  for (int i = 0; i < 2; ++i) a.ask();
  bench b{settings("b"), &db};
  b.t = a.t + 20'000;
  b.start();
  BOOST_TEST(b.counts().charged == 32u);
  BOOST_TEST(b.core.status(b.now()).problem.find("node forget") != std::string::npos);
}

BOOST_FIXTURE_TEST_CASE(shutting_down_answers_who_waits, started) {
  for (int i = 0; i < 5; ++i) ask();
  auto waits = ask();
  hold_opens = true;
  auto opening = ask(1, quota_class::live);
  run(core.shut_down());
  BOOST_TEST((code_of(refused[waits]) == ec::shutting_down));
  BOOST_TEST((code_of(refused[opening]) == ec::shutting_down));
}

BOOST_AUTO_TEST_CASE(settings_that_cannot_work_are_refused) {
  BOOST_TEST(!validate(settings()));
  auto wrong = [](auto change) {
    auto cfg = settings();
    change(cfg);
    return code_of(validate(cfg)) == ec::invalid_config;
  };
  BOOST_TEST(wrong([](auto& c) { c.app.clear(); }));
  BOOST_TEST(wrong([](auto& c) { c.holder.clear(); }));
  BOOST_TEST(wrong([](auto& c) { c.per_minute = 0; }));
  BOOST_TEST(wrong([](auto& c) { c.live_reserve = c.per_minute; }));
  BOOST_TEST(wrong([](auto& c) { c.grants_open_max = 0; }));
  BOOST_TEST(wrong([](auto& c) { c.grants_open_max = 33; }));
  BOOST_TEST(wrong([](auto& c) { c.renew_every_ms = 4'000; }));
  BOOST_TEST(wrong([](auto& c) { c.answer_max_ms = 5'999; }));
  BOOST_TEST(wrong([](auto& c) { c.abandoned_for_ms = 19'999; }));
}

BOOST_AUTO_TEST_SUITE_END()
