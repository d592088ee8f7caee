#include "node/store_keys.hpp"

#include "runtime/stores/sqlite/sqlite_code_store.hpp"
#include "tests/support/temp_dir.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <filesystem>
#include <fstream>

using namespace qrwell;
namespace fs = std::filesystem;

namespace {

struct fixture {
  test::temp_dir dir;
  std::string file = dir / "mac.keys";
  std::unique_ptr<code_store> store = [&] {
    sqlite_options options;
    options.file = dir / "qrwell.db";
    auto opened = sqlite_code_store::open(options);
    BOOST_REQUIRE(opened);
    return std::move(*opened);
  }();

  mac_keys keys() {
    auto out = open_store_keys(*store, file);
    BOOST_REQUIRE_MESSAGE(out, (out ? "" : render(out.error())));
    return std::move(*out);
  }
  void check_refused(std::initializer_list<std::string> words) {
    auto out = open_store_keys(*store, file);
    BOOST_REQUIRE(!out);
    BOOST_TEST((code_of(out.error()) == ec::invalid_config));
    for (const auto& word : words)
      BOOST_TEST(render(out.error()).find(word) != std::string::npos, render(out.error()) << " lacks " << word);
  }
  std::string line() {
    std::string out;
    std::ifstream in(file);
    std::getline(in, out);
    return out;
  }
  // Of another character than any that was made by chance.
  std::string other_line(char not_this) {
    return std::string(1, not_this == 'a' ? 'b' : 'a') + " " + std::string(64, '7') + "\n";
  }
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(store_keys_suite, fixture)

BOOST_AUTO_TEST_CASE(the_first_start_makes_the_file_and_the_next_ones_read_it) {
  auto id = keys().mint(0);
  BOOST_TEST((keys().check(id) == id_verdict::genuine));
  auto rows = store->mac_keys();
  BOOST_REQUIRE((rows && rows->size() == 1u));
  BOOST_TEST(rows->at(0).signing);
}

BOOST_AUTO_TEST_CASE(p6_a_mac_key_file_that_is_gone_is_not_made_anew_behind_the_operators_back) {
  auto letter = keys().signing().key_char;
  fs::rename(file, dir / "kept");
  check_refused({file + " is not there", "'" + std::string(1, letter) + "'", "its copy", "recover --lost-mac-keys"});
  BOOST_TEST(!fs::exists(file));
  fs::rename(dir / "kept", file);
  keys();
}

BOOST_AUTO_TEST_CASE(p6_a_line_that_is_gone_from_the_mac_key_file_is_noticed) {
  auto letter = keys().signing().key_char;
  auto old = line();
  std::ofstream(file) << other_line(letter);
  check_refused({file + " does not have", "'" + std::string(1, letter) + "'"});
  std::ofstream(file) << old << "\n" << other_line(letter);
  keys();
}

BOOST_AUTO_TEST_CASE(the_refusal_shows_no_key) {
  keys();
  auto secret_part = line().substr(2);
  fs::remove(file);
  auto out = open_store_keys(*store, file);
  BOOST_REQUIRE(!out);
  BOOST_TEST(render(out.error()).find(secret_part.substr(0, 16)) == std::string::npos);
}

BOOST_AUTO_TEST_CASE(p6_codes_of_a_key_that_was_given_up_are_asked_of_the_store_and_never_called_forged) {
  auto old = keys().mint(0);
  auto none = give_up_lost_keys(*store, file);
  BOOST_REQUIRE(none);
  BOOST_TEST(none->empty());
  fs::remove(file);
  auto lost = give_up_lost_keys(*store, file);
  BOOST_REQUIRE(lost);
  BOOST_TEST(*lost == old.substr(0, 1));
  BOOST_TEST(fs::exists(file));
  auto fresh = keys();
  BOOST_TEST((fresh.check(old) == id_verdict::unknown_key));
  BOOST_TEST((fresh.check(fresh.mint(0)) == id_verdict::genuine));
  // What was made anew is needed from now on.
  fs::remove(file);
  check_refused({"is not there"});
}

BOOST_AUTO_TEST_SUITE_END()
