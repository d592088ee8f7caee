#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "tools/wechat-sim/call_window.hpp"
#include "tools/wechat-sim/fault_plan.hpp"
#include "tools/wechat-sim/image_press.hpp"
#include "tools/wechat-sim/rid_log.hpp"
#include "tools/wechat-sim/sim_settings.hpp"
#include "tools/wechat-sim/token_desk.hpp"

namespace qrwell::sim {

/// What was seen of one app; POST /sim/reset makes a new one.
struct app_counts {
  /// Every getwxacodeunlimit request that named a token of this app, answered or refused: nothing that WeChat may count
  /// can be missing here, so a client that keeps the limit in this window keeps it in any.
  call_window arrivals;
  /// The calls that the simulator charged to the quota.
  call_window charged;
  minute_counter charged_this_minute;
  day_counter charged_today;
  day_counter token_today;
  call_window stable_minute;
  day_counter stable_today;
  month_counter clears;
  month_counter path_clears;
  uint64_t token_calls = 0;
  uint64_t images = 0;
  std::map<int, uint64_t> refused;
  /// Hashes of the scenes asked for, the first `scenes_max` of them.
  std::unordered_set<uint64_t> scenes;
  uint64_t scenes_repeated = 0;
  /// Hashes of pages used with check_path=false that are not released; WeChat allows 60,000.
  std::unordered_set<uint64_t> unreleased_pages;

  static constexpr std::size_t scenes_max = 1'000'000;
  static constexpr std::size_t unreleased_pages_max = 60'000;
};

struct app_state {
  app_settings settings;
  token_desk tokens;
  app_counts counts;
};

struct served_scene {
  std::string appid;
  std::string scene;
  std::string page;
  int64_t at_us = 0;
  std::shared_ptr<const std::string> body;
};

/// The last images served. Bounded in number and bytes.
class served_scenes {
public:
  static constexpr std::size_t count_max = 1000;
  static constexpr std::size_t bytes_max = std::size_t{32} << 20U;

  void add(served_scene scene);
  void clear();
  const std::deque<served_scene>& all() const { return scenes_; }

private:
  std::deque<served_scene> scenes_;
  std::size_t bytes_ = 0;
};

/// Everything the simulator knows. Not for several threads.
struct sim_state {
  explicit sim_state(sim_settings settings);

  app_state* app_named(std::string_view appid);
  app_state* app_of_token(std::string_view token);
  /// `8hex-8hex-8hex`, the first group the Unix second.
  std::string new_rid(int64_t now_us);
  /// Back to the settings of the start, with all counts at zero; tokens stay valid unless `tokens`.
  void reset(bool tokens);

  const sim_settings initial;
  sim_settings live;
  std::vector<app_state> apps;
  fault_plan faults;
  image_press press;
  std::mt19937_64 random;
  served_scenes scenes;
  rid_log rids;
  /// Errors to calls that named no app or token of ours.
  std::map<int, uint64_t> refused_without_app;
  /// Calls of WeChat's by Host header, the first `hosts_max` of them.
  std::map<std::string, uint64_t> calls_by_host;
  static constexpr std::size_t hosts_max = 64;
  /// HOST:PORT of each listener, as the shell reports them.
  std::vector<std::string> listeners;
  uint64_t connections_open = 0;
  uint64_t connections_open_max = 0;
  uint64_t connections_accepted = 0;
  uint64_t connections_refused = 0;

private:
  void add_initial_faults();
  app_state fresh_app(const app_settings& settings);
};

} // namespace qrwell::sim
