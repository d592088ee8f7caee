#include "node/data_dir.hpp"

#include "tests/support/temp_dir.hpp"

#include <boost/test/unit_test.hpp>

#include <filesystem>
#include <fstream>
#include <sys/stat.h>

using namespace qrwell;

BOOST_AUTO_TEST_SUITE(data_dir_suite)

BOOST_AUTO_TEST_CASE(a_second_holder_is_refused_and_told_who_holds_it) {
  test::temp_dir dir;
  auto first = data_dir::open(dir / "data", "n1");
  BOOST_REQUIRE(first);
  auto second = data_dir::open(dir / "data", "n2");
  BOOST_REQUIRE(!second);
  BOOST_TEST((code_of(second.error()) == ec::locked));
  BOOST_TEST(render(second.error()).find("node n1 (process " + std::to_string(::getpid())) != std::string::npos);
  first = fail(ec::none, "");
  BOOST_TEST(static_cast<bool>(data_dir::open(dir / "data", "n2")));
}

BOOST_AUTO_TEST_CASE(each_start_knows_all_its_predecessors) {
  test::temp_dir dir;
  std::vector<std::string> born;
  for (size_t i = 0; i < 3; ++i) {
    auto held = data_dir::open(dir / "data", "n1");
    BOOST_REQUIRE(held);
    BOOST_TEST(held->predecessors() == born, boost::test_tools::per_element());
    BOOST_TEST(!held->begin());
    born.push_back(held->incarnation());
  }
  BOOST_TEST(born[0] != born[1]);
}

BOOST_AUTO_TEST_CASE(a_half_written_incarnation_is_no_predecessor) {
  test::temp_dir dir;
  { BOOST_TEST(!data_dir::open(dir / "data", "n1")->begin()); }
  std::ofstream(dir / "data/incarnations", std::ios::app) << "n1.12";
  std::string second;
  {
    auto held = data_dir::open(dir / "data", "n1");
    BOOST_REQUIRE(held);
    BOOST_TEST(held->predecessors().size() == 1u);
    BOOST_TEST(!held->begin());
    second = held->incarnation();
  }
  auto third = data_dir::open(dir / "data", "n1");
  BOOST_REQUIRE(third);
  BOOST_TEST(third->predecessors().size() == 2u);
  BOOST_TEST(third->predecessors().back() == second);
}

BOOST_AUTO_TEST_CASE(the_admin_token_is_private_and_stays) {
  test::temp_dir dir;
  secret token;
  {
    auto held = data_dir::open(dir / "data", "n1");
    BOOST_REQUIRE(held);
    token = held->admin_token();
  }
  struct stat info {};
  BOOST_REQUIRE(::stat((dir / "data/admin.token").c_str(), &info) == 0);
  BOOST_TEST((info.st_mode & 0777) == 0600u);
  BOOST_TEST((*read_admin_token(dir / "data") == token));
  BOOST_TEST((data_dir::open(dir / "data", "n1")->admin_token() == token));
}

BOOST_AUTO_TEST_CASE(a_start_that_is_refused_leaves_no_incarnation) {
  test::temp_dir dir;
  { BOOST_REQUIRE(data_dir::open(dir / "data", "n1")); }
  BOOST_TEST(data_dir::open(dir / "data", "n1")->predecessors().empty());
  BOOST_TEST(!std::filesystem::exists(dir / "data/incarnations"));
}

BOOST_AUTO_TEST_CASE(a_visit_leaves_no_incarnation_and_makes_nothing) {
  test::temp_dir dir;
  auto none = data_dir::visit(dir / "data", "a command");
  BOOST_REQUIRE(!none);
  BOOST_TEST((code_of(none.error()) == ec::not_found));
  BOOST_TEST(!std::filesystem::exists(dir / "data"));
  { BOOST_TEST(!data_dir::open(dir / "data", "n1")->begin()); }
  std::filesystem::remove(dir / "data/admin.token");
  for (int i = 0; i < 3; ++i) {
    auto held = data_dir::visit(dir / "data", "a command");
    BOOST_REQUIRE(held);
    auto second = data_dir::open(dir / "data", "n2");
    BOOST_REQUIRE(!second);
    BOOST_TEST(render(second.error()).find("in use by a command (process ") != std::string::npos);
  }
  BOOST_TEST(!std::filesystem::exists(dir / "data/admin.token"));
  BOOST_TEST(data_dir::open(dir / "data", "n1")->predecessors().size() == 1u);
}

BOOST_AUTO_TEST_CASE(a_damaged_admin_token_is_made_anew) {
  test::temp_dir dir;
  { BOOST_REQUIRE(data_dir::open(dir / "data", "n1")); }
  std::ofstream(dir / "data/admin.token", std::ios::trunc);
  auto held = data_dir::open(dir / "data", "n1");
  BOOST_REQUIRE(held);
  BOOST_TEST((*read_admin_token(dir / "data") == held->admin_token()));
}

BOOST_AUTO_TEST_CASE(a_lock_that_was_deleted_is_noticed) {
  test::temp_dir dir;
  auto held = data_dir::open(dir / "data", "n1");
  BOOST_REQUIRE(held);
  BOOST_TEST(!held->check_held());
  std::filesystem::remove(dir / "data/lock");
  BOOST_TEST((code_of(held->check_held()) == ec::locked));
  std::ofstream(dir / "data/lock") << "another";
  BOOST_TEST(render(held->check_held()).find("data/lock was deleted or replaced") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(what_an_earlier_life_left_is_named) {
  test::temp_dir dir;
  BOOST_TEST(signs_of_earlier_life(dir / "data") == "");
  auto held = data_dir::open(dir / "data", "n1");
  BOOST_REQUIRE(held);
  BOOST_TEST(signs_of_earlier_life(dir / "data") == "");
  BOOST_TEST(!held->begin());
  BOOST_TEST(signs_of_earlier_life(dir / "data") == "incarnations");
  std::ofstream(dir / "data/watermark");
  std::ofstream(dir / "data/mac.keys");
  BOOST_TEST(signs_of_earlier_life(dir / "data") == "watermark, incarnations, mac.keys");
}

BOOST_AUTO_TEST_SUITE_END()
