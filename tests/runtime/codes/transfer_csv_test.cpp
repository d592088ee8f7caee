#include "runtime/codes/transfer_csv.hpp"

#include "runtime/codes/owner.hpp"

#include <boost/test/unit_test.hpp>

using namespace qrwell;

namespace {

code_view code() {
  code_view c;
  c.id = "bImported00000000001";
  c.pool = "default";
  c.kind = code_kind::link;
  c.state = code_state::bound;
  c.version = 3;
  c.owner = "shop";
  c.path = "pages/a";
  c.query = R"({"name":"a, \"b\"","n":1})";
  c.tags = R"(["x","y"])";
  c.bound_ms = 1'800'000'000'123;
  c.expires_ms = 1'900'000'000'456;
  return c;
}

constexpr int64_t now = 1'850'000'000'000;

} // namespace

BOOST_AUTO_TEST_SUITE(transfer_csv_suite)

BOOST_AUTO_TEST_CASE(what_is_exported_can_be_imported_as_it_is) {
  std::string text(transfer_header);
  foreign_key key{'q', {}};
  key.fingerprint.fill(0xa7);
  append_transfer_row(text, key);
  append_transfer_row(text, code(), now);
  auto ended = code();
  ended.id = "b2";
  ended.query = ended.tags = "";
  append_transfer_row(text, ended, 1'950'000'000'000);
  auto revoked = code();
  revoked.id = "b3";
  revoked.state = code_state::revoked;
  revoked.expires_ms = 0;
  append_transfer_row(text, revoked, now);
  BOOST_TEST(text.find(",expired,") != std::string::npos);
  auto got = read_transfer(text, {}, 1'950'000'000'000);
  BOOST_REQUIRE(got);
  BOOST_TEST(got->faults.empty());
  BOOST_REQUIRE(got->keys.size() == 1u);
  BOOST_TEST((got->keys[0] == key));
  BOOST_REQUIRE(got->rows.size() == 3u);
  auto c = code();
  import_row expected{3,       c.id,   code_state::bound, c.pool,       c.owner,  c.path,
                      c.query, c.tags, c.bound_ms,        c.expires_ms, c.version};
  BOOST_TEST((got->rows[0] == expected));
  BOOST_TEST((got->rows[1].state == code_state::bound), "that it is expired, its time says");
  BOOST_TEST(got->rows[1].query == "");
  BOOST_TEST((got->rows[2].state == code_state::revoked));
  BOOST_TEST(got->rows[2].expires_ms == 0);
}

BOOST_AUTO_TEST_CASE(a_bad_row_is_reported_by_its_line_and_spoils_no_other) {
  const std::string good = ",bound,default,shop,pages/a,,,2026-11-21T00:00:00.000Z,,1,wxacode\r\n";
  std::string text(transfer_header);
  text += "ok1" + good;
  text += "no id here" + good;
  text += "x,stocked,default,shop,pages/a,,,2026-11-21T00:00:00.000Z,,1,wxacode\r\n";
  text += "x,bound,default,shop,/a,,,2026-11-21T00:00:00.000Z,,1,wxacode\r\n";
  text += "x,bound,default,shop,pages/a,{,,2026-11-21T00:00:00.000Z,,1,wxacode\r\n";
  text += "x,bound,default,shop,pages/a,,7,2026-11-21T00:00:00.000Z,,1,wxacode\r\n";
  text += "x,bound,default,shop,pages/a,,,yesterday,,1,wxacode\r\n";
  text += "x,bound,default,shop,pages/a,,,2026-11-21T00:00:00.000Z,,0,wxacode\r\n";
  text += "x,bound,default\r\n";
  text += "x,bound,,shop,pages/a,,,2026-11-21T00:00:00.000Z,,1,wxacode\r\n";
  text += "qq,,,,0011,,,,,,mac_key\r\n";
  text += "ok2" + good;
  auto got = read_transfer(text, {}, now);
  BOOST_REQUIRE(got);
  BOOST_TEST(got->rows.size() == 2u);
  BOOST_TEST(got->keys.empty());
  BOOST_REQUIRE(got->faults.size() == 10u);
  for (size_t i = 0; i < got->faults.size(); ++i) BOOST_TEST(got->faults[i].line == i + 3);
  BOOST_TEST(got->faults[0].why.starts_with("id:"));
  BOOST_TEST(got->faults[2].why.starts_with("path:"));
}

