#include "actors/bulk_server/bulk_answers.hpp"
#include "actors/bulk_server/list_cursor.hpp"
#include "actors/bulk_server/list_request.hpp"
#include "actors/bulk_server/stats_request.hpp"

#include <boost/test/unit_test.hpp>

using namespace qrwell;

namespace {

constexpr int64_t hour_ms = 3'600'000, noon = 1'800'000'000'000 / hour_ms * hour_ms;

api_key key_of(uint8_t scopes) {
  api_key key;
  key.name = "k";
  key.owner = "acme";
  key.scopes = scopes;
  return key;
}

http::target target_of(const std::string& query) {
  return *http::parse_target("/v1/x?" + query);
}

code_list list_of(const std::string& query, const api_key& key = key_of(scope_read)) {
  auto out = read_list(target_of(query), key);
  BOOST_REQUIRE_MESSAGE(out, query << ": " << (out ? "" : render(out.error())));
  return *out;
}

stats_query stats_of(const std::string& query, const api_key& key = key_of(scope_read)) {
  auto out = read_stats(target_of(query), key, noon);
  BOOST_REQUIRE_MESSAGE(out, query << ": " << (out ? "" : render(out.error())));
  return *out;
}

/// The error's code and its first word, which is the parameter.
template <class T>
std::string refusal_of(const caf::expected<T>& out) {
  if (out) return "none";
  auto sentence = sentence_of(out.error());
  return std::string(to_string(code_of(out.error()))) + " " + sentence.substr(0, sentence.find(':'));
}

std::string list_refusal(const std::string& query, const api_key& key = key_of(scope_read)) {
  return refusal_of(read_list(target_of(query), key));
}

std::string stats_refusal(const std::string& query, const api_key& key = key_of(scope_read)) {
  return refusal_of(read_stats(target_of(query), key, noon));
}

} // namespace

BOOST_AUTO_TEST_SUITE(bulk_requests)

BOOST_AUTO_TEST_CASE(a_list_without_filters_is_all_that_the_key_may_see) {
  auto key = key_of(scope_read);
  key.pools = {"a", "b"};
  auto mine = list_of("", key);
  BOOST_TEST(mine.owner == "acme");
  BOOST_TEST(mine.pools == key.pools);
  BOOST_TEST(mine.limit == 100u);
  BOOST_TEST((mine.state == list_state::any));
  BOOST_TEST(list_of("", key_of(scope_admin)).owner.empty());
}

