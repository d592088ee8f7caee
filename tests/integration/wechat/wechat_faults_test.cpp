#include "runtime/wechat/answers.hpp"
#include "tests/support/raw_server.hpp"
#include "tests/support/wechat_calls.hpp"

using namespace qrwell;
using test::raw_server;
using test::sim_count;
using test::sim_process;
using test::wechat_calls;
using clk = std::chrono::steady_clock;

namespace {

struct sim_fixture {
  sim_process sim{{"--app", test::sim_app, "--exit-with-parent"}};

  void fault(const std::string& json) {
    auto set = sim.post("/sim/faults", json);
    BOOST_REQUIRE_MESSAGE(set.status == 200, set.body);
  }

  int64_t token_calls() { return sim_count(sim, "token_calls"); }

  /// Every attempt that may have left this machine is one call at WeChat, and no other is.
  void check_the_books(const wechat_calls& calls) {
    size_t attempts = 0;
    for (auto [outcome, count] : calls.outcomes) attempts += outcome == fetch_outcome::never_written ? 0 : count;
    BOOST_TEST(sim_count(sim, "calls") == static_cast<int64_t>(attempts));
  }

  /// Until an image comes again, or 30 s are over.
  bool recovers(wechat_calls& calls) {
    for (auto until = clk::now() + std::chrono::seconds(30); clk::now() < until;) {
      auto code = calls.fetch();
      if (code.outcome == fetch_outcome::image) return true;
      std::this_thread::sleep_for(std::chrono::milliseconds(std::clamp(code.retry_after_ms, 10u, 5'000u)));
    }
    return false;
  }
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(wechat_faults, sim_fixture, *boost::unit_test::timeout(120))

BOOST_AUTO_TEST_CASE(codes_come_with_one_call_each_and_one_token_for_all) {
  wechat_calls calls({sim.url()});
  auto begun = clk::now();
  auto codes = calls.fetch_many(500, 128);
  auto took = std::chrono::duration<double>(clk::now() - begun).count();
  BOOST_TEST_MESSAGE("500 codes in " << took << " s");
  std::set<std::string> ids;
  for (auto& code : codes) {
    BOOST_TEST((code.outcome == fetch_outcome::image), code.detail);
    BOOST_TEST((wechat::sniff(code.image) == wechat::image_magic::jpeg));
    ids.insert(code.id);
  }
  BOOST_TEST(ids.size() == 500u);
  BOOST_TEST(token_calls() == 1);
  BOOST_TEST(sim_count(sim, "scenes_repeated") == 0);
  BOOST_TEST(sim.get_json("/sim/state").at("connections").at("open_max").to_number<int>() <= 66);
  check_the_books(calls);
}

BOOST_AUTO_TEST_CASE(each_fault_of_an_answer_is_named_truly_and_costs_one_call) {
  wechat_calls calls({sim.url()});
  BOOST_TEST((calls.fetch().outcome == fetch_outcome::image));
  struct expectation {
    std::string fault;
    fetch_outcome outcome;
    int32_t errcode = 0;
  };
  const std::vector<expectation> all{
      {R"({"kind":"error","code":-1,"count":1})", fetch_outcome::refused, -1},
      {R"({"kind":"error","code":41030,"count":1})", fetch_outcome::refused, 41030},
      {R"({"kind":"error","code":45009,"count":1})", fetch_outcome::refused, 45009},
      {R"({"kind":"error","code":45011,"count":1})", fetch_outcome::refused, 45011},
      {R"({"kind":"error","code":48001,"count":1})", fetch_outcome::refused, 48001},
      {R"({"kind":"error_as_text","code":-1,"count":1})", fetch_outcome::refused, -1},
      {R"({"kind":"json_as_image","code":40097,"count":1})", fetch_outcome::refused, 40097},
      {R"({"kind":"http_status","code":502,"count":1})", fetch_outcome::not_an_answer},
      {R"({"kind":"http_status","code":404,"count":1})", fetch_outcome::not_an_answer},
      {R"({"kind":"empty_body","count":1})", fetch_outcome::not_an_answer},
      {R"({"kind":"reset","count":1})", fetch_outcome::lost},
      {R"({"kind":"reset_mid_body","count":1})", fetch_outcome::lost},
      {R"({"kind":"truncated","count":1})", fetch_outcome::lost},
      {R"({"kind":"black_hole","count":1})", fetch_outcome::lost},
      {R"({"kind":"slow_body","ms":5000,"count":1})", fetch_outcome::lost},
      {R"({"kind":"garbage","count":1})", fetch_outcome::not_an_answer},
      {R"({"kind":"image_as_json","count":1})", fetch_outcome::image},
  };
  for (const auto& one : all) {
    auto before = sim_count(sim, "calls");
    fault(one.fault);
    auto code = calls.fetch(800);
    BOOST_TEST((code.outcome == one.outcome),
               one.fault << " gave " << static_cast<int>(code.outcome) << " " << code.detail);
    BOOST_TEST(code.errcode == one.errcode, one.fault);
    BOOST_TEST(sim_count(sim, "calls") == before + 1, one.fault);
    fault(R"({"kind":"none"})");
    BOOST_TEST((calls.fetch().outcome == fetch_outcome::image), one.fault);
  }
  check_the_books(calls);
}

BOOST_AUTO_TEST_CASE(a_stolen_token_is_fetched_again_once_and_the_second_manager_is_named) {
  wechat_calls calls({sim.url()});
  calls.fetch_many(64, 64);
  BOOST_TEST(token_calls() == 1);
  fault(R"({"kind":"steal_token","which":"stable"})");
  auto codes = calls.fetch_many(300, 64);
  auto refused = std::count_if(codes.begin(), codes.end(), [](auto& c) { return c.errcode == 40001; });
  auto images = std::count_if(codes.begin(), codes.end(), [](auto& c) { return c.outcome == fetch_outcome::image; });
  BOOST_TEST(refused >= 1);
  BOOST_TEST(refused <= 64); // those that were under way
  BOOST_TEST(refused + images == 300);
  BOOST_TEST(token_calls() == 2);
  auto status = calls.status(calls.keeper);
  BOOST_TEST(status.problem.find("second token manager") != std::string::npos, status.problem);
  BOOST_TEST(calls.facts(calls.keeper).at("foreign_manager").to_number<int>() == 1);
  check_the_books(calls);
}

BOOST_AUTO_TEST_CASE(somebody_elses_ordinary_token_disturbs_nobody) {
  wechat_calls calls({sim.url()});
  calls.fetch();
  fault(R"({"kind":"steal_token","which":"ordinary"})");
  for (auto& code : calls.fetch_many(20, 8)) BOOST_TEST((code.outcome == fetch_outcome::image));
  BOOST_TEST(token_calls() == 1);
}

BOOST_AUTO_TEST_CASE(an_expired_token_is_fetched_again_once_and_names_nobody) {
  wechat_calls calls({sim.url()});
  calls.fetch();
  fault(R"({"kind":"expire_token"})");
  auto codes = calls.fetch_many(100, 16);
  auto refused = std::count_if(codes.begin(), codes.end(), [](auto& c) { return c.errcode == 42001; });
  BOOST_TEST(refused >= 1);
  BOOST_TEST(refused <= 16);
  BOOST_TEST(token_calls() == 2);
  BOOST_TEST(calls.facts(calls.keeper).at("foreign_manager").to_number<int>() == 0);
  check_the_books(calls);
}

BOOST_AUTO_TEST_CASE(a_token_that_is_refused_for_ever_never_makes_a_loop) {
  for (auto errcode : {40001, 40014, 42001}) {
    sim.post("/sim/reset", R"({"tokens":true})");
    wechat_calls calls({sim.url()});
    calls.fetch();
    auto before = sim_count(sim, "calls");
    fault(R"({"kind":"error","code":)" + std::to_string(errcode) + "}");
    for (auto until = clk::now() + std::chrono::seconds(2); clk::now() < until;) {
      calls.fetch_many(32, 32);
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    // At start, and once for the refusal, which brought the same token: from then on it waits.
    BOOST_TEST(token_calls() == 2);
    BOOST_TEST(sim_count(sim, "calls") - before <= 32);
    auto status = calls.status(calls.keeper);
    BOOST_TEST(status.problem.find("gives out the same one") != std::string::npos, status.problem);
    BOOST_TEST(calls.facts(calls.keeper).at("foreign_manager").to_number<int>() == 0);
    check_the_books(calls);
  }
}

BOOST_AUTO_TEST_CASE(busy_and_5xx_open_the_breaker_and_calls_stop_until_a_probe_works) {
  for (auto* kind : {R"({"kind":"error","code":-1})", R"({"kind":"http_status","code":503})", R"({"kind":"reset"})"}) {
    sim.post("/sim/reset");
    wechat_calls calls({sim.url()});
    BOOST_TEST((calls.fetch().outcome == fetch_outcome::image));
    fault(kind);
    auto begun = clk::now();
    while (clk::now() - begun < std::chrono::milliseconds(2'500)) {
      auto code = calls.fetch();
      BOOST_TEST((code.outcome != fetch_outcome::image));
      BOOST_TEST(code.retry_after_ms > 0u);
      std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
    // Five, a probe after 1 to 2 s, perhaps another; a client without a breaker makes hundreds.
    BOOST_TEST(sim_count(sim, "calls") <= 1 + 5 + 2);
    BOOST_TEST(calls.facts(calls.fetcher).at("breaker").as_string() != "closed");
    BOOST_TEST(calls.status(calls.fetcher).problem.find("on every host") != std::string::npos);
    fault(R"({"kind":"none"})");
    BOOST_TEST(recovers(calls));
    BOOST_TEST(calls.facts(calls.fetcher).at("breaker").as_string() == "closed");
    BOOST_TEST(calls.status(calls.fetcher).problem == "");
    check_the_books(calls);
  }
}

BOOST_AUTO_TEST_CASE(a_dead_host_is_left_for_the_next_and_nothing_is_lost) {
  std::string dead;
  {
    raw_server gone([](auto&, int) {});
    dead = gone.url();
  }
  wechat_calls calls({dead, sim.url()});
  auto begun = clk::now();
  BOOST_TEST(recovers(calls));
  BOOST_TEST((clk::now() - begun < std::chrono::seconds(12)));
  for (auto& code : calls.fetch_many(50, 8))
    BOOST_TEST((code.outcome == fetch_outcome::image || code.outcome == fetch_outcome::never_written));
  BOOST_TEST(calls.outcomes[fetch_outcome::lost] == 0u);
  BOOST_TEST(calls.facts(calls.fetcher).at("breaker").as_string() == "closed");
  check_the_books(calls);
}

BOOST_AUTO_TEST_CASE(a_silent_host_is_left_for_the_next_and_taken_again_when_it_answers) {
  std::atomic<bool> silent{true};
  raw_server first([&](auto& c, int) {
    while (auto request = c.read_request()) {
      if (silent) {
        c.hold();
        return;
      }
      c.answer("\xff\xd8\xff picture of the first host");
    }
  });
  wechat_calls calls({first.url(), sim.url()}, "sim-app-secret",
                     [](auto&, auto& keeper) { keeper.call_timeout_ms = 300; });
  BOOST_TEST(calls.fetch_many(8, 8, 5'000).size() == 8u); // waits for the token, which only the second host gives
  for (int i = 0; i < 40 && calls.facts(calls.fetcher).at("host").as_string() != sim.url(); ++i)
    calls.fetch_many(5, 5, 300);
  BOOST_TEST((calls.fetch(2'000).outcome == fetch_outcome::image));
  BOOST_TEST(calls.facts(calls.fetcher).at("host").as_string() == sim.url());
  silent = false;
  auto picture_of_first = [&] {
    auto code = calls.fetch(2'000);
    return std::string(code.image.begin(), code.image.end()).find("first host") != std::string::npos;
  };
  auto back = false;
  for (auto until = clk::now() + std::chrono::seconds(20); !back && clk::now() < until;) {
    back = picture_of_first();
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  BOOST_TEST(back);
  BOOST_TEST(picture_of_first());
}

BOOST_AUTO_TEST_CASE(a_token_interface_that_fails_for_a_while_is_asked_again_with_pauses) {
  fault(
      R"([{"kind":"http_status","code":503,"on":"token","count":2},{"kind":"error","code":-1,"on":"token","count":1}])");
  wechat_calls calls({sim.url()});
  BOOST_TEST(recovers(calls));
  BOOST_TEST(calls.facts(calls.keeper).at("failures").to_number<int>() == 3);
  BOOST_TEST(calls.facts(calls.keeper).at("refreshes").to_number<int>() == 1);
  BOOST_TEST(calls.status(calls.keeper).problem == "");
}

BOOST_AUTO_TEST_CASE(broken_answers_of_the_token_interface_are_never_taken_for_a_token) {
  for (auto* kind : {"empty_body", "truncated", "reset", "reset_mid_body", "error_as_text"}) {
    sim.post("/sim/reset", R"({"tokens":true})");
    fault(R"({"kind":")" + std::string(kind) + R"(","on":"token","count":1})");
    wechat_calls calls({sim.url()});
    BOOST_TEST(recovers(calls), kind);
    BOOST_TEST(calls.facts(calls.keeper).at("failures").to_number<int>() == 1, kind);
    BOOST_TEST(calls.facts(calls.keeper).at("refused").to_number<int>() == 0, kind);
  }
}

BOOST_AUTO_TEST_CASE(a_wrong_secret_is_told_in_words_and_asked_about_once) {
  wechat_calls calls({sim.url()}, "not-the-secret-of-this-app");
  for (int i = 0; i < 20; ++i) {
    auto code = calls.fetch(2'000);
    BOOST_TEST((code.outcome == fetch_outcome::never_written));
    BOOST_TEST(code.detail.find("AppSecret is wrong") != std::string::npos, code.detail);
    BOOST_TEST(code.detail.find("not-the-secret") == std::string::npos);
    BOOST_TEST(code.retry_after_ms >= 500u);
  }
  auto status = calls.status(calls.keeper);
  BOOST_TEST(status.problem.find("40125") != std::string::npos, status.problem);
  BOOST_TEST(status.facts.find("not-the-secret") == std::string::npos);
  BOOST_TEST(sim_count(sim, "calls") == 0);
}

BOOST_AUTO_TEST_CASE(an_operators_forced_refresh_works_under_load_and_names_nobody) {
  wechat_calls calls({sim.url()});
  calls.fetch();
  BOOST_TEST(calls.force_token().engaged());
  for (auto& code : calls.fetch_many(50, 8)) BOOST_TEST((code.outcome == fetch_outcome::image));
  BOOST_TEST((code_of(calls.force_token().error()) == ec::rate_limited));
  BOOST_TEST(calls.facts(calls.keeper).at("foreign_manager").to_number<int>() == 0);
  BOOST_TEST(sim.get_json("/sim/state").at("apps").at(0).at("tokens").at("forced").to_number<int>() == 1);
}

BOOST_AUTO_TEST_CASE(a_wechat_that_goes_away_is_told_apart_from_a_refusal) {
  wechat_calls calls({sim.url()});
  BOOST_TEST((calls.fetch().outcome == fetch_outcome::image));
  sim.stop();
  auto code = calls.fetch(2'000);
  BOOST_TEST((code.outcome == fetch_outcome::never_written || code.outcome == fetch_outcome::lost));
}

BOOST_AUTO_TEST_SUITE_END()