BOOST_AUTO_TEST_CASE(columns_are_found_by_their_names) {
  auto got = read_transfer("why,kind,version,expires_at,created_at,tags,query,path,owner,pool,state,id\n"
                           "x,wxacode,1,,2026-11-21T00:00:00Z,,,pages/a,shop,default,bound,b1\n",
                           {}, now);
  BOOST_REQUIRE(got);
  BOOST_REQUIRE(got->rows.size() == 1u);
  BOOST_TEST(got->rows[0].id == "b1");
  BOOST_TEST(!read_transfer("", {}, now));
  BOOST_TEST(!read_transfer("id,path\nb1,pages/a\n", {}, now));
  BOOST_TEST(!read_transfer("id," + std::string(transfer_header), {}, now));
  std::string many(transfer_header);
  for (int i = 0; i < 501; ++i) many += "x\r\n";
  BOOST_TEST(!read_transfer(many, {}, now));
}

BOOST_AUTO_TEST_CASE(an_unclosed_quote_takes_no_later_row_with_it) {
  const std::string good = ",bound,default,shop,pages/a,,,2026-11-21T00:00:00.000Z,,1,wxacode\r\n";
  auto got = read_transfer(std::string(transfer_header) + "ok1" + good + "x,\"bound" + good + "ok2" + good, {}, now);
  BOOST_REQUIRE(got);
  BOOST_TEST(got->rows.size() == 2u);
  BOOST_REQUIRE(got->faults.size() == 1u);
  BOOST_TEST(got->faults[0].line == 3u);
}

BOOST_AUTO_TEST_CASE(what_is_not_utf8_is_a_fault_of_its_row) {
  auto row = [](const std::string& pool, const std::string& owner, const std::string& path) {
    return "x,bound," + pool + ',' + owner + ',' + path + ",,,2026-11-21T00:00:00.000Z,,1,wxacode\r\n";
  };
  auto text = std::string(transfer_header) + row("p\xff", "o", "pages/a") + row("p", "\xc3", "pages/a") +
              row("p", "o", "pages/\xed\xa0\x80") + row("p", "\xe5\xba\x97", "pages/\xe5\xba\x97");
  auto got = read_transfer(text, {}, now);
  BOOST_REQUIRE(got);
  BOOST_TEST(got->rows.size() == 1u);
  BOOST_REQUIRE(got->faults.size() == 3u);
  BOOST_TEST(got->faults[0].why.starts_with("pool:"));
  BOOST_TEST(got->faults[1].why.starts_with("owner:"));
  BOOST_TEST(got->faults[2].why.starts_with("path:"));
}

BOOST_AUTO_TEST_CASE(an_owner_with_a_space_is_exported_and_imported) {
  auto c = code();
  c.owner = " shop of 4 ";
  std::string text(transfer_header);
  append_transfer_row(text, c, now);
  auto got = read_transfer(text, {}, now);
  BOOST_REQUIRE(got);
  BOOST_REQUIRE(got->rows.size() == 1u);
  BOOST_TEST(got->rows[0].owner == c.owner);
  BOOST_TEST(!is_owner("two\nlines"));
  BOOST_TEST(!is_owner(std::string(65, 'x')));
  BOOST_TEST(!is_owner("\xff"));
}

BOOST_AUTO_TEST_CASE(an_expired_row_whose_time_is_not_over_is_a_fault) {
  auto row = [](const std::string& end) {
    return "x,expired,default,shop,pages/a,,,2026-11-21T00:00:00.000Z," + end + ",1,wxacode\r\n";
  };
  auto text = std::string(transfer_header) + row("") + row("2100-01-01T00:00:00Z") + row("2026-12-01T00:00:00Z");
  auto got = read_transfer(text, {}, now);
  BOOST_REQUIRE(got);
  BOOST_TEST(got->rows.size() == 1u);
  BOOST_REQUIRE(got->faults.size() == 2u);
  BOOST_TEST(got->faults[0].why.starts_with("expires_at:"));
}

BOOST_AUTO_TEST_SUITE_END()
