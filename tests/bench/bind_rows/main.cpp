// How long a row of a bind group takes: us per row, wall clock, each group synced. Half of the requests carry an
// idempotency key.
//   bind_rows [CODES] [FILE]      200,000 codes in ./bind_rows.db unless told otherwise; the file is made anew

#include "runtime/ids/hash.hpp"
#include "runtime/stores/sqlite/sqlite_code_store.hpp"

#include <fmt/format.h>

#include <chrono>
#include <filesystem>
#include <random>

using namespace qrwell;

namespace {

template <class T>
T must(caf::expected<T> x) {
  if (x) return std::move(*x);
  fmt::print(stderr, "{}\n", render(x.error()));
  std::exit(1);
}

void must(caf::expected<void> x) {
  if (x) return;
  fmt::print(stderr, "{}\n", render(x.error()));
  std::exit(1);
}

using clock_type = std::chrono::steady_clock;

double us_since(clock_type::time_point t) {
  return std::chrono::duration<double, std::micro>(clock_type::now() - t).count();
}

/// Of this thread, user and system: what is left of the figure when the machine is shared.
double cpu_us() {
  timespec t{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return static_cast<double>(t.tv_sec) * 1e6 + static_cast<double>(t.tv_nsec) / 1e3;
}

/// Ids as the service makes them: ordered by time in front, random behind.
std::vector<std::string> make_ids(size_t count) {
  static const char letters[] = "-0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz";
  std::mt19937_64 random{7};
  std::vector<std::string> ids;
  for (size_t i = 0; i < count; ++i) {
    auto id = fmt::format("a{:06x}", i / 5);
    while (id.size() < 20) id += letters[random() % 64];
    ids.push_back(std::move(id));
  }
  return ids;
}

void preload(code_store& store, uint32_t app_id, uint32_t gen_id, const std::vector<std::string>& ids) {
  auto epoch = must(store.take_lease({"app:bench", app_id, "n1-a", {}, 10'000})).epoch;
  uint64_t seq = 0;
  for (size_t at = 0; at < ids.size(); at += 5'000) {
    auto end = std::min(ids.size(), at + 5'000);
    must(store.open_grant({"app:bench", app_id, "n1-a", epoch, ++seq, gen_id, quota_class::stock, {ids[at]}, 10'000}));
    grant_close close;
    close.app_id = app_id;
    close.epoch = epoch;
    close.seq = seq;
    close.gen_id = gen_id;
    for (size_t i = at; i < end; ++i)
      close.stocked.push_back({ids[i], "jpeg", 50'000, digest{1, 2, 3}, 1'790'000'000'000});
    close.ledger = {{"calls", end - at}, {"images", end - at}};
    must(store.close_grant(close));
  }
}

} // namespace

int main(int argc, char** argv) {
  size_t count = argc > 1 ? std::stoul(argv[1]) : 200'000;
  std::string file = argc > 2 ? argv[2] : "bind_rows.db";
  for (const auto* end : {"", "-wal", "-shm"}) std::filesystem::remove(file + end);
  sqlite_options options;
  options.file = file;
  auto store = must(sqlite_code_store::open(options));
  auto app_id = must(store->ensure_app("bench", "wx0"));
  auto gen_id = must(store->ensure_generation("default", app_id, "{}", digest{1})).gen_id;
  must(store->apply_generation("default", gen_id, "bench"));
  must(store->begin_incarnation("n1", "n1-a", {}));
  auto ids = make_ids(count);
  auto begun = clock_type::now();
  preload(*store, app_id, gen_id, ids);
  fmt::print("stocked {} codes, {:.1f} us a row\n", count, us_since(begun) / static_cast<double>(count));

  size_t at = 0;
  for (auto [size, random_keys] :
       {std::pair<size_t, bool>{30, false}, {90, false}, {250, false}, {30, true}, {90, true}, {250, true}}) {
    // A sixth of the stock each, claimed and ended lot by lot as the shelf does it.
    std::vector<double> took;
    size_t rows = 0;
    std::deque<std::pair<std::string, uint64_t>> shelf;
    std::map<uint64_t, size_t> left;
    std::vector<uint64_t> finished;
    double total = 0, cpu = 0;
    while (rows + size <= count / 6) {
      bind_group group{"n1-a", {}, {}, finished};
      finished.clear();
      if (shelf.size() < 2 * size) group.claims.push_back({"default", gen_id, 2});
      for (size_t i = 0; i < size && !shelf.empty(); ++i) {
        bind_request r;
        r.id = std::move(shelf.front().first);
        r.lot_no = shelf.front().second;
        shelf.pop_front();
        if (--left[r.lot_no] == 0) finished.push_back(r.lot_no);
        r.ticket = ++at;
        r.gen_id = gen_id;
        r.mark = random_nonce();
        r.pool = "default";
        r.owner = "shop-" + std::to_string(at % 3);
        r.path = "pages/house/detail";
        r.query = fmt::format("{{\"id\":\"{}\",\"from\":\"poster\",\"agent\":\"{}\"}}", 1'000'000 + at, at % 977);
        r.actor = "key:shop";
        r.request_id = fmt::format("req-{:016x}", at * 2'654'435'761);
        r.key_id = 1;
        if (at % 2) {
          // Order numbers come one after the other; UUIDs fall anywhere into the table, a page written for each.
          r.idempotency_key = fmt::format("order-{:016x}", random_keys ? at * 11'400'714'819'323'198'485ULL : at);
          r.body_hash = digest{static_cast<uint8_t>(at)};
        }
        group.binds.push_back(std::move(r));
      }
      auto t = clock_type::now();
      auto c = cpu_us();
      auto out = must(store->bind(group));
      auto us = us_since(t);
      c = cpu_us() - c;
      for (auto& claim : out.claims)
        for (auto& lot : claim.lots) {
          left[lot.lot_no] = lot.ids.size();
          for (auto& id : lot.ids) shelf.emplace_back(id, lot.lot_no);
        }
      for (auto& r : out.results)
        if (r.end != bind_end::bound) fmt::print("{} ended as {}\n", r.ticket, static_cast<int>(r.end)), std::exit(1);
      if (out.results.empty()) continue;
      rows += out.results.size();
      total += us;
      cpu += c;
      took.push_back(us);
    }
    std::sort(took.begin(), took.end());
    fmt::print(
        "groups of {:3}, {} keys: {:5.1f} us a row ({:4.1f} of them CPU), a group p50 {:.2f} ms, p99 {:.2f} ms, worst "
        "{:.2f} ms\n",
        size, random_keys ? "random" : "ordered", total / static_cast<double>(rows), cpu / static_cast<double>(rows),
        took[took.size() / 2] / 1'000, took[took.size() * 99 / 100] / 1'000, took.back() / 1'000);
    must(store->give_back_lots({"n1-a"}));
  }
  begun = clock_type::now();
  auto report = must(store->verify({}));
  fmt::print("verify: {:.2f} s\n", us_since(begun) / 1e6);
  for (auto& f : report.findings)
    if (!f.ok) fmt::print("{} {}: {}\n", f.promise, f.check, f.detail);
  fmt::print("{:.0f} bytes a code\n",
             static_cast<double>(std::filesystem::file_size(file)) / static_cast<double>(count));
}
