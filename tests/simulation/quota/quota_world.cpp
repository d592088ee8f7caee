#include "tests/simulation/quota/quota_world.hpp"

#include <algorithm>
#include <functional>

namespace qrwell::test {
namespace {

constexpr int64_t second = 1'000'000; // the world's time is in microseconds
constexpr size_t asks_max = 5;        // requests for units that a node has open at once

struct world;

struct sim_grant {
  uint32_t units = 0, under_way = 0, sent = 0, lost = 0;
};

// A process with a quota manager and a stocker that wants all it can get.
struct sim_node {
  sim_node(world& in, int i)
      : w(in)
      , index(i) {}

  world& w;
  int index;
  uint64_t incarnation = 0;
  std::vector<std::string> older;
  std::unique_ptr<quota_core> core;
  int64_t thaw = 0, stopped = 0, armed = 0;
  uint64_t requests = 0;
  size_t asking = 0, uncounted = 0;
  bool resting = false;
  std::map<grant_key, sim_grant> grants;
  uint64_t ids = 0, wakes = 0;

  std::string name() const { return "n" + std::to_string(index) + "#" + std::to_string(incarnation); }
  void start();
  void crash();
  quota_now now() const;
  void later(int64_t in, std::function<void()> f);
  void carry_out(quota_effects e);
  void arm();
  void ask();
  void rest(int64_t span);
  void use(const grant_ticket& t);
  void send(grant_key key);
  void ended(grant_key key, unit_end how);
  template <class F, class Back>
  void database(F transaction, Back back);
};

struct world {
  struct event {
    int64_t at;
    uint64_t order;
    std::function<void()> run;
    bool operator>(const event& o) const { return at != o.at ? at > o.at : order > o.order; }
  };

  world_options options;
  std::mt19937_64 random;
  std::priority_queue<event, std::vector<event>, std::greater<>> events;
  uint64_t order = 0;
  int64_t t = 0, base_offset_ms = 0;
  sim_database db;
  std::vector<int64_t> counted;
  std::vector<std::unique_ptr<sim_node>> nodes;
  world_report report;

