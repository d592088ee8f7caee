#include "actors/bulk_server/bulk_server.hpp"

#include "runtime/keys/key_format.hpp"
#include "tests/support/answer_catcher.hpp"
#include "tests/support/det_fixture.hpp"
#include "tests/support/hooked_stores.hpp"

using namespace qrwell;

namespace {

struct fixture : test::det_fixture {
  std::shared_ptr<test::store_reader_hooks> ring = std::make_shared<test::store_reader_hooks>();
  std::shared_ptr<test::store_reader_hooks> store = std::make_shared<test::store_reader_hooks>();
  std::shared_ptr<test::caught> seen = std::make_shared<test::caught>();
  std::shared_ptr<test::store_writer_hooks> writes = std::make_shared<test::store_writer_hooks>();
  vitals_registry registry;
  api_key key;
  secret text;
  std::vector<code_list> lists;
  caf::expected<code_page> page = code_page{};

  bulk_server_actor server;
  answer_sink front = spawn(test::answer_catcher, seen);

  fixture() {
    auto minted = mint_key("shop");
    key.key_id = 1;
    key.name = key.owner = "shop";
    key.scopes = scope_read;
    key.hash = minted->hash;
    text = minted->text;
    ring->keys = [this](const keys_query&) -> caf::expected<keys_snapshot> { return keys_snapshot{{key}, 0}; };
    store->list = [this](const code_list& list) {
      lists.push_back(list);
      return page;
    };
    store->stats = [](const stats_query&) -> caf::expected<stats_rows> {
      return stats_rows{{{0, "", "", "", 0, 3, 7}}, false};
    };
    bulk_server_config settings;
    settings.public_url = "https://qr.example.com";
    server = spawn(bulk_server, registry.enroll("bulk_server", "bulk_server"), settings,
                   wall_clock([] { return int64_t{1'800'000'000'000}; }), spawn(test::hooked_store_reader, ring),
                   spawn(test::hooked_store_reader, store), spawn(test::hooked_store_writer, writes));
  }