BOOST_AUTO_TEST_CASE(each_parameter_becomes_its_filter) {
  auto asked = list_of("pool=p&tag=spring%20sale&state=revoked&from=2026-11-01T00:00:00Z"
                       "&to=2026-11-01T08:00:01%2B08:00&owner=acme&limit=500");
  BOOST_TEST((asked.pools == std::vector<std::string>{"p"}));
  BOOST_TEST(asked.tag == "spring sale");
  BOOST_TEST((asked.state == list_state::revoked));
  BOOST_TEST(asked.to_ms - asked.from_ms == 1'000);
  BOOST_TEST(asked.limit == 500u);
  BOOST_TEST(list_of("to=2026-11-01T08:00:01+08:00").to_ms == asked.to_ms, "a '+' that was not escaped");
  BOOST_TEST(list_of("owner=other", key_of(scope_admin)).owner == "other");
}

BOOST_AUTO_TEST_CASE(a_wrong_parameter_of_a_list_is_named) {
  BOOST_TEST(list_refusal("pools=p") == "invalid_request pools");
  BOOST_TEST(list_refusal("pool=a&pool=b") == "invalid_request pool");
  BOOST_TEST(list_refusal("pool=") == "invalid_request pool");
  BOOST_TEST(list_refusal("tag=") == "invalid_request tag");
  BOOST_TEST(list_refusal("state=stocked") == "invalid_request state");
  for (auto limit : {"0", "501", "-1", "1.5", "ten", "", "99999999999"})
    BOOST_TEST(list_refusal(std::string("limit=") + limit) == "invalid_request limit", limit);
  BOOST_TEST(list_refusal("from=yesterday") == "invalid_request from");
  BOOST_TEST(list_refusal("from=2026-11-02T00:00:00Z&to=2026-11-02T00:00:00Z") == "invalid_request to");
  BOOST_TEST(list_refusal("cursor=abc") == "invalid_request cursor");
}

BOOST_AUTO_TEST_CASE(nobody_sees_more_than_the_key_may) {
  BOOST_TEST(list_refusal("", key_of(scope_issue)).substr(0, 9) == "forbidden");
  BOOST_TEST(list_refusal("owner=other") == "forbidden owner");
  auto key = key_of(scope_read);
  key.pools = {"a"};
  BOOST_TEST(list_refusal("pool=b", key).substr(0, 9) == "forbidden");
  BOOST_TEST(stats_refusal("pool=b", key).substr(0, 9) == "forbidden");
  BOOST_TEST(stats_refusal("owner=other") == "forbidden owner");
  BOOST_TEST((stats_of("", key).pools == key.pools));
}

BOOST_AUTO_TEST_CASE(a_cursor_goes_on_where_the_page_ended) {
  auto first = list_of("tag=a&limit=10");
  code_page page;
  page.more = true;
  page.after_ms = noon;
  page.after_id = "aXYZ0123456789abcdef";
  auto cursor = write_cursor(first, page);
  auto next = list_of("tag=a&limit=20&cursor=" + cursor);
  BOOST_TEST(next.after_ms == noon);
  BOOST_TEST(next.after_id == page.after_id);
  BOOST_TEST(next.limit == 20u);
  BOOST_TEST(write_cursor(next, page) == cursor, "the place of the page before is no filter");
}

BOOST_AUTO_TEST_CASE(a_cursor_is_good_for_its_own_list_only) {
  code_page page;
  page.after_ms = noon;
  page.after_id = "aXYZ0123456789abcdef";
  auto cursor = write_cursor(list_of("tag=a"), page);
  for (auto query : {"", "tag=b", "tag=a&state=bound", "tag=a&pool=p", "tag=a&from=2026-11-01T00:00:00Z"})
    BOOST_TEST(list_refusal(std::string(query) + "&cursor=" + cursor) == "invalid_request cursor", query);
  auto neighbour = key_of(scope_read);
  neighbour.owner = "other";
  BOOST_TEST(list_refusal("tag=a&cursor=" + cursor, neighbour) == "invalid_request cursor");
  BOOST_TEST(list_refusal("tag=a&cursor=" + cursor.substr(0, 20)) == "invalid_request cursor");
  auto other = cursor;
  other[0] = other[0] == 'A' ? 'B' : 'A';
  BOOST_TEST(list_refusal("tag=a&cursor=" + other) == "invalid_request cursor");
}

BOOST_AUTO_TEST_CASE(statistics_are_of_the_last_day_unless_told_otherwise_and_of_whole_hours) {
  auto day = stats_of("");
  BOOST_TEST(day.to_ms == noon);
  BOOST_TEST(day.from_ms == noon - 24 * hour_ms);
  BOOST_TEST(int(day.by) == 0);
  BOOST_TEST(day.owner == "acme");
  auto part = stats_of("from=2026-11-01T10:20:00Z&to=2026-11-01T11:00:00.001Z&by=pool,hour");
  BOOST_TEST(part.to_ms - part.from_ms == 2 * hour_ms);
  BOOST_TEST(part.from_ms % hour_ms == 0);
  BOOST_TEST(int(part.by) == (stats_by_pool | stats_by_hour));
}

BOOST_AUTO_TEST_CASE(a_wrong_parameter_of_statistics_is_named) {
  for (auto by : {"", "pools", "pool,", "pool,pool", "hour,day", "pool, owner"})
    BOOST_TEST(stats_refusal(std::string("by=") + by) == "invalid_request by", by);
  BOOST_TEST(stats_refusal("from=2026-01-01T00:00:00Z&to=2027-03-01T00:00:00Z") == "invalid_request from");
  BOOST_TEST(stats_refusal("from=2030-01-01T00:00:00Z") == "invalid_request from", "later than now");
  BOOST_TEST(stats_refusal("limit=3") == "invalid_request limit");
  BOOST_TEST(stats_refusal("", key_of(scope_issue)).substr(0, 9) == "forbidden");
}

BOOST_AUTO_TEST_CASE(a_page_shows_codes_as_everywhere_and_the_way_on) {
  auto asked = list_of("");
  code_page page;
  page.now_ms = noon;
  code_view code;
  code.id = "aXYZ0123456789abcdef";
  code.state = code_state::bound;
  code.pool = "default";
  page.codes = {code, code};
  auto last = list_json(asked, page, "https://qr.example.com");
  BOOST_TEST(last.find(R"({"codes":[{"id":"aXYZ0123456789abcdef","pool":"default")") == 0u, last);
  BOOST_TEST(last.find(R"("image_url":"https://qr.example.com/v1/codes/)") != last.npos, last);
  BOOST_TEST(last.find(R"(}],"next_cursor":null})") != last.npos, last);
  page.more = true;
  page.after_ms = noon;
  page.after_id = code.id;
  BOOST_TEST(list_json(asked, page, "").find(R"("next_cursor":")" + write_cursor(asked, page) + "\"}") != last.npos);
  BOOST_TEST(list_json(asked, {}, "") == R"({"codes":[],"next_cursor":null})");
}

BOOST_AUTO_TEST_CASE(a_row_of_statistics_has_what_it_is_grouped_by) {
  auto asked = stats_of("by=tag,hour");
  stats_rows rows{{{noon, "", "", "sale", 0, 3, 7}}, true};
  auto text = stats_json(asked, rows);
  BOOST_TEST(text.find(R"("by":["hour","tag"])") != text.npos, text);
  BOOST_TEST(text.find(R"(Z","tag":"sale","issued":3,"scanned":7}],"cut":true})") != text.npos, text);
}

BOOST_AUTO_TEST_SUITE_END()
