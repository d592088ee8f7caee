#include "tests/config/files.hpp"

#include <boost/test/unit_test.hpp>

using namespace qrwell;
using namespace qrwell::test;

namespace {

settings read(const std::string& text) {
  auto out = parse_settings(text, "q.yaml");
  BOOST_REQUIRE_MESSAGE(out, problems_of(text));
  return *out;
}

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  return text.replace(text.find(from), from.size(), to);
}

} // namespace

BOOST_AUTO_TEST_SUITE(diff)

BOOST_AUTO_TEST_CASE(the_same_file_differs_in_nothing) {
  BOOST_TEST(diff_settings(read(small_config()), read(small_config())).empty());
}

BOOST_AUTO_TEST_CASE(each_difference_says_whether_it_waits_for_a_restart) {
  auto before = read(small_config());
  auto text = replaced(small_config("    width: 300\n"), "not-for-show", "new-one") +
              "log: { level: debug }\nlimits: { tags_max: 9 }\nnode: { name: n2 }\n";
  auto after = read(text);
  auto changes = diff_settings(before, after);
  std::map<std::string, settings_change> by_path;
  for (auto& change : changes) by_path[change.path] = change;
  BOOST_TEST_REQUIRE(changes.size() == 5u);
  BOOST_TEST(!by_path.at("node.name").reloadable);
  BOOST_TEST(!by_path.at("pools[default].width").reloadable);
  BOOST_TEST(by_path.at("pools[default].width").before == "430");
  BOOST_TEST(by_path.at("pools[default].width").after == "300");
  BOOST_TEST(by_path.at("log.level").reloadable);
  BOOST_TEST(by_path.at("limits.tags_max").reloadable);
  BOOST_TEST(by_path.at("apps[homes].secret").reloadable);
  BOOST_TEST(by_path.at("apps[homes].secret").after == "***");

  auto now = reload_settings(before, after);
  BOOST_TEST(now.apps[0].secret.reveal() == "new-one");
  BOOST_TEST(now.log.level == "debug");
  BOOST_TEST(now.limits.tags_max == 9u);
  BOOST_TEST(now.node.name == "n1");
  BOOST_TEST(now.pools[0].width == 430u);
  for (auto& change : diff_settings(now, after)) BOOST_TEST(!change.reloadable, change.path);
}

BOOST_AUTO_TEST_CASE(pools_are_known_by_name_and_not_by_place) {
  auto other = std::string("  - { name: other, app: homes, page: p }\n");
  auto before = read(small_config() + other);
  auto after = read(replaced(small_config(), "pools:\n", "pools:\n" + other));
  BOOST_TEST(diff_settings(before, after).empty());
  auto gone = diff_settings(before, read(small_config()));
  BOOST_TEST_REQUIRE(gone.size() == 1u);
  BOOST_TEST(gone[0].path == "pools[other]");
  BOOST_TEST(gone[0].after == "absent");
  BOOST_TEST(!gone[0].reloadable);
}

BOOST_AUTO_TEST_SUITE_END()
