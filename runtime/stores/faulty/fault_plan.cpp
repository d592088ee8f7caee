#include "runtime/stores/faulty/fault_plan.hpp"

namespace qrwell {

void fault_plan::script(const std::string& call, fault what, uint32_t times) {
  std::lock_guard lock{mutex_};
  auto& queue = scripts_[call];
  queue.insert(queue.end(), times, what);
}

void fault_plan::by_chance(uint64_t seed, chances per_mille) {
  std::lock_guard lock{mutex_};
  dice_.seed(seed);
  chances_ = per_mille;
}

void fault_plan::slow_by(uint32_t ms) {
  std::lock_guard lock{mutex_};
  slow_ms_ = ms;
}

void fault_plan::clear() {
  std::lock_guard lock{mutex_};
  scripts_.clear();
  chances_ = {};
  slow_ms_ = 0;
}

fault_plan::verdict fault_plan::next(const std::string& call) {
  std::lock_guard lock{mutex_};
  ++calls_;
  verdict out{fault::none, slow_ms_};
  for (const auto& name : {call, std::string{}}) {
    auto script = scripts_.find(name);
    if (script == scripts_.end() || script->second.empty()) continue;
    out.what = script->second.front();
    script->second.pop_front();
    ++injected_[static_cast<size_t>(out.what)];
    return out;
  }
  auto drawn = static_cast<uint32_t>(dice_() % 1'000);
  auto& c = chances_;
  std::pair<uint32_t, fault> kinds[] = {{c.failed, fault::failed},
                                        {c.busy, fault::busy},
                                        {c.disk_full, fault::disk_full},
                                        {c.away, fault::away},
                                        {c.unknown_done, fault::unknown_done},
                                        {c.unknown_not_done, fault::unknown_not_done}};
  for (auto& [per_mille, kind] : kinds) {
    if (drawn < per_mille) {
      out.what = kind;
      break;
    }
    drawn -= per_mille;
  }
  ++injected_[static_cast<size_t>(out.what)];
  return out;
}

uint64_t fault_plan::calls() const {
  std::lock_guard lock{mutex_};
  return calls_;
}

uint64_t fault_plan::injected(fault what) const {
  std::lock_guard lock{mutex_};
  return injected_[static_cast<size_t>(what)];
}

} // namespace qrwell
