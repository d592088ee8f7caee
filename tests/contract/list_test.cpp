#include "tests/contract/homes.hpp"
#include "tests/contract/rig.hpp"

#include <map>
#include <set>

using namespace qrwell;
using namespace qrwell::test;

namespace {

/// Binds one code a second; the ids, the oldest first.
std::vector<std::string> bind_some(manual_clock& clock, rig& well, size_t count, const std::string& owner,
                                   const std::string& tags = "", uint32_t expires_after_s = 0) {
  auto ids = well.stock(count);
  for (auto& id : ids) {
    clock.pass(1'000);
    auto r = well.request(id, owner);
    r.tags = tags;
    r.expires_after_s = expires_after_s;
    BOOST_REQUIRE((well.bind(r).end == bind_end::bound));
  }
  return ids;
}

/// All pages of a list, one after the other.
std::vector<std::string> all_of(code_store& store, code_list query) {
  std::vector<std::string> out;
  for (int pages = 0; pages < 1'000; ++pages) {
    auto page = must(store.list(query));
    BOOST_TEST(page.codes.size() <= query.limit);
    for (auto& code : page.codes) out.push_back(code.id);
    if (!page.more) return out;
    query.after_ms = page.after_ms;
    query.after_id = page.after_id;
  }
  BOOST_FAIL("a list without an end");
  return out;
}

void revoke(code_store& store, const std::string& id) {
  code_change c;
  c.id = id;
  c.revoke = true;
  BOOST_REQUIRE((must(store.change(c)).end == change_end::changed));
}

} // namespace

BOOST_AUTO_TEST_SUITE(list_contract)

BOOST_AUTO_TEST_CASE_TEMPLATE(pages_show_each_code_once_the_newest_first, home, all_homes) {
  contract<home> c;
  auto mine = bind_some(c.clock, c.well, 23, "shop");
  bind_some(c.clock, c.well, 5, "another");
  auto newest_first = mine;
  std::reverse(newest_first.begin(), newest_first.end());
  for (uint32_t limit : {1u, 7u, 23u, 100u}) {
    code_list query;
    query.owner = "shop";
    query.limit = limit;
    BOOST_TEST(all_of(*c.store, query) == newest_first, boost::test_tools::per_element());
  }
  code_list everyone;
  everyone.limit = 4;
  BOOST_TEST(all_of(*c.store, everyone).size() == 28u);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(codes_of_one_millisecond_are_not_lost_between_pages, home, all_homes) {
  contract<home> c;
  auto ids = c.well.stock(9);
  std::vector<bind_request> group;
  for (auto& id : ids) group.push_back(c.well.request(id));
  c.well.bind(group);
  code_list query;
  query.limit = 2;
  auto seen = all_of(*c.store, query);
  BOOST_TEST(std::set<std::string>(seen.begin(), seen.end()).size() == 9u);
  BOOST_TEST(seen.size() == 9u);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(each_filter_shows_what_it_names, home, all_homes) {
  contract<home> c;
  auto plain = bind_some(c.clock, c.well, 3, "shop");
  auto from = c.clock.wall + 1'000;
  auto tagged = bind_some(c.clock, c.well, 4, "shop", "[\"spring\"]");
  auto to = c.clock.wall + 1'000;
  auto expiring = bind_some(c.clock, c.well, 2, "shop", "[\"spring\"]", 60);
  revoke(*c.store, plain[0]);
  revoke(*c.store, tagged[0]);
  c.clock.pass(61'000);
  auto count = [&](auto edit) {
    code_list query;
    query.owner = "shop";
    query.limit = 2;
    edit(query);
    return all_of(*c.store, query).size();
  };
  BOOST_TEST(count([](auto&) {}) == 9u);
  BOOST_TEST(count([](auto& q) { q.state = list_state::bound; }) == 5u);
  BOOST_TEST(count([](auto& q) { q.state = list_state::revoked; }) == 2u);
  BOOST_TEST(count([](auto& q) { q.state = list_state::expired; }) == 2u);
  BOOST_TEST(count([](auto& q) { q.tag = "spring"; }) == 6u);
  BOOST_TEST(count([](auto& q) { q.tag = "spring", q.owner.clear(); }) == 6u);
  BOOST_TEST(count([](auto& q) { q.tag = "spring", q.state = list_state::bound; }) == 3u);
  BOOST_TEST(count([](auto& q) { q.tag = "spring", q.state = list_state::expired; }) == 2u);
  BOOST_TEST(count([](auto& q) { q.tag = "autumn"; }) == 0u);
  BOOST_TEST(count([&](auto& q) { q.from_ms = from, q.to_ms = to; }) == 4u);
  BOOST_TEST(count([&](auto& q) { q.to_ms = from; }) == 3u);
  BOOST_TEST(count([&](auto& q) { q.from_ms = to; }) == 2u);
  BOOST_TEST(count([&](auto& q) { q.from_ms = to, q.state = list_state::expired; }) == 2u);
  BOOST_TEST(count([&](auto& q) { q.to_ms = to, q.state = list_state::expired; }) == 0u);
  BOOST_TEST(count([](auto& q) { q.pools = {"default"}; }) == 9u);
  BOOST_TEST(count([](auto& q) { q.pools = {"another"}; }) == 0u);
  BOOST_TEST(count([](auto& q) { q.owner = "another"; }) == 0u);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_page_ends_after_bounded_work_and_says_where_to_go_on, home, all_homes) {
  contract<home> c;
  auto ids = c.well.stock(2'208, 250);
  for (size_t at = 0; at < ids.size(); at += 200) {
    std::vector<bind_request> group;
    for (size_t i = at; i < std::min(ids.size(), at + 200); ++i) group.push_back(c.well.request(ids[i]));
    c.well.bind(group);
    c.clock.pass(1'000);
  }
  code_list query;
  query.owner = "shop";
  query.pools = {"default"};
  query.to_ms = c.clock.wall;
  query.state = list_state::bound;
  // None of the newest 2,200 fits: the tag is on the oldest alone, and no index knows tags of bound codes by state.
  for (auto& id : ids)
    if (id != ids[0]) revoke(*c.store, id);
  auto first = must(c.store->list(query));
  BOOST_TEST(first.codes.empty());
  BOOST_TEST(first.more);
  BOOST_TEST(all_of(*c.store, query).size() == 1u);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(what_was_issued_and_scanned_adds_up, home, all_homes) {
  contract<home> c;
  c.clock.wall -= c.clock.wall % 3'600'000;
  auto from = c.clock.wall;
  auto a = bind_some(c.clock, c.well, 3, "shop", "[\"spring\",\"sale\"]");
  c.clock.pass(3'600'000);
  auto b = bind_some(c.clock, c.well, 2, "another");
  must(c.store->add_scans({{{a[0], 1047, 5}, {a[1], 1048, 2}, {b[0], 1047, 1}}}));
  auto rows = [&](auto edit) {
    stats_query query;
    query.from_ms = from;
    query.to_ms = c.clock.wall + 1;
    edit(query);
    auto out = must(c.store->stats(query));
    BOOST_TEST(!out.cut);
    return out.rows;
  };
  auto total = rows([](auto&) {});
  BOOST_REQUIRE(total.size() == 1u);
  BOOST_TEST(total[0].issued == 5u);
  BOOST_TEST(total[0].scanned == 8u);
  auto owners = rows([](auto& q) { q.by = stats_by_owner; });
  BOOST_REQUIRE(owners.size() == 2u);
  BOOST_TEST((owners[0] == stats_row{0, "", "another", "", 0, 2, 1}));
  BOOST_TEST((owners[1] == stats_row{0, "", "shop", "", 0, 3, 7}));
  auto tags = rows([](auto& q) { q.by = stats_by_tag, q.owner = "shop"; });
  BOOST_REQUIRE(tags.size() == 2u);
  BOOST_TEST((tags[0] == stats_row{0, "", "", "sale", 0, 3, 7}));
  auto launches = rows([](auto& q) { q.by = stats_by_launch; });
  BOOST_REQUIRE(launches.size() == 3u);
  BOOST_TEST((launches[1] == stats_row{0, "", "", "", 1047, 0, 6}));
  auto hours = rows([](auto& q) { q.by = stats_by_hour | stats_by_pool; });
  BOOST_REQUIRE(hours.size() == 2u);
  BOOST_TEST((hours[0] == stats_row{from, "default", "", "", 0, 3, 0}));
  BOOST_TEST((hours[1] == stats_row{from + 3'600'000, "default", "", "", 0, 2, 8}));
  BOOST_TEST(rows([](auto& q) { q.tag = "spring"; }).at(0).issued == 3u);
  stats_query cut{"", {}, "", from, c.clock.wall, stats_by_hour, 1};
  auto some = must(c.store->stats(cut));
  BOOST_TEST(some.cut);
  // Found when a row was left out: the reading stopped, and the sums that were shown lacked what came after it.
  cut.by = stats_by_launch;
  cut.to_ms = c.clock.wall + 1;
  BOOST_TEST(must(c.store->stats(cut)).rows.at(0).issued == 5u);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(sums_over_days_are_those_of_their_hours, home, all_homes) {
  contract<home> c;
  constexpr int64_t hour = 3'600'000, day = 24 * hour;
  c.clock.wall -= c.clock.wall % day;
  auto from = c.clock.wall;
  // Every seventh hour of nine days: a code of each owner, and scans of what is there.
  uint64_t issued = 0, scanned = 0;
  std::map<int64_t, uint64_t> by_hour;
  std::vector<scan_count> seen;
  for (int64_t at = from; at < from + 9 * day; at += 7 * hour) {
    c.clock.wall = at;
    for (const auto* owner : {"shop", "another"}) {
      auto ids = bind_some(c.clock, c.well, 1, owner, owner[0] == 's' ? "[\"spring\"]" : "");
      seen.push_back({ids[0], 1047, 1});
      ++issued;
      ++by_hour[at];
    }
    must(c.store->add_scans({seen}));
    scanned += seen.size();
  }
  auto sums = [&](int64_t begin, int64_t end, auto edit) {
    stats_query query;
    query.from_ms = begin;
    query.to_ms = end;
    edit(query);
    std::pair<uint64_t, uint64_t> out;
    for (auto& row : must(c.store->stats(query)).rows) out.first += row.issued, out.second += row.scanned;
    return out;
  };
  auto everything = std::pair{issued, scanned};
  for (uint8_t by : {0, int{stats_by_day}, int{stats_by_hour}, int{stats_by_owner}, stats_by_owner | stats_by_day,
                     stats_by_pool | stats_by_hour, int{stats_by_launch}})
    BOOST_TEST((sums(from, from + 9 * day, [&](auto& q) { q.by = by; }) == everything), "by " << int{by});
  BOOST_TEST(sums(from, from + 9 * day, [](auto& q) { q.owner = "shop"; }).first == issued / 2);
  BOOST_TEST(sums(from, from + 9 * day, [](auto& q) { q.tag = "spring"; }).first == issued / 2);
  BOOST_TEST(sums(from, from + 9 * day, [](auto& q) { q.by = stats_by_tag; }).first == issued / 2);
  // Wherever a span begins and ends: whole days, a part of one at each end, less than one.
  for (int64_t begin : {int64_t{0}, 5 * hour, 23 * hour, day, 3 * day + hour})
    for (int64_t end : {6 * hour, day, day + hour, 4 * day, 7 * day + 11 * hour}) {
      if (end <= begin) continue;
      uint64_t wanted = 0;
      for (auto& [at, n] : by_hour)
        if (at >= from + begin && at < from + end) wanted += n;
      for (uint8_t by : {0, int{stats_by_day}, int{stats_by_hour}})
        BOOST_TEST(sums(from + begin, from + end, [&](auto& q) { q.by = by; }).first == wanted,
                   begin / hour << " to " << end / hour << " h by " << int{by});
    }
}

BOOST_AUTO_TEST_CASE_TEMPLATE(sums_that_are_shown_are_whole_where_some_are_left_out, home, all_homes) {
  contract<home> c;
  constexpr int64_t hour = 3'600'000, day = 24 * hour;
  c.clock.wall -= c.clock.wall % day;
  auto from = c.clock.wall;
  for (int days = 0; days < 3; ++days) {
    c.clock.wall = from + days * day;
    for (const auto* owner : {"a", "b", "c"}) bind_some(c.clock, c.well, 2, owner, "[\"x\",\"y\"]");
  }
  for (uint8_t by : {int{stats_by_owner}, int{stats_by_day}, int{stats_by_tag}, stats_by_owner | stats_by_tag,
                     stats_by_owner | stats_by_day, stats_by_tag | stats_by_hour})
    for (const auto* owner : {"", "b"}) {
      stats_query query{owner, {}, "", from, from + 3 * day, by, 1'000};
      auto all = must(c.store->stats(query));
      BOOST_TEST(!all.cut);
      for (query.rows_max = 1; query.rows_max <= all.rows.size(); ++query.rows_max) {
        auto some = must(c.store->stats(query));
        BOOST_TEST(some.rows.size() == query.rows_max);
        BOOST_TEST(some.cut == (query.rows_max < all.rows.size()), "by " << int{by} << " " << query.rows_max);
        for (auto& row : some.rows)
          BOOST_TEST((std::find(all.rows.begin(), all.rows.end(), row) != all.rows.end()), "by " << int{by});
      }
    }
}

BOOST_AUTO_TEST_SUITE_END()
