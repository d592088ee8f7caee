#include "actors/pool_stocker/stocker_log.hpp"

#include "tests/support/heard_log.hpp"

using namespace qrwell;

namespace {

struct fixture {
  test::heard_log heard;
  stocker_log lines{"default"};
  pool_state state;
  stocker_core::outlook look{true, false, ""};
  int64_t now = 1'000;

  fixture() {
    state.pool = "default";
    state.gen_id = 3;
    state.low = 100;
    state.high = 1'000;
    state.level = 500;
  }

  void publish(uint64_t level) {
    state.level = level;
    lines.published(state, look, now += 1'000);
  }
  /// Ends the log: messages of all lines, each of which must name actor and pool.
  std::vector<std::string> said() {
    std::vector<std::string> out;
    for (const auto& line : heard.lines()) {
      last = line;
      BOOST_TEST(last.at("actor").as_string() == "pool_stocker");
      BOOST_TEST(last.at("pool").as_string() == "default");
      out.emplace_back(last.at("msg").as_string());
    }
    return out;
  }
  boost::json::object last;
};

using list = std::vector<std::string>;

} // namespace

BOOST_FIXTURE_TEST_SUITE(stocker_log_suite, fixture)

BOOST_AUTO_TEST_CASE(nothing_is_said_before_the_stock_is_known) {
  look.levels_known = false;
  publish(0);
  look.levels_known = true;
  publish(500);
  BOOST_TEST(said() == list{}, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_full_pool_that_is_drawn_from_is_told_once) {
  publish(500);
  for (int i = 0; i < 50; ++i) publish(i % 2 == 0 ? 1'000 : 990);
  BOOST_TEST(said() == list{"pool filled"}, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(each_way_down_and_up_is_told_again) {
  for (uint64_t level : {1'000u, 700u, 99u, 101u, 99u, 5u, 0u, 3u, 0u, 60u, 200u, 1'000u, 600u, 50u, 0u})
    publish(level);
  BOOST_TEST(said() == (list{"pool filled", "stock is below low", "stock is used up", "pool filled",
                             "stock is below low", "stock is used up"}),
             boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_pause_names_who_asked_for_it) {
  publish(500);
  lines.pause_asked({"default", true, "stocktaking", "key:boss"});
  state.paused = true;
  state.pause_reason = "stocktaking";
  publish(500);
  publish(500);
  BOOST_TEST(said() == list{"pool paused"}, boost::test_tools::per_element());
  BOOST_TEST(last.at("by").as_string() == "key:boss");
  BOOST_TEST(last.at("reason").as_string() == "stocktaking");
  BOOST_TEST(last.at("level").as_string() == "warn");
}

BOOST_AUTO_TEST_CASE(a_pause_of_its_own_is_an_error) {
  publish(500);
  lines.pause_asked({"default", true, "12 of the last 100 codes are dead", "pool_stocker"});
  state.paused = true;
  publish(500);
  state.paused = false;
  publish(500);
  BOOST_TEST(said() == (list{"pool paused", "pool resumed"}), boost::test_tools::per_element());
  BOOST_TEST(last.at("by").as_string() == ""); // the pause's author is not the one who resumed it
}

BOOST_AUTO_TEST_CASE(what_holds_stocking_back_is_told_at_its_begin_and_end) {
  look.problem = "Waiting: next try in 3 s.";
  publish(500);
  look.problem = "Waiting: next try in 2 s.";
  publish(500);
  look.problem = "";
  publish(500);
  look.probed = true;
  publish(500);
  publish(500);
  BOOST_TEST(said() == (list{"stocking is held back", "stocking is held back: over", "generation probed"}),
             boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(an_old_generation_is_told_once_with_all_its_codes) {
  for (uint64_t codes : {500u, 500u, 20u, 0u}) lines.aged(2, codes);
  lines.aged(2, 0);
  BOOST_TEST(said() == list{"generation aged out"}, boost::test_tools::per_element());
  BOOST_TEST(last.at("codes").as_int64() == 1'020);
}

BOOST_AUTO_TEST_SUITE_END()
