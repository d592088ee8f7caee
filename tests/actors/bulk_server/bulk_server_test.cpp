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
                   spawn(test::hooked_store_reader, store));
  }

  const test::caught& get(const std::string& target, bool with_key = true, http_method method = http_method::get) {
    seen->clear();
    http_request request;
    request.method = method;
    request.target = target;
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

BOOST_AUTO_TEST_SUITE_END()
