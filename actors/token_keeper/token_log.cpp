#include "actors/token_keeper/token_log.hpp"

namespace qrwell {
namespace {

const log::voice voice{"token_keeper"};

} // namespace

void token_log::look(const std::string& app, const std::string& host, const token_book& book, int64_t now_ms) {
  auto f = book.look(now_ms);
  if (f.refused > std::exchange(refused_, f.refused))
    voice.warn("token refused", {{"app", app}, {"why", f.last_error}});
  if (f.foreign_manager > std::exchange(foreign_, f.foreign_manager))
    voice.warn("a second token manager is at work for this appid",
               {{"app", app}, {"why", f.last_error}, {"times", f.foreign_manager}});
  if (f.failures > std::exchange(failures_, f.failures))
    if (auto held_back = failing_.admit("", now_ms))
      voice.warn("token not refreshed", {{"app", app},
                                         {"host", host},
                                         {"why", f.last_error},
                                         {"next_try_in_s", f.next_fetch_in_s},
                                         {"lines_held_back", *held_back}});
  if (f.refreshes > std::exchange(refreshes_, f.refreshes))
    voice.info("token refreshed", {{"app", app}, {"host", host}, {"expires_in_s", f.expires_in_s}});
}

void token_log::moved(const std::string& app, const std::string& from, const std::string& to, const std::string& why,
                      int64_t now_ms) {
  if (auto held_back = moving_.admit("", now_ms))
    voice.warn("the token is asked of another host of WeChat",
               {{"app", app}, {"from", from}, {"to", to}, {"why", why}, {"lines_held_back", *held_back}});
}

void token_log::forced(const std::string& app, const std::string& actor) {
  voice.info("token refresh forced", {{"app", app}, {"by", actor}});
}

} // namespace qrwell
