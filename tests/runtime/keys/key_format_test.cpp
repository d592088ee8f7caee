#include "runtime/keys/key_format.hpp"

#include "messages/errors.hpp"
#include "runtime/ids/hash.hpp"

#include <boost/test/unit_test.hpp>

using namespace qrwell;

BOOST_AUTO_TEST_SUITE(key_format)

BOOST_AUTO_TEST_CASE(a_minted_key_has_its_form_and_is_stored_as_its_hash) {
  auto key = mint_key("web-1");
  BOOST_REQUIRE(key);
  const auto& text = key->text.reveal();
  BOOST_TEST(text.starts_with("qw_web-1_"));
  BOOST_TEST(text.size() == std::string("qw_web-1_").size() + 43);
  BOOST_TEST(is_key_text(text));
  BOOST_TEST((key->hash == sha256(text)));
}

BOOST_AUTO_TEST_CASE(no_two_keys_are_the_same_and_every_character_comes) {
  std::set<std::string> seen;
  std::set<char> characters;
  for (int i = 0; i < 200; ++i) {
    auto key = mint_key("a");
    BOOST_REQUIRE(key);
    seen.insert(key->text.reveal());
    for (char c : key->text.reveal().substr(5)) characters.insert(c);
    BOOST_TEST(is_key_text(key->text.reveal()));
  }
  BOOST_TEST(seen.size() == 200u);
  BOOST_TEST(characters.size() == 64u);
}

BOOST_AUTO_TEST_CASE(names_are_short_and_plain) {
  for (auto name : {"a", "web", "web-1", "0", "-", "abcdefghijklmnopqrstuvwxyz012345"}) BOOST_TEST(is_key_name(name));
  for (auto name : {"", "Web", "web_1", "web 1", "w\xc3\xa9", "abcdefghijklmnopqrstuvwxyz0123456"})
    BOOST_TEST(!is_key_name(name));
  BOOST_TEST((code_of(mint_key("No").error()) == ec::invalid_request));
}

BOOST_AUTO_TEST_CASE(only_the_whole_form_is_a_key) {
  std::string random(43, 'A');
  BOOST_TEST(is_key_text("qw_web_" + random));
  BOOST_TEST(is_key_text("qw_web_" + std::string(42, '_') + "-"));
  for (const auto& text :
       {std::string(), "qw_" + random, "qw__" + random, "QW_web_" + random, "qw_web_" + random + "A",
        "qw_web_" + random.substr(1), "qw_web_" + random.substr(1) + "=", "qw_WEB_" + random, " qw_web_" + random})
    BOOST_TEST(!is_key_text(text), text);
}

BOOST_AUTO_TEST_SUITE_END()
