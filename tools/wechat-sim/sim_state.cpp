#include "tools/wechat-sim/sim_state.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

namespace qrwell::sim {

void served_scenes::add(served_scene scene) {
  bytes_ += scene.body->size();
  scenes_.push_back(std::move(scene));
  while (scenes_.size() > count_max || bytes_ > bytes_max) {
    bytes_ -= scenes_.front().body->size();
    scenes_.pop_front();
  }
}

void served_scenes::clear() {
  scenes_.clear();
  bytes_ = 0;
}

sim_state::sim_state(sim_settings settings)
    : initial(std::move(settings))
    , live(initial)
    , faults(initial.seed)
    , press(initial.jpeg_quality)
    , random(initial.seed) {
  for (const auto& app : initial.apps) apps.push_back(fresh_app(app));
  add_initial_faults();
}

app_state* sim_state::app_named(std::string_view appid) {
  auto found = std::ranges::find_if(apps, [&](const app_state& app) { return app.settings.appid == appid; });
  return found == apps.end() ? nullptr : &*found;
}

app_state* sim_state::app_of_token(std::string_view token) {
  auto found = std::ranges::find_if(apps, [&](const app_state& app) { return app.tokens.knows(token); });
  return found == apps.end() ? nullptr : &*found;
}

std::string sim_state::new_rid(int64_t now_us) {
  auto tail = random();
  return fmt::format("{:08x}-{:08x}-{:08x}", static_cast<uint32_t>(now_us / 1'000'000),
                     static_cast<uint32_t>(tail >> 32U), static_cast<uint32_t>(tail));
}

void sim_state::reset(bool tokens) {
  live = initial;
  faults.clear();
  faults.forget_hits();
  add_initial_faults();
  scenes.clear();
  rids.clear();
  calls_by_host.clear();
  connections_refused = 0;
  refused_without_app.clear();
  connections_open_max = connections_open;
  for (auto& app : apps) {
    if (tokens) app.tokens = token_desk{initial.tokens, random()};
    app.counts = {};
  }
}

void sim_state::add_initial_faults() {
  for (const auto& f : initial.faults) faults.add(f);
}

app_state sim_state::fresh_app(const app_settings& settings) {
  return {settings, token_desk{initial.tokens, random()}, {}};
}

} // namespace qrwell::sim
