#include "actors/admin_server/admin_server.hpp"

#include "runtime/keys/key_format.hpp"
#include "tests/support/answer_catcher.hpp"
#include "tests/support/det_fixture.hpp"
#include "tests/support/hooked_stores.hpp"

using namespace qrwell;
using namespace std::chrono_literals;

namespace {

inspector_actor::behavior_type fake_inspector(inspector_actor::pointer) {
  return {[](const inspect_query&) -> inspect_report {
            return {"n1", 5'000, {}, {}};
          },
          [](status_query) -> actor_status { return {}; }};
}

struct fixture : test::det_fixture {
  std::shared_ptr<test::store_reader_hooks> store = std::make_shared<test::store_reader_hooks>();
  std::shared_ptr<test::store_writer_hooks> writes = std::make_shared<test::store_writer_hooks>();
  std::shared_ptr<test::pool_stocker_hooks> stock = std::make_shared<test::pool_stocker_hooks>();
  std::shared_ptr<test::caught> seen = std::make_shared<test::caught>();
  vitals_registry registry;
  std::map<std::string, secret> texts;
  std::vector<api_key> keys;
  std::vector<pool_command> commands;

  store_reader_actor reader = spawn(test::hooked_store_reader, store);
  store_writer_actor writer = spawn(test::hooked_store_writer, writes);
  pool_stocker_actor stocker = spawn(test::hooked_pool_stocker, stock);
  inspector_actor the_inspector = spawn(fake_inspector);
  admin_server_actor open, operators;
  answer_sink front = spawn(test::answer_catcher, seen);

  fixture() {
    add_key("looker", scope_read);
    add_key("boss", scope_admin);
    add_key("issuer", scope_issue);
    store->keys = [this](const keys_query&) -> caf::expected<keys_snapshot> { return keys_snapshot{keys, 0}; };
    stock->command = [this](const pool_command& command) -> caf::expected<pool_state> {
      commands.push_back(command);
      auto pool = state();
      pool.paused = command.verb == pool_verb::pause;
      return pool;
    };
    writes->add_key = [](const key_add& add) -> caf::expected<api_key> { return add.key; };
    open = start(false);
    operators = start(true);
  }

  static pool_state state() {
    pool_state pool;
    pool.pool = "default";
    pool.level = 77;
    return pool;
  }

  admin_server_actor start(bool for_operators) {
    admin_server_config settings;
    settings.name = for_operators ? "operators" : "open";
    settings.operators_listener = for_operators;
    settings.admin_token = for_operators ? secret(std::string(64, 't')) : secret();
    settings.openapi = R"({"openapi":"3.1.0"})";
    admin_server_handles handles;
    handles.reader = handles.bulk = reader;
    handles.writer = writer;
    handles.inspector = the_inspector;
    handles.stockers = {{"default", stocker}};
    handles.metrics = [](const inspect_report&, const std::vector<pool_state>&) {
      return std::string("qrwell_build_info 1\n");
    };
    auto server = spawn(admin_server, registry.enroll("admin_server", settings.name), settings,
                        wall_clock([] { return int64_t{1'800'000'000'000}; }), handles);
    tell(server, state());
    return server;
  }

  void add_key(const std::string& name, uint8_t scopes) {
    auto minted = mint_key(name);
    api_key key;
    key.key_id = static_cast<uint32_t>(keys.size() + 1);
    key.name = key.owner = name;
    key.scopes = scopes;
    key.hash = minted->hash;
    texts[name] = minted->text;
    keys.push_back(key);
  }

  const test::caught& call(const admin_server_actor& server, http_method method, const std::string& target,
                           const std::string& who = "", const std::string& body = "") {
    seen->clear();
    http_request request;
    request.method = method;
    request.target = target;
    request.body = body;
    if (who == "token")
      request.authorization = secret("Bearer " + std::string(64, 't'));
    else if (!who.empty())
      request.authorization = secret("Bearer " + texts.at(who).reveal());
    test::send_request(server, front, request);
    run();
    return *seen;
  }
  const test::caught& get(const admin_server_actor& server, const std::string& target, const std::string& who = "") {
    return call(server, http_method::get, target, who);
  }
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(admin_server_suite, fixture, *boost::unit_test::timeout(20))

BOOST_AUTO_TEST_CASE(looking_needs_read_and_acting_needs_admin) {
  BOOST_TEST(get(open, "/v1/pools", "looker").says(R"("level":77)"));
  BOOST_TEST(get(open, "/v1/pools/default", "boss").says("HTTP/1.1 200"));
  BOOST_TEST(get(open, "/v1/pools", "issuer").says("HTTP/1.1 403"));
  BOOST_TEST(get(open, "/v1/pools").says("HTTP/1.1 401"));
  BOOST_TEST(call(open, http_method::post, "/v1/pools/default/pause", "looker").says("HTTP/1.1 403"));
  BOOST_TEST(commands.empty());
  BOOST_TEST(call(open, http_method::post, "/v1/pools/default/pause", "boss", R"({"reason":"stock"})")
                 .says(R"("paused":true)"));
  BOOST_REQUIRE(commands.size() == 1u);
  BOOST_TEST(commands[0].actor == "key:boss");
  BOOST_TEST(commands[0].reason == "stock");
}

BOOST_AUTO_TEST_CASE(what_is_for_operators_is_not_on_the_open_listener) {
  for (auto* path : {"/v1/keys", "/healthz", "/readyz", "/metrics", "/v1/status", "/"})
    BOOST_TEST(get(open, path, "boss").says("HTTP/1.1 404"), path);
  for (auto* path : {"/healthz", "/metrics", "/version", "/", "/openapi.json"})
    BOOST_TEST(get(operators, path).says("HTTP/1.1 200"), path);
  BOOST_TEST(get(open, "/openapi.json").says("3.1.0"));
}

BOOST_AUTO_TEST_CASE(the_admin_token_works_only_where_operators_listen) {
  BOOST_TEST(get(operators, "/v1/keys", "token").says("HTTP/1.1 200"));
  BOOST_TEST(get(open, "/v1/pools", "token").says("HTTP/1.1 401"));
}

BOOST_AUTO_TEST_CASE(an_empty_token_is_no_token) {
  http_request request;
  request.target = "/v1/pools";
  request.authorization = secret("Bearer ");
  test::send_request(open, front, request);
  run();
  BOOST_TEST(seen->says("HTTP/1.1 401"));
}

BOOST_AUTO_TEST_CASE(a_new_key_is_shown_once) {
  auto made = call(operators, http_method::post, "/v1/keys", "token", R"({"name":"shop","scopes":["issue"]})");
  BOOST_TEST(made.says("HTTP/1.1 201"));
  BOOST_TEST(made.says(R"("key":"qw_shop_)"));
  BOOST_TEST(call(operators, http_method::post, "/v1/keys", "token", R"({"name":"shop"})").says("HTTP/1.1 400"));
}

BOOST_AUTO_TEST_CASE(a_wrong_command_never_reaches_the_pool) {
  BOOST_TEST(call(open, http_method::post, "/v1/pools/default/fill", "boss", R"({"count":0})").says("HTTP/1.1 400"));
  BOOST_TEST(call(open, http_method::post, "/v1/pools/default/fill", "boss", R"({"reason":"x"})").says("HTTP/1.1 400"));
  BOOST_TEST(call(open, http_method::post, "/v1/pools/default/resume", "boss", "{").says("HTTP/1.1 400"));
  BOOST_TEST(call(open, http_method::post, "/v1/pools/nowhere/fill", "boss").says("HTTP/1.1 404"));
  BOOST_TEST(commands.empty());
}

BOOST_AUTO_TEST_CASE(a_store_without_answers_is_not_a_wrong_key) {
  advance(6s);
  store->keys = [](const keys_query&) -> caf::expected<keys_snapshot> { return fail(ec::unavailable, "away"); };
  advance(6s);
  BOOST_TEST(get(open, "/v1/pools", "looker").says("HTTP/1.1 503"));
}

BOOST_AUTO_TEST_CASE(a_revoked_key_is_not_believed_for_longer_than_5_s_though_the_store_is_away) {
  BOOST_TEST(get(open, "/v1/pools", "looker").says("HTTP/1.1 200"));
  store->keys = [](const keys_query&) -> caf::expected<keys_snapshot> { return fail(ec::unavailable, "away"); };
  advance(5100ms);
  BOOST_TEST(!get(open, "/v1/pools", "looker").says("HTTP/1.1 200"));
}

BOOST_AUTO_TEST_CASE(nothing_under_a_path_is_404) {
  BOOST_TEST(get(operators, "/v1/nonsense", "token").says("HTTP/1.1 404"));
}

BOOST_AUTO_TEST_CASE(a_rotated_key_is_shown_once) {
  std::vector<key_rotate> asked;
  writes->rotate_key = [&](const key_rotate& rotate) -> caf::expected<api_key> {
    asked.push_back(rotate);
    api_key key;
    key.name = rotate.name;
    key.former_until_ms = 1'800'000'086'400'000;
    return key;
  };
  auto rotate = [&](const std::string& body) {
    return call(operators, http_method::post, "/v1/keys/shop/rotate", "token", body);
  };
  BOOST_TEST(rotate("").says("HTTP/1.1 201"));
  BOOST_TEST(seen->says(R"("key":"qw_shop_)"));
  BOOST_TEST(seen->says(R"("rotated_until":")"));
  BOOST_TEST(rotate(R"({"overlap":0})").says("HTTP/1.1 201"));
  BOOST_TEST(rotate(R"({"overlap":2592000})").says("HTTP/1.1 201"));
  BOOST_REQUIRE(asked.size() == 3u);
  BOOST_TEST(asked[0].overlap_s == 86'400u);
  BOOST_TEST(asked[0].actor == "admin token");
  BOOST_TEST(asked[1].overlap_s == 0u);
  BOOST_TEST((asked[0].hash != asked[1].hash));
  for (auto body : {R"({"overlap":2592001})", R"({"overlap":-1})", R"({"overlap":1.5})", R"({"overlap":"1d"})",
                    R"({"until":1})", "[]", "{"})
    BOOST_TEST(rotate(body).says("HTTP/1.1 400"), body);
  BOOST_TEST(call(operators, http_method::post, "/v1/keys/No%20name/rotate", "token").says("HTTP/1.1 404"));
  BOOST_TEST(call(operators, http_method::post, "/v1/keys/shop/rotate", "looker").says("HTTP/1.1 403"));
  BOOST_TEST(call(open, http_method::post, "/v1/keys/shop/rotate", "boss").says("HTTP/1.1 404"));
  BOOST_TEST(asked.size() == 3u);
}

BOOST_AUTO_TEST_CASE(a_daily_budget_is_a_whole_number) {
  std::vector<api_key> made;
  writes->add_key = [&](const key_add& add) -> caf::expected<api_key> {
    made.push_back(add.key);
    return add.key;
  };
  auto add = [&](const std::string& daily) {
    return call(operators, http_method::post, "/v1/keys", "token",
                R"({"name":"shop","scopes":["issue"],"daily_codes":)" + daily + "}");
  };
  BOOST_TEST(add("1000").says(R"("daily_codes":1000,"codes_today":0)"));
  BOOST_REQUIRE(made.size() == 1u);
  BOOST_TEST(made[0].daily_codes == 1'000u);
  for (auto daily : {"-1", "1.5", "\"9\"", "1000000001", "null"})
    BOOST_TEST(add(daily).says("daily_codes: must be"), daily);
}

BOOST_AUTO_TEST_CASE(a_fill_is_written_down_before_it_is_done) {
  std::vector<audit_put> written;
  caf::expected<done> answer = done{};
  writes->put_audit = [&](const audit_put& put) {
    written.push_back(put);
    return answer;
  };
  BOOST_TEST(call(open, http_method::post, "/v1/pools/default/fill", "boss", R"({"count":7})").says("HTTP/1.1 200"));
  BOOST_REQUIRE(written.size() == 1u);
  BOOST_TEST(written[0].actor == "key:boss");
  BOOST_TEST(written[0].action == "pool_fill");
  BOOST_TEST(written[0].doc == R"({"pool":"default","count":7,"client":""})");
  BOOST_TEST(commands.size() == 1u);
  answer = fail(ec::unavailable, "away");
  BOOST_TEST(call(open, http_method::post, "/v1/pools/default/fill", "boss", "").says("HTTP/1.1 503"));
  BOOST_TEST(commands.size() == 1u, "what cannot be written down is not done");
}

BOOST_AUTO_TEST_CASE(the_audit_is_read_by_admins_in_pages) {
  std::vector<audit_query> asked;
  store->audit = [&](const audit_query& query) -> caf::expected<audit_entries> {
    asked.push_back(query);
    return audit_entries{{{1'800'000'000'000, "", "key:boss", "key_add", R"({"name":"shop"})"}}};
  };
  BOOST_TEST(get(operators, "/v1/audit?limit=7&before=2026-11-01T00:00:00Z", "boss").says("HTTP/1.1 200"));
  BOOST_TEST(seen->says(R"("actor":"key:boss","action":"key_add","doc":{"name":"shop"}}]})"));
  BOOST_REQUIRE(asked.size() == 1u);
  BOOST_TEST(asked[0].limit == 7u);
  BOOST_TEST(asked[0].before_ms == 1'793'491'200'000);
  for (auto query : {"limit=0", "limit=501", "limit=x", "before=now", "after=1"})
    BOOST_TEST(get(operators, std::string("/v1/audit?") + query, "boss").says("HTTP/1.1 400"), query);
  BOOST_TEST(get(operators, "/v1/audit", "looker").says("HTTP/1.1 403"));
  BOOST_TEST(get(open, "/v1/audit", "boss").says("HTTP/1.1 404"));
}

BOOST_AUTO_TEST_SUITE_END()
