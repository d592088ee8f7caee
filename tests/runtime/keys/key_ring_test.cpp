#include "runtime/keys/key_ring.hpp"

#include "runtime/keys/key_format.hpp"

#include <boost/test/unit_test.hpp>

using namespace qrwell;

namespace {

constexpr int64_t wall = 1'800'000'000'000;

struct ring_fixture {
  std::map<std::string, std::string> texts;
  keys_snapshot snapshot;
  key_ring ring;

  api_key& add(const std::string& name) {
    auto minted = mint_key(name);
    texts[name] = minted->text.reveal();
    api_key key;
    key.key_id = static_cast<uint32_t>(snapshot.keys.size() + 1);
    key.name = key.owner = name;
    key.hash = minted->hash;
    key.scopes = scope_issue;
    snapshot.keys.push_back(key);
    return snapshot.keys.back();
  }
  void load() { ring.replace(snapshot, 0); }
  key_verdict verdict(const std::string& field) { return ring.look_up(secret(field), wall).verdict; }
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(key_ring_suite, ring_fixture)

BOOST_AUTO_TEST_CASE(a_key_of_the_store_is_found) {
  add("web");
  add("app");
  BOOST_TEST(ring.read_at_ms() == -1);
  BOOST_TEST((verdict("Bearer " + texts["web"]) == key_verdict::unknown));
  ring.replace(snapshot, 77);
  BOOST_TEST(ring.read_at_ms() == 77);
  for (auto field : {"Bearer " + texts["app"], "bearer " + texts["app"], " BEARER   " + texts["app"] + " "}) {
    auto found = ring.authenticate(secret(field), wall);
    BOOST_REQUIRE(found);
    BOOST_TEST((*found)->name == "app");
  }
}

BOOST_AUTO_TEST_CASE(each_way_of_being_no_key_is_told_apart_and_no_sentence_shows_it) {
  add("good");
  add("old").expires_ms = wall;
  add("later").expires_ms = wall + 1;
  add("gone").disabled_ms = 5;
  load();
  auto stranger = mint_key("good")->text.reveal();
  BOOST_TEST((verdict("") == key_verdict::missing));
  BOOST_TEST((verdict("  ") == key_verdict::missing));
  for (const std::string& field :
       std::vector<std::string>{texts["good"], "Basic " + texts["good"], "Bearer", "Bearer ", "Bearer qw_good_short",
                                "Bearer" + texts["good"], "Bearer \"" + texts["good"] + "\""})
    BOOST_TEST((verdict(field) == key_verdict::malformed), field);
  BOOST_TEST((verdict("Bearer " + stranger) == key_verdict::unknown));
  BOOST_TEST((verdict("Bearer " + texts["old"]) == key_verdict::expired));
  BOOST_TEST((verdict("Bearer " + texts["gone"]) == key_verdict::revoked));
  BOOST_TEST((verdict("Bearer " + texts["later"]) == key_verdict::good));
  for (const auto& text : {texts["old"], texts["gone"], stranger}) {
    auto err = ring.authenticate(secret("Bearer " + text), wall).error();
    BOOST_TEST((code_of(err) == ec::unauthorized));
    BOOST_TEST(sentence_of(err).size() > 10u);
    BOOST_TEST(render(err).find(text.substr(8)) == std::string::npos);
  }
}

BOOST_AUTO_TEST_CASE(a_key_that_leaves_the_store_is_unknown_after_the_next_reading) {
  add("web");
  load();
  BOOST_TEST((verdict("Bearer " + texts["web"]) == key_verdict::good));
  ring.replace({}, 1);
  BOOST_TEST((verdict("Bearer " + texts["web"]) == key_verdict::unknown));
}

BOOST_AUTO_TEST_CASE(the_rate_of_a_key_survives_a_reading) {
  add("web").rate_per_s = 2;
  add("free");
  load();
  auto key = [&] { return ring.look_up(secret("Bearer " + texts["web"]), wall).key; };
  BOOST_TEST(ring.charge(*key(), 1'000).allowed);
  BOOST_TEST(ring.charge(*key(), 1'000).allowed);
  load();
  BOOST_TEST(!ring.charge(*key(), 1'000).allowed);
  auto free = ring.look_up(secret("Bearer " + texts["free"]), wall).key;
  for (int i = 0; i < 1'000; ++i) BOOST_REQUIRE(ring.charge(*free, 1'000).allowed);
  BOOST_TEST(ring.charge(*free, 1'000).limit == 0u);
}

BOOST_AUTO_TEST_CASE(used_keys_are_told_once) {
  add("a");
  add("b");
  add("c").disabled_ms = 1;
  load();
  BOOST_TEST(ring.take_used().empty());
  verdict("Bearer " + texts["b"]);
  verdict("Bearer " + texts["b"]);
  verdict("Bearer " + texts["c"]);
  load();
  BOOST_TEST(ring.take_used() == std::vector<uint32_t>{2}, boost::test_tools::per_element());
  BOOST_TEST(ring.take_used().empty());
}

BOOST_AUTO_TEST_CASE(scopes_pools_and_paths_are_held) {
  api_key key;
  key.name = "web";
  key.scopes = scope_read;
  key.pools = {"homes", "cars"};
  key.path_prefixes = {"pages/house/"};
  BOOST_TEST(!permit_scope(key, scope_read));
  BOOST_TEST((code_of(permit_scope(key, scope_issue)) == ec::forbidden));
  BOOST_TEST(render(permit_scope(key, scope_issue)).find("issue") != std::string::npos);
  BOOST_TEST(!permit_pool(key, "cars"));
  BOOST_TEST((code_of(permit_pool(key, "boats")) == ec::forbidden));
  BOOST_TEST(!permit_path(key, "pages/house/detail"));
  BOOST_TEST((code_of(permit_path(key, "pages/agent")) == ec::forbidden));
  BOOST_TEST((code_of(permit_path(key, "pages/house")) == ec::forbidden));
  api_key all;
  BOOST_TEST(!permit_pool(all, "boats"));
  BOOST_TEST(!permit_path(all, "anything"));
}

BOOST_AUTO_TEST_CASE(who_may_administrate_may_look_and_change_but_not_issue) {
  api_key key;
  key.scopes = scope_admin;
  BOOST_TEST(is_admin(key));
  for (auto scope : {scope_issue, scope_read, scope_admin}) BOOST_TEST(!permit_scope_or_admin(key, scope));
  BOOST_TEST((code_of(permit_scope(key, scope_issue)) == ec::forbidden));
  key.scopes = scope_read;
  BOOST_TEST(!is_admin(key));
  BOOST_TEST(!permit_scope_or_admin(key, scope_read));
  for (auto scope : {scope_issue, scope_admin})
    BOOST_TEST((code_of(permit_scope_or_admin(key, scope)) == ec::forbidden));
}

BOOST_AUTO_TEST_CASE(without_a_pool_the_only_one_or_default_is_meant) {
  api_key key;
  BOOST_TEST(*choose_pool(key, "") == "default");
  BOOST_TEST(*choose_pool(key, "cars") == "cars");
  key.pools = {"cars"};
  BOOST_TEST(*choose_pool(key, "") == "cars");
  BOOST_TEST((code_of(choose_pool(key, "default").error()) == ec::forbidden));
  key.pools = {"cars", "default"};
  BOOST_TEST(*choose_pool(key, "") == "default");
  key.pools = {"cars", "homes"};
  BOOST_TEST((code_of(choose_pool(key, "").error()) == ec::invalid_request));
}

BOOST_AUTO_TEST_SUITE_END()
