#include "actors/quota_manager/quota_log.hpp"

namespace qrwell {
namespace {

const log::voice voice{"quota_manager"};
constexpr int64_t look_every_ms = 1'000;

} // namespace

void quota_log::look(quota_core& core, quota_now now) {
  auto leads = core.book().leads();
  auto mode = core.rate().mode();
  if (leads != leads_) {
    leads_ = leads;
    if (leads)
      voice.info("lease taken", {{"app", app_}, {"epoch", core.book().epoch()}});
    else
      voice.warn("lease lost", {{"app", app_}, {"why", core.status(now).problem}});
  }
  if (mode != mode_) {
    auto before = std::exchange(mode_, mode);
    voice.write(mode == rate_mode::normal ? log::level::info : log::level::warn, "quota state changed",
                {{"app", app_},
                 {"state", to_string(mode)},
                 {"before", to_string(before)},
                 {"effective_limit", core.rate().effective()},
                 {"why", mode == rate_mode::normal ? std::string() : core.status(now).problem}});
  }
  // Everything else that status calls a problem; it makes sentences, so not at every event.
  if (!leads || now.mono_ms - looked_ms_ < look_every_ms) return;
  looked_ms_ = now.mono_ms;
  trouble_.tell(voice, "quota is in trouble",
                mode == rate_mode::normal ? std::string_view(core.status(now).problem) : "", now.mono_ms,
                {{"app", app_}});
}

} // namespace qrwell
