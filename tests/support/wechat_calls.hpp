#pragma once

#include "actors/token_keeper/token_keeper.hpp"
#include "actors/wechat_fetcher/wechat_fetcher.hpp"
#include "messages/register.hpp"
#include "runtime/wechat/call_engine.hpp"
#include "tests/support/sim_process.hpp"

#include <caf/all.hpp>

#include <boost/json.hpp>
#include <boost/test/unit_test.hpp>

#include <map>
#include <string>
#include <vector>

namespace qrwell::test {

constexpr const char* sim_app = "wx0123456789abcdef:sim-app-secret";

/// Token keeper, fetcher and engine as they run in a node, on real time.
class wechat_calls {
public:
  explicit wechat_calls(std::vector<std::string> hosts, std::string app_secret = "sim-app-secret",
                        std::function<void(wechat_fetcher_config&, token_keeper_config&)> change = {}) {
    token_keeper_config keeper_cfg;
    keeper_cfg.app = "homes";
    keeper_cfg.appid = "wx0123456789abcdef";
    keeper_cfg.app_secret = secret(std::move(app_secret));
    keeper_cfg.hosts = hosts;
    keeper_cfg.tick_ms = 50;
    wechat_fetcher_config fetcher_cfg;
    fetcher_cfg.desk.app = "homes";
    fetcher_cfg.desk.hosts = std::move(hosts);
    fetcher_cfg.idle_tick_ms = 100;
    if (change) change(fetcher_cfg, keeper_cfg);
    BOOST_REQUIRE(!validate(keeper_cfg));
    BOOST_REQUIRE(!validate(fetcher_cfg));
    engine_ = *wechat::call_engine::make({});
    keeper = sys_.spawn(token_keeper, registry_.enroll("token_keeper", "homes"), keeper_cfg,
                        std::static_pointer_cast<wechat::wechat_transport>(engine_));
    fetcher = sys_.spawn(wechat_fetcher, registry_.enroll("wechat_fetcher", "homes"), fetcher_cfg, keeper,
                         std::static_pointer_cast<wechat::wechat_transport>(engine_));
  }

  ~wechat_calls() {
    engine_->stop();
    caf::anon_send_exit(fetcher, caf::exit_reason::kill);
    caf::anon_send_exit(keeper, caf::exit_reason::kill);
    fetcher = nullptr;
    keeper = nullptr;
  }

  /// One attempt.
  fetched_code fetch(uint32_t timeout_ms = 10'000) { return fetch_many(1, 1, timeout_ms).front(); }

  /// `count` attempts, `at_once` under way.
  std::vector<fetched_code> fetch_many(size_t count, size_t at_once, uint32_t timeout_ms = 10'000) {
    std::vector<fetched_code> out;
    size_t begun = 0;
    caf::scoped_actor self{sys_};
    using handle = decltype(self->request(fetcher, std::chrono::seconds(20), fetch_code{}));
    std::deque<handle> open;
    while (out.size() < count) {
      while (begun < count && open.size() < at_once) {
        fetch_code what;
        what.id = "itest" + std::to_string(++ids_);
        what.spec.page = "pages/qr/index";
        what.timeout_for_ms = timeout_ms;
        open.push_back(self->request(fetcher, std::chrono::seconds(20), what));
        ++begun;
      }
      auto next = std::move(open.front());
      open.pop_front();
      next.receive([&](fetched_code& code) { out.push_back(std::move(code)); },
                   [&](const caf::error& e) {
                     BOOST_ERROR("a fetch was not answered: " + render(e));
                     out.emplace_back();
                   });
    }
    for (const auto& code : out) {
      ++outcomes[code.outcome];
      BOOST_TEST(code.detail.find("access_token=") == std::string::npos, code.detail);
    }
    return out;
  }

  template <class Actor>
  actor_status status(const Actor& actor) {
    actor_status out;
    caf::scoped_actor self{sys_};
    self->request(actor, std::chrono::seconds(5), status_query{})
        .receive([&](actor_status& s) { out = std::move(s); }, [](const caf::error& e) { BOOST_ERROR(render(e)); });
    return out;
  }
  template <class Actor>
  boost::json::value facts(const Actor& actor) {
    return boost::json::parse(status(actor).facts);
  }

  caf::expected<done> force_token() {
    caf::expected<done> out{caf::sec::request_timeout};
    caf::scoped_actor self{sys_};
    self->request(keeper, std::chrono::seconds(15), token_refresh{"test"})
        .receive([&](done d) { out = d; }, [&](caf::error& e) { out = std::move(e); });
    return out;
  }

  std::map<fetch_outcome, size_t> outcomes; ///< of all fetches
  token_keeper_actor keeper;
  wechat_fetcher_actor fetcher;

private:
  struct config : caf::actor_system_config {
    config() {
      register_messages(*this);
      set("scheduler.policy", caf::atom("sharing"));
      set("scheduler.max-threads", size_t{2});
    }
  };

  config cfg_;
  caf::actor_system sys_{cfg_};
  vitals_registry registry_;
  std::shared_ptr<wechat::call_engine> engine_;
  uint64_t ids_ = 0;
};

/// What the simulator counted for its only app.
inline int64_t sim_count(const sim_process& sim, const char* field) {
  return sim.get_json("/sim/state").at("apps").at(0).at(field).to_number<int64_t>();
}

} // namespace qrwell::test