  double uniform(double a, double b) { return std::uniform_real_distribution<double>(a, b)(random); }
  int64_t span(double a, double b) { return static_cast<int64_t>(uniform(a, b) * second); }
  int64_t linger() { return span(0, linger_ms * 0.99 / 1'000); }
  bool chance(double p) { return uniform(0, 1) < p; }
  template <class T>
  T pick(std::initializer_list<T> xs) {
    return *(xs.begin() + static_cast<std::ptrdiff_t>(random() % xs.size()));
  }
  void at(int64_t when, std::function<void()> f) { events.push({when, ++order, std::move(f)}); }
  sim_database& database_now() {
    db.now_ms = t / 1'000;
    return db;
  }
  void fault();
  void run();
};

quota_now sim_node::now() const {
  return {(w.t - stopped) / 1'000, w.t / 1'000};
}

// What a process does, it does when it is not frozen, and not after its death.
void sim_node::later(int64_t in, std::function<void()> f) {
  auto mine = incarnation;
  w.at(w.t + in, [this, mine, f = std::move(f)]() mutable {
    if (incarnation != mine || !core) return;
    if (w.t < thaw)
      later(thaw - w.t + static_cast<int64_t>(w.random() % 1'000), std::move(f));
    else
      f();
  });
}

void sim_node::start() {
  quota_manager_config cfg;
  cfg.app = "homes";
  cfg.app_id = 1;
  cfg.holder = name();
  cfg.own = older;
  cfg.per_minute = w.options.per_minute;
  cfg.live_reserve = 0;
  core = std::make_unique<quota_core>(
      cfg, [this] { return name() + "." + std::to_string(++ids); }, w.options.rules);
  armed = std::numeric_limits<int64_t>::max();
  asking = 0;
  resting = false;
  grants.clear();
  carry_out(core->tick(now()));
  later(1'000, [this] { ask(); });
}

void sim_node::crash() {
  // Its sockets close now: calls that WeChat has not counted yet may be counted until L from here.
  for (; uncounted > 0; --uncounted) w.counted.push_back(w.t + w.linger());
  core.reset();
  older.push_back(name());
  ++incarnation;
}

// One request to the database: done at once, done and not told, done much later than given up, or not done.
template <class F, class Back>
void sim_node::database(F transaction, Back back) {
  using result = decltype(transaction(w.db));
  auto there = w.span(0.001, 0.004), home = w.span(0.001, 0.004);
  auto& world = w;
  auto answer = [this, back](int64_t in, result r) {
    later(in, [this, back, r = std::move(r)]() mutable { carry_out(back(std::move(r))); });
  };
  if (w.options.faults && w.chance(0.01)) {
    ++w.report.unknown;
    auto fate = w.uniform(0, 1);
    if (fate < 0.6)
      world.at(w.t + (fate < 0.3 ? there : w.span(0, 8)), [&world, transaction] { transaction(world.database_now()); });
    answer(w.span(0.1, 3), result{fail(ec::outcome_unknown, "no answer")});
    return;
  }
  auto mine = incarnation;
  world.at(w.t + there, [this, &world, transaction, answer, home, mine]() mutable {
    auto r = transaction(world.database_now());
    if (incarnation == mine && core) answer(home, std::move(r));
  });
}

void sim_node::carry_out(quota_effects e) {
  if (++wakes % 61 == 0 && w.report.broken.empty()) w.report.broken = core->book().check();
  if (e.take)
    database([m = *e.take](sim_database& db) { return db.take(m); },
             [this](caf::expected<lease_view> a) {
               if (a) ++w.report.takeovers;
               return core->took(std::move(a), now());
             });
  if (e.renew)
    database([m = *e.renew](sim_database& db) { return db.renew(m); },
             [this](caf::expected<lease_view> a) { return core->renewed(std::move(a), now()); });
  for (auto& m : e.opens)
    database([m](sim_database& db) { return db.open(m); },
             [this, key = grant_key{m.epoch, m.seq}](caf::error err) { return core->opened(key, err, now()); });
  for (auto& m : e.finds)
    database([m](sim_database& db) { return caf::expected<grant_found>{db.find(m)}; },
             [this, key = grant_key{m.epoch, m.seq}](caf::expected<grant_found> a) {
               return core->found(key, std::move(a), now());
             });
  for (auto& m : e.closes)
    database([m](sim_database& db) { return caf::expected<grant_closed>{db.close(m)}; },
             [this, key = grant_key{m.epoch, m.seq}](caf::expected<grant_closed> a) {
               return core->ended_row(key, std::move(a), now());
             });
  if (e.drop)
    database(
        [m = *e.drop](sim_database& db) {
          db.drop(m);
          return caf::error{};
        },
        [this, m = *e.drop](caf::error err) {
          std::vector<grant_key> rows;
          for (auto [epoch, seq] : m.grants) rows.push_back({epoch, seq});
          return core->dropped(rows, err, now());
        });
  for (auto& [no, ticket] : e.tickets) {
    --asking;
    if (!ticket.ids.empty()) {
      use(ticket);
      later(0, [this] { ask(); });
    } else {
      rest(std::min<int64_t>(ticket.retry_after_ms, 1'000) * 1'000);
    }
  }
  asking -= e.refused.size();
  if (!e.refused.empty()) rest(second / 2);
  arm();
}

void sim_node::arm() {
  auto next = core->next_ms(now());
  if (next >= armed) return;
  armed = next;
  later(std::max<int64_t>(1'000, (next - now().mono_ms) * 1'000), [this, next] {
    if (armed == next) armed = std::numeric_limits<int64_t>::max();
    carry_out(core->tick(now()));
  });
}

void sim_node::rest(int64_t span) {
  if (std::exchange(resting, true)) return;
  later(span, [this] {
    resting = false;
    ask();
  });
}

void sim_node::ask() {
  while (asking < asks_max && !resting) {
    ++asking;
    auto use = w.options.faults && w.chance(0.1) ? quota_class::live : quota_class::stock;
    ++requests;
    carry_out(
        core->asked(requests, 1 + requests % 2, {1, use, w.options.faults && w.chance(0.1) ? 3u : 16u, {}}, now()));
  }
}

// Half of the grants are sent in one go, the others one by one over a fifth of a second.
void sim_node::use(const grant_ticket& t) {
  grant_key key{t.epoch, t.seq};
  auto units = static_cast<uint32_t>(t.ids.size());
  auto used = w.chance(0.05) ? units / 2 : units; // not all are always needed
  auto& g = grants[key];
  g.units = g.under_way = used;
  if (used == 0) return ended(key, unit_end::never_written);
  carry_out(core->began({t.epoch, t.seq, used}, now()));
  bool spread = w.options.faults && w.chance(0.5);
  for (uint32_t i = 0; i < used; ++i) later(spread ? w.span(0, 0.2) : 500, [this, key] { send(key); });
}

void sim_node::send(grant_key key) {
  ++w.report.calls;
  ++grants[key].sent;
  if (w.options.faults && w.chance(0.005)) { // nothing left the machine; tried again with the same unit
    --w.report.calls;
    --grants[key].sent;
    carry_out(core->ended({key.epoch, key.seq, unit_end::never_written}, now()));
    carry_out(core->began({key.epoch, key.seq, 1}, now()));
    later(w.span(0, 0.1), [this, key] { send(key); });
    return;
  }
  if (w.options.faults && w.chance(0.01)) {
    ++w.report.lost;
    bool early = w.chance(0.5);
    if (early)
      w.counted.push_back(w.t + w.span(0, 5));
    else
      ++uncounted;
    later(5 * second, [this, key, early] {
      if (!early) { // the socket closes now
        --uncounted;
        w.counted.push_back(w.t + w.linger());
      }
      ended(key, unit_end::lost);
    });
    return;
  }
  auto took = w.span(w.options.call_min_s, w.options.call_max_s);
  w.counted.push_back(w.t + static_cast<int64_t>(w.uniform(0, 1) * static_cast<double>(took)));
  later(took, [this, key] { ended(key, unit_end::answered); });
}

void sim_node::ended(grant_key key, unit_end how) {
  auto& g = grants[key];
  if (how == unit_end::lost) ++g.lost;
  if (g.under_way > 0) {
    --g.under_way;
    carry_out(core->ended({key.epoch, key.seq, how}, now()));
  }
  if (g.under_way > 0) return;
  grant_close c;
  c.epoch = key.epoch;
  c.seq = key.seq;
  c.sent = g.sent;
  c.lost = g.lost;
  grants.erase(key);
  carry_out(core->close(++requests, c, now()));
}

void world::fault() {
  std::vector<sim_node*> candidates;
  for (auto& n : nodes)
    if (n->core && n->core->book().leads()) candidates.push_back(n.get());
  if (candidates.empty())
    for (auto& n : nodes) candidates.push_back(n.get());
  auto& x = *candidates[random() % candidates.size()];
  auto kind = uniform(0, 1);
  if (kind < 0.5) {
    auto frozen = pick<int64_t>({2, 15, 30, 61, 90}) * second;
    ++report.freezes;
    x.thaw = t + frozen;
    if (chance(0.5)) x.stopped += frozen; // the guest's monotonic clock stands still
  } else if (kind < 0.85) {
    if (x.core) {
      ++report.crashes;
      x.crash();
      x.thaw = 0;
      at(t + pick<int64_t>({1, 5, 40}) * second, [&x] { x.start(); });
    }
  } else if (chance(0.5)) {
    ++report.steps; // any two of one server's readings are less than S apart from the truth's distance
    db.offset_ms = base_offset_ms + static_cast<int64_t>(uniform(-950, 950));
  } else {
    ++report.failovers;
    ++db.server;
    base_offset_ms = db.offset_ms = static_cast<int64_t>(uniform(-120'000, 120'000));
  }
  at(t + span(20, 80), [this] { fault(); });
}

void world::run() {
  for (int i = 0; i < 3; ++i) {
    nodes.push_back(std::make_unique<sim_node>(*this, i));
    at(i * second / 10, [n = nodes.back().get()] { n->start(); });
  }
  if (options.faults) at(span(30, 90), [this] { fault(); });
  auto end = options.length_ms * 1'000;
  while (!events.empty() && events.top().at < end) {
    auto e = events.top();
    events.pop();
    t = e.at;
    e.run();
  }
  std::sort(counted.begin(), counted.end());
  size_t first = 0, settled = 0;
  for (size_t i = 0; i < counted.size(); ++i) {
    while (counted[first] <= counted[i] - 60 * second) ++first;
    report.busiest = std::max(report.busiest, static_cast<uint32_t>(i - first + 1));
    if (counted[i] >= 120 * second && counted[i] < end - 10 * second) ++settled;
  }
  report.per_minute = static_cast<double>(settled) / (static_cast<double>(options.length_ms - 130'000) / 60'000);
  report.rows_left = db.rows();
}

} // namespace

world_report run_world(const world_options& options) {
  world w;
  w.options = options;
  w.random.seed(options.seed);
  w.run();
  return w.report;
}

} // namespace qrwell::test
