#include "tests/contract/homes.hpp"
#include "tests/contract/rig.hpp"

#include <set>

using namespace qrwell;
using namespace qrwell::test;

namespace {

import_row row_of(const std::string& id, uint64_t line = 1) {
  import_row r;
  r.line = line;
  r.id = id;
  r.pool = "elsewhere";
  r.owner = "shop";
  r.path = "pages/home/index";
  r.query = R"({"id":"7"})";
  r.tags = R"(["old"])";
  r.bound_ms = 1'780'000'000'000;
  r.version = 4;
  return r;
}

} // namespace

BOOST_AUTO_TEST_SUITE(transfer_contract)

BOOST_AUTO_TEST_CASE_TEMPLATE(what_is_imported_resolves_and_shows_where_it_came_from, home, all_homes) {
  contract<home> c;
  auto gone = row_of("bImported00000000002", 2);
  gone.state = code_state::revoked;
  auto result = must(c.store->import_codes({{row_of("bImported00000000001"), gone}, "admin:ann"}));
  BOOST_TEST(result.added == 2u);
  BOOST_TEST(result.faults.empty());
  auto record = must(c.store->find_code({"bImported00000000001"}));
  BOOST_REQUIRE(record.found);
  BOOST_TEST((record.code.kind == code_kind::imported));
  BOOST_TEST(record.code.version == 4u);
  BOOST_TEST(record.code.pool == "elsewhere");
  BOOST_TEST(record.code.bound_ms == 1'780'000'000'000);
  BOOST_REQUIRE(record.history.size() == 1u);
  BOOST_TEST(record.history[0].op == "import");
  BOOST_TEST(record.history[0].version == 4u);
  auto scenes = must(c.store->find_scenes({{"bImported00000000001", "bImported00000000002"}})).scenes;
  BOOST_REQUIRE(scenes.size() == 2u);
  BOOST_TEST((scenes[1].state == code_state::revoked));
  code_list query;
  query.tag = "old";
  BOOST_TEST(must(c.store->list(query)).codes.size() == 2u);
  code_change move;
  move.id = "bImported00000000001";
  move.set_target_path = true;
  move.path = "pages/new/index";
  BOOST_TEST(must(c.store->change(move)).code.version == 5u);
  c.well.verify_clean();
}

BOOST_AUTO_TEST_CASE_TEMPLATE(an_import_can_be_repeated_and_never_overwrites, home, all_homes) {
  contract<home> c;
  must(c.store->import_codes({{row_of("bImported00000000001")}, "admin:ann"}));
  auto other = row_of("bImported00000000001", 9);
  other.path = "pages/other/index";
  auto again =
      must(c.store->import_codes({{row_of("bImported00000000001"), other, row_of("bImported00000000003")}, ""}));
  BOOST_TEST(again.same == 1u);
  BOOST_TEST(again.added == 1u);
  BOOST_REQUIRE(again.faults.size() == 1u);
  BOOST_TEST(again.faults[0].line == 9u);
  BOOST_TEST(again.faults[0].why.find("stands for something else") != std::string::npos);
  BOOST_TEST(must(c.store->find_code({"bImported00000000001"})).code.path == "pages/home/index");
  auto stocked = c.well.stock(1).at(0);
  BOOST_TEST(must(c.store->import_codes({{row_of(stocked)}, ""})).faults.size() == 1u,
             "a code in stock is nobody's to take");
  c.well.verify_clean();
}

