#pragma once

#include "actors/pool_stocker/stocker_core.hpp"
#include "tests/actors/pool_stocker/test_images.hpp"

#include <boost/test/unit_test.hpp>

#include <deque>
#include <functional>

namespace qrwell::test {

inline pool_stocker_config small_pool() {
  pool_stocker_config cfg;
  cfg.pool = "default";
  cfg.app = "homes";
  cfg.app_id = 1;
  cfg.gen_id = 7;
  cfg.low = 100;
  cfg.high = 100;
  cfg.reserve = 10;
  cfg.live_allowed = true;
  cfg.incarnation = "n1-abc";
  cfg.min_free_bytes = 1'000;
  cfg.spec.app = "homes";
  cfg.spec.page = "pages/qr/index";
  return cfg;
}

inline fetched_code image_of(const std::string& id, uint32_t seed, uint32_t side = 16) {
  fetched_code out;
  out.id = id;
  out.outcome = fetch_outcome::image;
  out.image = make_jpeg(side, side, seed, 60);
  return out;
}

inline fetched_code refusal_of(const std::string& id, int32_t errcode) {
  fetched_code out;
  out.id = id;
  out.outcome = fetch_outcome::refused;
  out.errcode = errcode;
  out.detail = "a text of WeChat rid: 1-2-3";
  return out;
}

/// A stocker core in a world that answers at once, unless told otherwise, and writes everything down.
struct core_bench {
  explicit core_bench(pool_stocker_config cfg = small_pool())
      : core(std::move(cfg)) {
    levels.pool.pool = "default";
    levels.pool.gen_id = 7;
    levels.generations.push_back({7, "default", 1, "{}", {}, generation_state::current, 0});
    levels.levels.push_back({7, 0, 0, 0, 0, 0});
  }

  // The world.
  stock_levels levels;
  uint64_t free_bytes = 1'000'000;
  uint32_t next_seed = 1, next_seq = 0, next_id = 0;
  bool hold_fetches = false; ///< fetches wait in `held`
  bool hold_grants = false;  ///< requests for units wait in `asked`
  std::function<caf::expected<grant_ticket>(const grant_request&)> grant = [this](const grant_request& r) {
    return ticket(r);
  };
  std::function<fetched_code(const fetch_code&)> fetch = [this](const fetch_code& f) {
    return image_of(f.id, next_seed++);
  };
  std::function<caf::error(const images_put&)> write = [](const images_put&) { return caf::error{}; };
  std::function<caf::expected<grant_closed>(const grant_close&)> close = [this](const grant_close& c) {
    return book(c);
  };
  std::function<caf::expected<pool_row>(const pool_pause&)> pause = [this](const pool_pause& p) {
    levels.pool.paused = p.paused;
    levels.pool.pause_reason = p.reason;
    return caf::expected<pool_row>{levels.pool};
  };
  std::function<caf::expected<affected>(const age_out&)> age = [](const age_out&) {
    return caf::expected<affected>{affected{}};
  };

  // What was seen.
  std::vector<grant_request> grants;
  std::vector<grant_close> closes;
  std::vector<pool_pause> pauses;
  std::vector<lots_seal> seals;
  std::vector<age_out> aged;
  std::vector<std::string> dropped;
  std::vector<int32_t> limits;
  std::map<uint64_t, stocker::answer_live> live;
  std::map<uint64_t, stocker::answer_command> commands;
  std::vector<pool_state> published;
  std::deque<stocker::fetch> held;
  std::deque<stocker::ask_grant> asked;
  std::map<uint64_t, int> sent, ended; // by grant
  uint32_t fetches = 0, calls_under_way = 0, calls_under_way_most = 0, asking = 0, asking_most = 0;

  stocker_core core;
  stamp now{1'000'000, 1'789'689'600'000};

  grant_ticket ticket(const grant_request& r) {
    grant_ticket t{1, 3, ++next_seq, r.carry, 0};
    while (t.ids.size() < r.want) t.ids.push_back("id" + std::to_string(++next_id));
    return t;
  }

  caf::expected<grant_closed> book(const grant_close& c) {
    auto& level = levels.levels[0];
    grant_closed out;
    if (!c.holder.empty() && !c.stocked.empty()) {
      claimed_lot lot{c.seq, c.gen_id, {}};
      for (const auto& code : c.stocked) lot.ids.push_back(code.id);
      out.lots.push_back(std::move(lot));
      level.held_codes += c.stocked.size();
    } else {
      level.ready_codes += c.stocked.size();
    }
    level.dead_codes += c.dead.size();
    return out;
  }

  uint64_t stocked() const {
    uint64_t n = 0;
    for (const auto& c : closes) n += c.stocked.size();
    return n;
  }

