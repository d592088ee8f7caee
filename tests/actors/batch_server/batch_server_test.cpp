#include "actors/batch_server/batch_server.hpp"

#include "runtime/keys/key_format.hpp"
#include "tests/support/answer_catcher.hpp"
#include "tests/support/det_fixture.hpp"
#include "tests/support/hooked_stores.hpp"

using namespace qrwell;

namespace {

// Answers every item at once with a code.
request_server_actor::behavior_type requests_stub(request_server_actor::pointer self, std::vector<issue_item>* seen) {
  return {
      [self, seen](const issue_items& x) {
        issue_results out;
        for (const auto& item : x.items) {
          seen->push_back(item);
          auto& one = out.results.emplace_back();
          one.ticket = item.ticket;
          one.end = item_end::issued;
          one.code.id = "id-of-" + item.path;
          one.rung = "stock";
        }
        self->send(caf::actor_cast<item_sink>(self->current_sender()), std::move(out));
      },
      [](const bind_results&) {},
      [](const claim_result&) {},
      [](const pool_state&) {},
      [](const issue_limits&) {},
      [](tick) {},
      [](const http_batch&) {},
      [](status_query) {
        return actor_status{"request_server", "", "", "{}"};
      },
  };
}

struct fixture : test::det_fixture {
  std::shared_ptr<test::store_reader_hooks> reader = std::make_shared<test::store_reader_hooks>();
  std::shared_ptr<test::caught> seen = std::make_shared<test::caught>();
  std::vector<issue_item> items;
  keys_snapshot keys;
  answer_sink front = spawn(test::answer_catcher, seen);
  batch_server_actor server;

  fixture() {
    reader->keys = [this](keys_query&) { return caf::expected<keys_snapshot>(keys); };
    server = spawn(batch_server, std::make_shared<vitals>(), batch_server_config{},
                   wall_clock([] { return int64_t{1'800'000'000'000}; }), spawn(test::hooked_store_reader, reader),
                   spawn(requests_stub, &items));
    run();
  }

  std::string add_key(uint8_t scopes = scope_issue) {
    auto minted = mint_key("web");
    api_key k;
    k.key_id = static_cast<uint32_t>(keys.keys.size() + 1);
    k.name = k.owner = "web";
    k.hash = minted->hash;
    k.scopes = scopes;
    keys.keys.push_back(k);
    return minted->text.reveal();
  }
  const test::caught& post(const std::string& key, const std::string& body,
                           const std::string& type = "application/json") {
    seen->clear();
    http_request r;
    r.method = http_method::post;
    r.target = "/v1/codes/batch";
    r.authorization = secret("Bearer " + key);
    r.content_type = type;
    r.request_id = "rq";
    r.body = body;
    test::send_request(server, front, r);
    run();
    return *seen;
  }
};

constexpr auto two = R"({"items":[{"path":"a"},{"path":"b"}]})";

} // namespace

BOOST_FIXTURE_TEST_SUITE(batch_server_suite, fixture, *boost::unit_test::timeout(20))

BOOST_AUTO_TEST_CASE(a_batch_is_taken_apart_and_answered_in_one) {
  auto key = add_key();
  advance(std::chrono::seconds(4));
  BOOST_TEST(post(key, two).says("HTTP/1.1 200"));
  BOOST_TEST(seen->answers == 1u);
  BOOST_TEST(seen->says("X-Request-Id: rq"));
  BOOST_TEST(seen->says(R"({"results":[{"status":201,"code":{"id":"id-of-a")"));
  BOOST_TEST(items.size() == 2u);
  BOOST_TEST(items[1].request_id == "rq");
}

BOOST_AUTO_TEST_CASE(what_is_no_batch_is_refused_as_a_whole_and_costs_nothing) {
  auto key = add_key(), reader_key = add_key(scope_read);
  advance(std::chrono::seconds(4));
  BOOST_TEST(post(key, "{").says("HTTP/1.1 400"));
  BOOST_TEST(post(key, two, "text/plain").says("HTTP/1.1 415"));
  BOOST_TEST(post(reader_key, two).says("HTTP/1.1 403"));
  BOOST_TEST(post("nonsense", two).says("HTTP/1.1 401"));
  BOOST_TEST(items.empty());
}

// A reading of the keys that was less than 200 ms ago used to make a key unknown that had been made after it.
BOOST_AUTO_TEST_CASE(a_key_made_just_after_a_reading_is_waited_for) {
  add_key();
  advance(std::chrono::seconds(4));
  post(add_key(), two); // makes the keys be read
  auto fresh = add_key();
  BOOST_TEST(post(fresh, two).answers == 0u);
  advance(std::chrono::milliseconds(500));
  BOOST_TEST(seen->says("HTTP/1.1 200"));
  auto unknown = mint_key("web")->text.reveal();
  post(unknown, two);
  advance(std::chrono::milliseconds(500));
  BOOST_TEST(seen->says("HTTP/1.1 401"));
}

// Twenty connections with invented keys used to take all places for as long as the store did not answer.
BOOST_AUTO_TEST_CASE(unknown_keys_take_no_place_while_the_store_does_not_answer) {
  auto key = add_key();
  advance(std::chrono::seconds(4));
  reader->keys = [](keys_query&) { return std::nullopt; };
  int refused = 0;
  for (int i = 0; i < 200; ++i) refused += post(mint_key("web")->text.reveal(), two).says("HTTP/1.1 401");
  BOOST_TEST(refused == 196);
  BOOST_TEST(post(key, two).says("HTTP/1.1 200"));
  BOOST_TEST(post("", two).says("HTTP/1.1 401"));
  // Also when the keys are so old that none is believed: nobody waits who could not have one.
  advance(std::chrono::seconds(6));
  BOOST_TEST(post("nonsense", two).says("HTTP/1.1 401"));
  for (int i = 0; i < 200; ++i) post(mint_key("web")->text.reveal(), two);
  BOOST_TEST(seen->says("HTTP/1.1 503"));
  BOOST_TEST(post(key, two).answers == 0u, "it has a place, and waits");
}

BOOST_AUTO_TEST_SUITE_END()