BOOST_AUTO_TEST_CASE_TEMPLATE(all_codes_of_480_owners_in_3_generations_can_be_exported, home, all_homes) {
  contract<home> c;
  for (std::string pool : {"north", "south", "west"}) {
    std::vector<import_row> rows;
    for (uint64_t i = 0; i < 480; ++i) {
      auto r = row_of("b" + pool + std::to_string(10'000 + i), i + 1);
      r.pool = pool;
      r.owner = "owner " + std::to_string(i);
      rows.push_back(r);
    }
    BOOST_TEST(must(c.store->import_codes({rows, "admin:ann"})).added == 480u);
  }
  code_list query;
  query.limit = 500;
  std::set<std::string> ids;
  for (bool more = true; more;) {
    auto page = must(c.store->list(query));
    for (const auto& code : page.codes) ids.insert(code.id);
    query.after_ms = page.after_ms;
    query.after_id = page.after_id;
    more = page.more;
  }
  BOOST_TEST(ids.size() == 1'440u);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_job_is_remembered_as_it_was_left, home, all_homes) {
  contract<home> c;
  job j;
  j.kind = job_kind::export_codes;
  j.owner = "shop";
  j.node = "n1";
  j.spec = R"({"pool":"default"})";
  auto made = must(c.store->put_job({j}));
  BOOST_TEST(made.job_id == 1u);
  c.clock.pass(5'000);
  made.rows_done = 500;
  made.place = "cursor";
  made.state = job_state::done;
  auto updated = must(c.store->put_job({made}));
  BOOST_TEST(updated.created_ms + 5'000 == updated.changed_ms);
  auto found = must(c.store->jobs({made.job_id, "", 1})).jobs;
  BOOST_REQUIRE(found.size() == 1u);
  BOOST_TEST((found[0] == updated));
  BOOST_TEST(must(c.store->jobs({made.job_id, "another", 1})).jobs.empty());
  j.owner = "another";
  must(c.store->put_job({j}));
  BOOST_TEST(must(c.store->jobs({0, "", 10})).jobs.size() == 2u);
  BOOST_TEST(must(c.store->jobs({0, "shop", 10})).jobs.size() == 1u);
  made.job_id = 77;
  BOOST_TEST((refused(c.store->put_job({made})) == ec::not_found));
}

BOOST_AUTO_TEST_CASE_TEMPLATE(only_jobs_that_have_ended_are_forgotten_and_never_the_newest, home, all_homes) {
  contract<home> c;
  std::vector<uint64_t> ids;
  for (auto state : {job_state::done, job_state::failed, job_state::cancelled, job_state::running, job_state::queued,
                     job_state::receiving, job_state::done}) {
    job j;
    j.state = state;
    ids.push_back(must(c.store->put_job({j})).job_id);
  }
  BOOST_TEST(must(c.store->drop_jobs({{ids[0], 77}})).count == 1u);
  BOOST_TEST(must(c.store->drop_jobs({ids})).count == 2u);
  BOOST_TEST(must(c.store->jobs({0, "", 10})).jobs.size() == 4u);
  BOOST_TEST(must(c.store->put_job({job{}})).job_id == ids.back() + 1, "no number is given twice");
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_rotated_key_has_two_secrets_for_a_while, home, all_homes) {
  contract<home> c;
  api_key key;
  key.name = "k";
  key.owner = "shop";
  key.hash = digest{1};
  must(c.store->add_key({key, "admin:ann"}));
  auto rotated = must(c.store->rotate_key({"k", digest{2}, 3'600, "admin:ann"}));
  BOOST_TEST((rotated.hash == digest{2}));
  BOOST_TEST((rotated.former_hash == digest{1}));
  BOOST_TEST(rotated.former_until_ms == c.clock.wall + 3'600'000);
  BOOST_TEST((refused(c.store->rotate_key({"nobody", digest{3}, 0, ""})) == ec::not_found));
  must(c.store->revoke_key({"k", ""}));
  BOOST_TEST((refused(c.store->rotate_key({"k", digest{3}, 0, ""})) == ec::conflict));
  auto log = must(c.store->audit_log({0, 10})).entries;
  BOOST_REQUIRE(log.size() >= 3u);
  BOOST_TEST(log[0].action == "key_revoke");
  BOOST_TEST(log[1].action == "key_rotate");
  BOOST_TEST(log[1].actor == "admin:ann");
}

BOOST_AUTO_TEST_CASE_TEMPLATE(what_operators_do_is_written_down_and_read_in_pages, home, all_homes) {
  contract<home> c;
  c.clock.pass(1'000); // after what the rig did
  must(c.store->put_audit({"key:ann", "first", R"({"n":1})"}));
  c.clock.pass(1'000);
  auto at = c.clock.wall;
  for (auto action : {"second", "third", "fourth"}) must(c.store->put_audit({"key:ann", action, "{}"}));
  c.clock.pass(1'000);
  must(c.store->put_audit({"key:ann", "fifth", "{}"}));
  auto newest = must(c.store->audit_log({0, 1})).entries;
  BOOST_REQUIRE(newest.size() == 1u);
  BOOST_TEST(newest[0].action == "fifth");
  // What comes of one millisecond comes together, since the next page begins before it.
  auto next = must(c.store->audit_log({newest[0].at_ms, 1})).entries;
  BOOST_REQUIRE(next.size() == 3u);
  BOOST_TEST(next[0].action == "fourth");
  BOOST_TEST(next[2].at_ms == at);
  auto last = must(c.store->audit_log({at, 1})).entries;
  BOOST_REQUIRE(last.size() == 1u);
  BOOST_TEST(last[0].action == "first");
  BOOST_TEST(last[0].actor == "key:ann");
  BOOST_TEST(last[0].doc == R"({"n":1})");
}

BOOST_AUTO_TEST_SUITE_END()