  uint64_t dead(const std::string& reason) const {
    uint64_t n = 0;
    for (const auto& c : closes)
      for (const auto& d : c.dead) n += d.reason == reason;
    return n;
  }

  void carry_out(stocker::effects orders) {
    std::deque<stocker::effect> queue(std::make_move_iterator(orders.begin()), std::make_move_iterator(orders.end()));
    while (!queue.empty()) {
      auto e = std::move(queue.front());
      queue.pop_front();
      for (auto& next : std::visit([this](auto& what) { return meet(what); }, e)) queue.push_back(std::move(next));
    }
  }

  // What the world does with each effect, and what the core makes of the answer.
  stocker::effects meet(stocker::ask_grant& x) {
    grants.push_back(x.request);
    if (hold_grants) return asked.push_back(x), stocker::effects{};
    return core.on_ticket(x.run, grant(x.request), now);
  }
  stocker::effects meet(stocker::say_sent& x) {
    sent[x.sent.seq] += static_cast<int>(x.sent.count);
    return {};
  }
  stocker::effects meet(stocker::say_ended& x) {
    if (x.ended.how == unit_end::never_written)
      --sent[x.ended.seq]; // the unit is back
    else
      ++ended[x.ended.seq];
    return {};
  }
  stocker::effects meet(stocker::say_limit& x) {
    limits.push_back(x.limit.errcode);
    return {};
  }
  stocker::effects meet(stocker::fetch& x) {
    ++fetches;
    calls_under_way_most = std::max(calls_under_way_most, ++calls_under_way);
    held.push_back(x);
    return hold_fetches ? stocker::effects{} : answer_fetch();
  }
  stocker::effects meet(stocker::write_images& x) { return core.on_images_written(x.run, write(x.images), now); }
  stocker::effects meet(stocker::end_grant& x) {
    auto answer = close(x.close);
    if (answer) closes.push_back(x.close);
    return core.on_closed(x.run, std::move(answer), now);
  }
  stocker::effects meet(stocker::drop_images& x) {
    dropped.insert(dropped.end(), x.images.ids.begin(), x.images.ids.end());
    return {};
  }
  stocker::effects meet(stocker::read_levels& x) { return core.on_levels(x.number, levels, now); }
  stocker::effects meet(stocker::read_space&) { return core.on_space(free_space{free_bytes}, now); }
  stocker::effects meet(stocker::write_pause& x) {
    pauses.push_back(x.pause);
    return core.on_pause_written(x.command, x.pause, pause(x.pause), now);
  }
  stocker::effects meet(stocker::seal& x) {
    seals.push_back(x.seal_);
    return core.on_sealed({}, now);
  }
  stocker::effects meet(stocker::age& x) {
    aged.push_back(x.age_);
    return core.on_aged(x.age_.gen_id, age(x.age_), now);
  }
  stocker::effects meet(stocker::answer_live& x) {
    live[x.number] = x;
    return {};
  }
  stocker::effects meet(stocker::answer_command& x) {
    commands[x.number] = x;
    return {};
  }
  stocker::effects meet(stocker::publish& x) {
    published.push_back(x.state);
    return {};
  }

  /// The answer to the fetch that has waited longest.
  stocker::effects answer_fetch() {
    auto f = std::move(held.front());
    held.pop_front();
    --calls_under_way;
    return core.on_fetched(f.run, f.request.id, fetch(f.request), now);
  }

  /// The answer to the request for units that has waited longest.
  void answer_grant() {
    auto x = std::move(asked.front());
    asked.pop_front();
    carry_out(core.on_ticket(x.run, grant(x.request), now));
  }

  void release(size_t count = SIZE_MAX) {
    for (; count > 0 && !held.empty(); --count) carry_out(answer_fetch());
  }

  void advance(int64_t ms) {
    for (; ms > 0; ms -= 200) {
      now.mono_ms += 200;
      now.wall_ms += 200;
      carry_out(core.on_tick(now));
    }
  }

  std::string plan() { return core.state(now).plan; }
};

/// P4 of one grant: calls = images + bad_images + errors by code + lost, and what the rows say agrees.
inline void check_books(const grant_close& c) {
  std::map<std::string, uint64_t> ledger;
  uint64_t outcomes = 0;
  for (const auto& line : c.ledger) {
    BOOST_REQUIRE(ledger.emplace(line.outcome, line.count).second);
    if (line.outcome != "calls") outcomes += line.count;
  }
  BOOST_REQUIRE(ledger["calls"] == outcomes);
  BOOST_REQUIRE(ledger["calls"] == c.sent);
  BOOST_REQUIRE(ledger["images"] == c.stocked.size());
  BOOST_REQUIRE(ledger["lost"] == c.lost);
}

} // namespace qrwell::test