  const test::caught& get(const std::string& target, bool with_key = true, http_method method = http_method::get,
                          bool gzip = false) {
    seen->clear();
    http_request request;
    request.method = method;
    request.target = target;
    request.gzip = gzip;
    if (with_key) request.authorization = secret("Bearer " + text.reveal());
    test::send_request(server, front, request);
    run();
    return *seen;
  }
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(bulk_server_suite, fixture, *boost::unit_test::timeout(20))

BOOST_AUTO_TEST_CASE(a_list_is_asked_for_and_shown) {
  page->more = true;
  page->after_id = "aXYZ0123456789abcdef";
  BOOST_TEST(get("/v1/codes?tag=spring").says("HTTP/1.1 200"));
  BOOST_TEST(seen->says(R"({"codes":[],"next_cursor":")"));
  BOOST_REQUIRE(lists.size() == 1u);
  BOOST_TEST(lists[0].owner == "shop");
  BOOST_TEST(lists[0].tag == "spring");
}

BOOST_AUTO_TEST_CASE(statistics_are_shown) {
  BOOST_TEST(get("/v1/stats").says(R"("rows":[{"issued":3,"scanned":7}],"cut":false})"));
}

BOOST_AUTO_TEST_CASE(head_tells_the_length_and_sends_no_body) {
  BOOST_TEST(get("/v1/codes", true, http_method::head).says("HTTP/1.1 200"));
  BOOST_TEST(!seen->says("codes"));
}

BOOST_AUTO_TEST_CASE(without_a_key_or_with_a_wrong_parameter_the_store_is_not_asked) {
  BOOST_TEST(get("/v1/codes", false).says("HTTP/1.1 401"));
  BOOST_TEST(get("/v1/codes?limit=0").says("HTTP/1.1 400"));
  BOOST_TEST(get("/v1/codes?owner=other").says("HTTP/1.1 403"));
  BOOST_TEST(lists.empty());
}

BOOST_AUTO_TEST_CASE(a_store_that_cannot_answer_is_503_and_one_that_would_look_at_too_much_400) {
  page = fail(ec::store_failed, "disk");
  BOOST_TEST(get("/v1/codes").says("HTTP/1.1 503"));
  BOOST_TEST(!seen->says("disk"));
  page = fail(ec::invalid_request, "name a pool or an owner");
  BOOST_TEST(get("/v1/codes").says("HTTP/1.1 400"));
  BOOST_TEST(seen->says("name a pool"));
}

BOOST_AUTO_TEST_CASE(a_key_is_held_to_its_rate_and_told_of_it) {
  BOOST_TEST(get("/v1/codes").says("HTTP/1.1 200"));
  BOOST_TEST(!seen->says("RateLimit"));
  key.rate_per_s = 2;
  advance(std::chrono::seconds(4));
  BOOST_TEST(get("/v1/codes").says("\r\nRateLimit-Limit: 2\r\nRateLimit-Remaining: 1\r\n"));
  BOOST_TEST(get("/v1/codes?limit=0").says("HTTP/1.1 400"));
  BOOST_TEST(seen->says("\r\nRateLimit-Remaining: 0\r\n"));
  auto asked = lists.size();
  BOOST_TEST(get("/v1/stats").says("HTTP/1.1 429"));
  for (auto part : {"application/problem+json", "\r\nRetry-After: 1\r\n", "\r\nRateLimit-Reset: ", "rate_limited"})
    BOOST_TEST(seen->says(part), part);
  BOOST_TEST(lists.size() == asked);
}

BOOST_AUTO_TEST_CASE(a_key_that_only_reads_was_used_too) {
  std::vector<uint32_t> told;
  writes->mark_keys_used = [&](const keys_used& used) -> caf::expected<done> {
    told.insert(told.end(), used.key_ids.begin(), used.key_ids.end());
    return done{};
  };
  for (int i = 0; i < 50; ++i) get("/v1/codes");
  for (int i = 0; i < 62; ++i) advance(std::chrono::seconds(1));
  BOOST_TEST(told == std::vector<uint32_t>{1}, boost::test_tools::per_element());
  for (int i = 0; i < 62; ++i) advance(std::chrono::seconds(1));
  BOOST_TEST(told.size() == 1u, "who did not come is not told of");
}

BOOST_AUTO_TEST_CASE(only_admins_see_how_long_it_took) {
  BOOST_TEST(!get("/v1/codes").says("Server-Timing"));
  key.scopes |= scope_admin;
  advance(std::chrono::seconds(4));
  BOOST_TEST(get("/v1/codes").says("\r\nServer-Timing: work;dur="));
}

BOOST_AUTO_TEST_CASE(a_long_list_is_packed_for_who_takes_it) {
  code_view one;
  one.id = "k0ZaB3xQ9d_7Hc2-LmTe";
  one.state = code_state::bound;
  one.path = "pages/house/detail";
  page->codes.assign(20, one);
  BOOST_TEST(get("/v1/codes", true, http_method::get, true).says("\r\nContent-Encoding: gzip\r\n"));
  BOOST_TEST(seen->says("\r\nVary: Accept-Encoding\r\n"));
  BOOST_TEST(!seen->says("pages/house"));
  auto length = [&] {
    auto at = seen->written.find("Content-Length: ");
    return seen->written.substr(at, seen->written.find("\r\n", at) - at);
  };
  auto packed = length();
  get("/v1/codes", true, http_method::head, true);
  BOOST_TEST(length() == packed);
  BOOST_TEST(seen->says("\r\nContent-Encoding: gzip\r\n"));
  BOOST_TEST(seen->written.ends_with("\r\n\r\n"));
  get("/v1/codes");
  BOOST_TEST(seen->says("pages/house"));
  BOOST_TEST(!seen->says("Content-Encoding"));
  BOOST_TEST(seen->says("\r\nVary: Accept-Encoding\r\n")); // a cache between us must know
  page->codes.clear();
  BOOST_TEST(!get("/v1/codes", true, http_method::get, true).says("Content-Encoding"));
}

BOOST_AUTO_TEST_SUITE_END()
