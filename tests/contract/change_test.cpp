#include "tests/contract/homes.hpp"
#include "tests/contract/rig.hpp"

using namespace qrwell;
using namespace qrwell::test;

namespace {

code_change change_of(const std::string& id) {
  code_change c;
  c.id = id;
  c.owner = "shop";
  c.actor = "key:shop";
  c.request_id = "req-2";
  return c;
}

code_change retarget(const std::string& id, const std::string& path) {
  auto c = change_of(id);
  c.set_target_path = true;
  c.path = path;
  return c;
}

code_change revocation(const std::string& id) {
  auto c = change_of(id);
  c.revoke = true;
  return c;
}

} // namespace

BOOST_AUTO_TEST_SUITE(change_contract)

BOOST_AUTO_TEST_CASE_TEMPLATE(a_change_replaces_what_it_names_and_nothing_else, home, all_homes) {
  contract<home> c;
  auto id = c.well.stock(1).at(0);
  auto request = c.well.request(id);
  request.tags = "[\"a\",\"b\"]";
  BOOST_REQUIRE((c.well.bind(request).end == bind_end::bound));
  c.clock.pass(1'000);
  auto change = retarget(id, "pages/other/index");
  change.set_tags = true;
  change.tags = "[\"b\",\"c\"]";
  auto changed = must(c.store->change(change));
  BOOST_TEST((changed.end == change_end::changed));
  BOOST_TEST(changed.code.version == 2u);
  BOOST_TEST(changed.code.path == "pages/other/index");
  BOOST_TEST(changed.code.query == request.query);
  BOOST_TEST(changed.code.changed_ms == c.clock.wall);
  BOOST_TEST(changed.code.bound_ms == c.clock.wall - 1'000);
  auto record = must(c.store->find_code({id}));
  BOOST_TEST((record.code == changed.code), "what is read back is what was answered");
  BOOST_REQUIRE(record.history.size() == 2u);
  BOOST_TEST(record.history[1].op == "retarget");
  BOOST_TEST(record.history[1].actor == "key:shop");
  BOOST_TEST(record.history[1].request_id == "req-2");
  BOOST_TEST(record.history[1].doc == R"({"path":"pages/home/index","tags":["a","b"]})");
  BOOST_TEST(must(c.store->find_scenes({{id}})).scenes.at(0).path == "pages/other/index");
  for (auto [tag, count] : {std::pair{"a", 0u}, {"b", 1u}, {"c", 1u}}) {
    code_list list;
    list.tag = tag;
    BOOST_TEST(must(c.store->list(list)).codes.size() == count, "tag " << tag);
  }
  c.well.verify_clean();
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_change_that_changes_nothing_leaves_no_trace, home, all_homes) {
  contract<home> c;
  auto id = c.well.stock(1).at(0);
  c.well.bind(c.well.request(id));
  BOOST_TEST((must(c.store->change(retarget(id, "pages/home/index"))).end == change_end::unchanged));
  auto record = must(c.store->find_code({id}));
  BOOST_TEST(record.code.version == 1u);
  BOOST_TEST(record.history.size() == 1u);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(of_two_who_change_one_version_one_wins, home, all_homes) {
  contract<home> c;
  auto id = c.well.stock(1).at(0);
  c.well.bind(c.well.request(id));
  auto first = retarget(id, "pages/first/index"), second = retarget(id, "pages/second/index");
  first.versions = second.versions = {1};
  BOOST_TEST((must(c.store->change(first)).end == change_end::changed));
  auto lost = must(c.store->change(second));
  BOOST_TEST((lost.end == change_end::other_version));
  BOOST_TEST(lost.code.version == 2u);
  BOOST_TEST(lost.code.path == "pages/first/index");
  second.versions = {7, 2};
  BOOST_TEST((must(c.store->change(second)).end == change_end::changed));
  c.well.verify_clean();
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_revoked_code_changes_no_more, home, all_homes) {
  contract<home> c;
  auto id = c.well.stock(1).at(0);
  c.well.bind(c.well.request(id));
  auto revoked = must(c.store->change(revocation(id)));
  BOOST_TEST((revoked.end == change_end::changed));
  BOOST_TEST((revoked.code.state == code_state::revoked));
  BOOST_TEST(revoked.code.version == 2u);
  BOOST_TEST((must(c.store->change(revocation(id))).end == change_end::unchanged));
  BOOST_TEST((must(c.store->change(retarget(id, "pages/other/index"))).end == change_end::revoked));
  auto record = must(c.store->find_code({id}));
  BOOST_TEST(record.code.path == "pages/home/index");
  BOOST_REQUIRE(record.history.size() == 2u);
  BOOST_TEST(record.history[1].op == "revoke");
  BOOST_TEST((must(c.store->find_scenes({{id}})).scenes.at(0).state == code_state::revoked));
  c.well.verify_clean();
}

BOOST_AUTO_TEST_CASE_TEMPLATE(what_is_not_ones_own_is_not_there, home, all_homes) {
  contract<home> c;
  auto ids = c.well.stock(2);
  c.well.bind(c.well.request(ids[0]));
  auto end = [&](auto edit) {
    auto change = retarget(ids[0], "pages/other/index");
    edit(change);
    return must(c.store->change(change)).end;
  };
  BOOST_TEST((end([](auto& x) { x.owner = "other"; }) == change_end::not_found));
  BOOST_TEST((end([](auto& x) { x.pools = {"another"}; }) == change_end::not_found));
  BOOST_TEST((end([](auto& x) { x.id = "a-code-nobody-stocked"; }) == change_end::not_found));
  BOOST_TEST((end([&](auto& x) { x.id = ids[1]; }) == change_end::not_found), "only stocked");
  BOOST_TEST((end([](auto& x) { x.path_prefixes = {"pages/home/"}; }) == change_end::forbidden), "its path afterwards");
  BOOST_TEST((end([](auto& x) { x.path_prefixes = {"pages/other/"}; }) == change_end::forbidden), "its path before");
  BOOST_TEST(must(c.store->find_code({ids[0]})).code.version == 1u);
  BOOST_TEST((end([](auto& x) { x.owner.clear(), x.pools = {"default"}, x.path_prefixes = {"pages/"}; }) ==
              change_end::changed));
}

BOOST_AUTO_TEST_CASE_TEMPLATE(an_expiry_is_set_by_the_stores_clock_and_taken_away, home, all_homes) {
  contract<home> c;
  auto id = c.well.stock(1).at(0);
  c.well.bind(c.well.request(id));
  auto change = change_of(id);
  change.set_expiry = true;
  change.expires_after_s = 60;
  auto changed = must(c.store->change(change));
  BOOST_TEST(changed.code.expires_ms == c.clock.wall + 60'000);
  change.expires_after_s = 0;
  changed = must(c.store->change(change));
  BOOST_TEST(changed.code.expires_ms == 0);
  auto history = must(c.store->find_code({id})).history;
  BOOST_REQUIRE(history.size() == 3u);
  BOOST_TEST(history[1].op == "extend");
  BOOST_TEST(history[1].doc == R"({"expires_ms":null})");
  c.well.verify_clean();
}

BOOST_AUTO_TEST_CASE_TEMPLATE(an_admins_change_of_anothers_code_is_in_the_audit, home, all_homes) {
  contract<home> c;
  auto ids = c.well.stock(2);
  for (auto& id : ids) BOOST_REQUIRE((c.well.bind(c.well.request(id, "shop")).end == bind_end::bound));
  auto actions = [&] {
    std::vector<std::string> out;
    for (auto& entry : must(c.store->audit_log({0, 100})).entries)
      if (entry.actor == "key:boss") out.push_back(entry.action + " " + entry.doc);
    return out;
  };
  auto change = retarget(ids[0], "pages/other/index");
  change.owner.clear();
  change.actor = "key:boss";
  change.actor_owner = "shop";
  must(c.store->change(change));
  BOOST_TEST(actions().empty(), "its own");
  change.id = ids[1];
  change.actor_owner = "boss";
  must(c.store->change(change));
  must(c.store->change(change)); // changes nothing, and is nothing to write down
  BOOST_REQUIRE(actions().size() == 1u);
  BOOST_TEST(actions()[0] == "code_change {\"id\":\"" + ids[1] +
                                 R"(","owner":"shop","version":2,"replaced":{"path":"pages/home/index"}})");
  change.revoke = true;
  must(c.store->change(change));
  BOOST_TEST(actions().size() == 2u);
}

BOOST_AUTO_TEST_SUITE_END()
