#include "node/data_dir.hpp"

#include "tests/support/temp_dir.hpp"

#include <boost/test/unit_test.hpp>

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
    born.push_back(held->incarnation());
  }
  BOOST_TEST(born[0] != born[1]);
}

BOOST_AUTO_TEST_CASE(a_half_written_incarnation_is_no_predecessor) {
  test::temp_dir dir;
  { BOOST_REQUIRE(data_dir::open(dir / "data", "n1")); }
  std::ofstream(dir / "data/incarnations", std::ios::app) << "n1.12";
  std::string second;
  {
    auto held = data_dir::open(dir / "data", "n1");
    BOOST_REQUIRE(held);
    BOOST_TEST(held->predecessors().size() == 1u);
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

BOOST_AUTO_TEST_CASE(p1_an_older_or_foreign_store_is_refused) {
  test::temp_dir dir;
  auto held = data_dir::open(dir / "data", "n1");
  BOOST_REQUIRE(held);
  BOOST_TEST(!held->check_watermark("uuid-a", 0));
  BOOST_TEST(!held->write_watermark("uuid-a", 100));
  BOOST_TEST(!held->check_watermark("uuid-a", 100));
  BOOST_TEST(!held->check_watermark("uuid-a", 101));
  BOOST_TEST((code_of(held->check_watermark("uuid-a", 99)) == ec::restored_copy));
  BOOST_TEST((code_of(held->check_watermark("uuid-b", 200)) == ec::restored_copy));
}

BOOST_AUTO_TEST_SUITE_END()
