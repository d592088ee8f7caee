#include "runtime/ids/code_id.hpp"
#include "runtime/ids/hash.hpp"
#include "tests/support/temp_dir.hpp"

#include <boost/test/unit_test.hpp>

#include <fstream>
#include <set>
#include <sys/stat.h>
#include <thread>

using namespace qrwell;

namespace {

mac_keys two_keys() {
  return mac_keys::from({{'7', secret(std::string(32, 'a')), {}}, {'q', secret(std::string(32, 'b')), {}}});
}

} // namespace

BOOST_AUTO_TEST_SUITE(code_id)

BOOST_AUTO_TEST_CASE(ids_are_what_wechat_allows_and_sort_by_time) {
  auto keys = two_keys();
  auto early = keys.mint(1'800'000'000'000), late = keys.mint(1'800'000'100'000);
  BOOST_TEST(early.size() == 20u);
  BOOST_TEST(early.find_first_not_of("-0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz") ==
             std::string::npos);
  BOOST_TEST(early[0] == 'q');
  BOOST_TEST(early < late);
}

BOOST_AUTO_TEST_CASE(a_hundred_thousand_ids_of_one_instant_differ) {
  auto keys = two_keys();
  std::set<std::string> seen;
  for (int i = 0; i < 100'000; ++i) seen.insert(keys.mint(1'800'000'000'000));
  BOOST_TEST(seen.size() == 100'000u);
}

BOOST_AUTO_TEST_CASE(every_changed_character_is_noticed) {
  auto keys = two_keys();
  auto id = keys.mint(1'800'000'000'000);
  BOOST_TEST((keys.check(id) == id_verdict::genuine));
  for (size_t i = 1; i < id.size(); ++i) {
    auto other = id;
    other[i] = other[i] == 'x' ? 'y' : 'x';
    BOOST_TEST((keys.check(other) == id_verdict::forged), other);
  }
}

BOOST_AUTO_TEST_CASE(what_no_key_of_ours_made_is_never_called_forged) {
  auto keys = two_keys();
  auto id = keys.mint(1'800'000'000'000);
  auto foreign = id;
  foreign[0] = 'z';
  BOOST_TEST((keys.check(foreign) == id_verdict::unknown_key));
  BOOST_TEST((keys.check("short") == id_verdict::unknown_key));
  BOOST_TEST((keys.check("") == id_verdict::unknown_key));
  BOOST_TEST((keys.check(std::string(20, '\xff')) == id_verdict::unknown_key));
  auto imported = id;
  imported[5] = imported[5] == 'x' ? 'y' : 'x';
  keys.trust_store_for('q');
  BOOST_TEST((keys.check(imported) == id_verdict::unknown_key));
}

BOOST_AUTO_TEST_CASE(an_old_key_still_verifies_and_the_last_one_signs) {
  auto old = mac_keys::from({{'7', secret(std::string(32, 'a')), {}}});
  auto id = old.mint(1'800'000'000'000);
  BOOST_TEST((two_keys().check(id) == id_verdict::genuine));
}

BOOST_AUTO_TEST_CASE(the_key_file_is_made_once_and_private) {
  test::temp_dir dir;
  auto first = mac_keys::load(dir / "mac.keys", true);
  BOOST_REQUIRE(first);
  struct stat info {};
  BOOST_REQUIRE(::stat((dir / "mac.keys").c_str(), &info) == 0);
  BOOST_TEST((info.st_mode & 0777) == 0600u);
  auto second = mac_keys::load(dir / "mac.keys", true);
  BOOST_REQUIRE(second);
  BOOST_TEST((second->check(first->mint(0)) == id_verdict::genuine));
}

BOOST_AUTO_TEST_CASE(a_bad_key_file_names_file_and_line_and_never_the_key) {
  test::temp_dir dir;
  auto hex = to_hex(std::string(32, 'k'));
  std::ofstream(dir / "twice") << "a " << hex << "\na " << hex << "\n";
  auto twice = mac_keys::load(dir / "twice", false);
  BOOST_REQUIRE(!twice);
  BOOST_TEST(render(twice.error()).find("twice:2") != std::string::npos);
  std::ofstream(dir / "short") << "# comment\na " << hex.substr(2) << "\n";
  auto cut = mac_keys::load(dir / "short", false);
  BOOST_REQUIRE(!cut);
  BOOST_TEST(render(cut.error()).find("short:2") != std::string::npos);
  BOOST_TEST(render(cut.error()).find(hex.substr(2)) == std::string::npos);
  BOOST_TEST(!mac_keys::load(dir / "none", false));
}

BOOST_AUTO_TEST_CASE(hashes_agree_with_published_vectors) {
  BOOST_TEST(to_hex(sha256("abc")) == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"); // FIPS 180-2
  BOOST_TEST(to_hex(hmac_sha256("Jefe", "what do ya want for nothing?")) ==
             "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"); // RFC 4231
}

BOOST_AUTO_TEST_CASE(a_hash_does_not_depend_on_those_before_it_or_on_the_thread) {
  auto all = [] {
    return to_hex(sha256("")) + to_hex(sha256("abc")) + to_hex(hmac_sha256("key", "text")) +
           to_hex(hmac_sha256(std::string(200, 'k'), "")) + to_hex(hmac_sha256({}, "text")) +
           to_hex(hmac_sha256("key", "text"));
  };
  auto first = all();
  BOOST_TEST(first == all());
  BOOST_TEST(hmac_sha256({}, "text") != hmac_sha256("key", "text"));
  std::string other;
  std::thread([&] { other = all(); }).join();
  BOOST_TEST(first == other);
}

BOOST_AUTO_TEST_SUITE_END()
