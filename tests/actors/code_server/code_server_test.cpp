#include "actors/code_server/code_server.hpp"

#include "runtime/keys/key_format.hpp"
#include "tests/support/answer_catcher.hpp"
#include "tests/support/det_fixture.hpp"
#include "tests/support/hooked_stores.hpp"

using namespace qrwell;
using namespace std::chrono_literals;

namespace {

struct fixture : test::det_fixture {
  std::shared_ptr<test::store_reader_hooks> store = std::make_shared<test::store_reader_hooks>();
  std::shared_ptr<test::image_worker_hooks> files = std::make_shared<test::image_worker_hooks>();
  std::shared_ptr<test::caught> seen = std::make_shared<test::caught>();
  vitals_registry registry;
  std::map<std::string, secret> texts;
  std::vector<api_key> keys;
  code_record record;
  image_data image{true, {0xFF, 0xD8, 0xFF}};
  int keys_read = 0;

  std::shared_ptr<test::store_writer_hooks> pen = std::make_shared<test::store_writer_hooks>();
  std::vector<std::string> told_to_scans;
  std::optional<code_change> asked;
  code_changed result;

  store_reader_actor reader = spawn(test::hooked_store_reader, store);
  store_writer_actor writer = spawn(test::hooked_store_writer, pen);
  image_worker_actor images = spawn(test::hooked_image_worker, files);
  code_server_actor server;
  answer_sink front = spawn(test::answer_catcher, seen);

  fixture() {
    add_key("shop", "acme", scope_read);
    add_key("rival", "other", scope_read);
    add_key("boss", "boss", scope_admin | scope_read);
    add_key("writer", "acme", scope_issue);
    store->keys = [this](const keys_query&) -> caf::expected<keys_snapshot> {
      ++keys_read;
      return keys_snapshot{keys, 0};
    };
    store->find_code = [this](const code_query&) -> caf::expected<code_record> { return record; };
    files->get = [this](const image_get&) -> caf::expected<image_data> { return image; };
    record.found = true;
    record.code.id = "aXYZ0123456789abcdef";
    record.code.pool = "default";
    record.code.owner = "acme";
    record.code.state = code_state::bound;
    record.code.path = "pages/a";
    record.code.version = 3;
    record.code.image_format = "jpeg";
    code_server_config settings;
    settings.public_url = "https://qr.example.com";
    server = spawn(code_server, registry.enroll("code_server", "code_server"), settings,
                   wall_clock([] { return int64_t{1'800'000'000'000}; }), reader, writer, images,
                   spawn(scans_stub, &told_to_scans));
    pen->change = [this](code_change& change) -> caf::expected<code_changed> {
      asked = change;
      return result;
    };
    result.end = change_end::changed;
    result.code = record.code;
    result.code.version = 4;
  }

  static scan_server_actor::behavior_type scans_stub(scan_server_actor::pointer, std::vector<std::string>* told) {
    return {
        [told](const scenes_changed& changed) { told->insert(told->end(), changed.ids.begin(), changed.ids.end()); },
        [](const scan_limits&) {},
        [](const foreign_ids&) {},
        [](tick) {},
        [](const http_batch&) {},
        [](status_query) {
          return actor_status{"scan_server", "", "", "{}"};
        },
    };
  }

  const test::caught& send(http_method method, const std::string& key, const std::string& body = "",
                           const std::string& if_match = "") {
    seen->clear();
    asked.reset();
    told_to_scans.clear();
    http_request request;
    request.method = method;
    request.target = "/v1/codes/aXYZ0123456789abcdef";
    request.content_type = "application/json";
    request.body = body;
    request.if_match = if_match;
    request.request_id = "req-9";
    if (!key.empty()) request.authorization = secret("Bearer " + texts.at(key).reveal());
    test::send_request(server, front, request);
    run();
    return *seen;
  }

  void add_key(const std::string& name, const std::string& owner, uint8_t scopes) {
    auto minted = mint_key(name);
    api_key key;
    key.key_id = static_cast<uint32_t>(keys.size() + 1);
    key.name = name;
    key.owner = owner;
    key.scopes = scopes;
    key.hash = minted->hash;
    texts[name] = minted->text;
    keys.push_back(key);
  }

  const test::caught& get(const std::string& target, const std::string& key = "") {
    seen->clear();
    http_request request;
    request.target = target;
    if (!key.empty()) request.authorization = secret("Bearer " + texts.at(key).reveal());
    test::send_request(server, front, request);
    run();
    return *seen;
  }
};

constexpr auto code_path = "/v1/codes/aXYZ0123456789abcdef";
constexpr auto image_path = "/v1/codes/aXYZ0123456789abcdef/image";

} // namespace

BOOST_FIXTURE_TEST_SUITE(code_server_suite, fixture, *boost::unit_test::timeout(20))

BOOST_AUTO_TEST_CASE(an_owner_sees_its_code_and_nobody_else_does) {
  BOOST_TEST(get(code_path, "shop").says("HTTP/1.1 200"));
  BOOST_TEST(seen->says("https://qr.example.com/v1/codes/aXYZ0123456789abcdef/image"));
  BOOST_TEST(seen->says("ETag: \"3\""));
  BOOST_TEST(get(code_path, "rival").says("HTTP/1.1 404"));
  BOOST_TEST(get(code_path, "boss").says("HTTP/1.1 200"));
  BOOST_TEST(get(code_path, "writer").says("HTTP/1.1 403"));
  BOOST_TEST(get(code_path).says("HTTP/1.1 401"));
}

BOOST_AUTO_TEST_CASE(an_imported_code_has_no_image_here_and_that_is_no_trouble) {
  record.code.kind = code_kind::imported;
  record.code.image_format.clear();
  BOOST_TEST(get(image_path).says("HTTP/1.1 404"));
  BOOST_TEST(seen->says("imported"));
}

BOOST_AUTO_TEST_CASE(a_key_sees_only_its_pools) {
  keys[0].pools = {"night"};
  advance(6s);
  BOOST_TEST(get(code_path, "shop").says("HTTP/1.1 404"));
}

BOOST_AUTO_TEST_CASE(a_code_that_nobody_owns_yet_is_only_the_administrators) {
  record.code.state = code_state::stocked;
  record.code.owner.clear();
  BOOST_TEST(get(code_path, "shop").says("HTTP/1.1 404"));
  BOOST_TEST(get(code_path, "boss").says("HTTP/1.1 200"));
}

BOOST_AUTO_TEST_CASE(the_image_of_a_bound_code_is_for_anyone) {
  BOOST_TEST(get(image_path).says("HTTP/1.1 200"));
  BOOST_TEST(seen->says("image/jpeg"));
  record.code.state = code_state::stocked;
  BOOST_TEST(get(image_path).says("HTTP/1.1 404"));
  record.code.state = code_state::revoked;
  BOOST_TEST(get(image_path).says("HTTP/1.1 410"));
  record.found = false;
  BOOST_TEST(get(image_path).says("HTTP/1.1 404"));
}

BOOST_AUTO_TEST_CASE(p6_a_store_that_is_away_is_503_never_404) {
  store->find_code = [](const code_query&) -> caf::expected<code_record> { return fail(ec::unavailable, "away"); };
  BOOST_TEST(get(image_path).says("HTTP/1.1 503"));
  BOOST_TEST(get(code_path, "shop").says("HTTP/1.1 503"));
  BOOST_TEST(seen->says("Retry-After"));
}

BOOST_AUTO_TEST_CASE(an_image_that_is_lost_is_503_never_404) {
  image.found = false;
  BOOST_TEST(get(image_path).says("HTTP/1.1 503"));
}

BOOST_AUTO_TEST_CASE(a_key_that_was_just_made_works_at_once) {
  BOOST_TEST(get(code_path, "shop").says("HTTP/1.1 200"));
  advance(300ms);
  auto before = keys_read;
  add_key("fresh", "acme", scope_read);
  BOOST_TEST(get(code_path, "fresh").says("HTTP/1.1 200"));
  BOOST_TEST(keys_read == before + 1);
}

BOOST_AUTO_TEST_CASE(guessing_keys_does_not_read_the_store_each_time) {
  get(code_path, "shop");
  auto before = keys_read;
  texts["guess"] = mint_key("guess")->text;
  size_t at_once = 0;
  for (int i = 0; i < 50; ++i) at_once += get(code_path, "guess").answers;
  BOOST_TEST(at_once == 46u, "a few wait for the next reading");
  BOOST_TEST(keys_read <= before + 1);
  seen->clear();
  advance(1s);
  BOOST_TEST(seen->says("HTTP/1.1 401"), "each is told");
  BOOST_TEST(seen->answers == 4u);
  BOOST_TEST(keys_read <= before + 2);
}

BOOST_AUTO_TEST_CASE(each_request_is_answered_once_also_without_a_store) {
  store->keys = {};
  store->find_code = {};
  auto silent = get(code_path, "shop");
  advance(10s);
  BOOST_TEST(seen->answers == 1u);
}

BOOST_AUTO_TEST_CASE(a_change_is_made_by_its_owner_and_told_to_whoever_caches) {
  BOOST_TEST(send(http_method::patch, "writer", R"({"path":"pages/b","query":null,"expires_in":60})", "\"3\"")
                 .says("HTTP/1.1 200"));
  BOOST_TEST(seen->says("ETag: \"4\""));
  BOOST_REQUIRE(asked.has_value());
  BOOST_TEST(asked->owner == "acme");
  BOOST_TEST(asked->actor == "key:writer");
  BOOST_TEST(asked->request_id == "req-9");
  BOOST_TEST(asked->versions == std::vector<uint32_t>{3}, boost::test_tools::per_element());
  BOOST_TEST((asked->set_target_path && asked->set_query && asked->set_expiry && !asked->set_tags && !asked->revoke));
  BOOST_TEST(asked->path == "pages/b");
  BOOST_TEST(asked->query.empty());
  BOOST_TEST(asked->expires_after_s == 60u);
  std::vector<std::string> changed{"aXYZ0123456789abcdef"};
  BOOST_TEST(told_to_scans == changed, boost::test_tools::per_element());
  BOOST_TEST(seen->forgotten == changed, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_revocation_is_a_delete_and_an_admin_may_change_anyones) {
  BOOST_TEST(send(http_method::del, "boss").says("HTTP/1.1 200"));
  BOOST_REQUIRE(asked.has_value());
  BOOST_TEST(asked->revoke);
  BOOST_TEST(asked->owner.empty());
}

BOOST_AUTO_TEST_CASE(each_end_of_a_change_has_its_status) {
  auto status = [&](change_end end) {
    result.end = end;
    send(http_method::patch, "writer", R"({"path":"pages/b"})");
    return seen->written.substr(9, 3);
  };
  BOOST_TEST(status(change_end::unchanged) == "200");
  BOOST_TEST(status(change_end::not_found) == "404");
  BOOST_TEST(status(change_end::forbidden) == "403");
  BOOST_TEST(status(change_end::other_version) == "412");
  BOOST_TEST(seen->says("has version 4 now"));
  BOOST_TEST(status(change_end::revoked) == "409");
}

BOOST_AUTO_TEST_CASE(a_change_that_may_have_happened_is_forgotten_by_caches_and_told_as_such) {
  pen->change = [](code_change&) -> caf::expected<code_changed> { return fail(ec::outcome_unknown, "who knows"); };
  BOOST_TEST(send(http_method::patch, "writer", R"({"path":"pages/b"})").says("outcome_unknown"));
  BOOST_TEST(told_to_scans.size() == 1u);
  pen->change = [](code_change&) -> caf::expected<code_changed> { return fail(ec::disk_full, "full"); };
  BOOST_TEST(send(http_method::patch, "writer", R"({"path":"pages/b"})").says("HTTP/1.1 503"));
  BOOST_TEST(told_to_scans.empty());
}

BOOST_AUTO_TEST_CASE(a_change_that_commits_after_its_client_was_told_of_a_time_out_is_forgotten_again) {
  std::optional<caf::typed_response_promise<code_changed>> late;
  pen->change_later = [&](caf::typed_response_promise<code_changed> promise) { late = std::move(promise); };
  send(http_method::del, "writer");
  BOOST_TEST(seen->answers == 0u);
  advance(1'500ms);
  BOOST_TEST(seen->says("outcome_unknown"));
  BOOST_TEST(seen->answers == 1u);
  BOOST_TEST(told_to_scans.size() == 1u);
  // A scan in between may have cached the old row again.
  advance(30s);
  pen->kill = [&](codes_kill&) -> caf::expected<affected> {
    late->deliver(result); // inside of the writer, as promises are
    return affected{};
  };
  tell(writer, codes_kill{});
  BOOST_TEST(told_to_scans.size() == 2u);
  BOOST_TEST(seen->forgotten.size() == 2u);
  BOOST_TEST(seen->answers == 1u, "the client has its answer already");
}

BOOST_AUTO_TEST_CASE(a_repeated_change_that_changes_nothing_is_forgotten_by_caches_all_the_same) {
  for (auto end : {change_end::unchanged, change_end::revoked, change_end::other_version}) {
    result.end = end;
    send(http_method::del, "writer");
    BOOST_TEST(told_to_scans.size() == 1u);
    BOOST_TEST(seen->forgotten.size() == 1u);
  }
}

BOOST_AUTO_TEST_CASE(a_writer_that_dies_leaves_it_open_whether_a_change_was_made) {
  pen->change = [](code_change&) -> caf::expected<code_changed> { return make_error(caf::sec::request_receiver_down); };
  BOOST_TEST(send(http_method::del, "writer").says("outcome_unknown"));
  BOOST_TEST(told_to_scans.size() == 1u);
}

BOOST_AUTO_TEST_CASE(a_writer_that_says_that_it_did_nothing_is_believed) {
  for (auto code : {ec::unavailable, ec::store_failed, ec::overloaded, ec::shutting_down}) {
    pen->change = [=](code_change&) -> caf::expected<code_changed> { return fail(code, "not now"); };
    BOOST_TEST(send(http_method::del, "writer").says("nothing was changed"));
    BOOST_TEST(told_to_scans.empty());
  }
}

BOOST_AUTO_TEST_CASE(changes_that_wait_for_the_writer_are_bounded_and_leave_room_for_readers) {
  pen->change_later = [](const auto&) {};
  for (int i = 0; i < 256; ++i) send(http_method::del, "writer");
  BOOST_TEST(send(http_method::del, "writer").says("HTTP/1.1 503"));
  BOOST_TEST(seen->says("nothing was changed"));
  BOOST_TEST(get(code_path, "shop").says("HTTP/1.1 200"));
}

BOOST_AUTO_TEST_CASE(who_may_not_change_and_what_cannot_be_read_never_reaches_the_store) {
  BOOST_TEST(send(http_method::patch, "", "{}").says("HTTP/1.1 401"));
  BOOST_TEST(send(http_method::patch, "shop", R"({"path":"pages/b"})").says("HTTP/1.1 403"));
  for (const auto* body : {"", "[]", "{}", "{\"path\":null}", "{\"path\":\"/a\"}", "{\"pool\":\"x\"}", "{\"tags\":7}",
                           "{\"expires_at\":\"2001-01-01T00:00:00Z\"}", "{\"expires_in\":5,\"expires_at\":null}"})
    BOOST_TEST(send(http_method::patch, "writer", body).says("HTTP/1.1 400"), body);
  for (const auto* tag : {"3", "\"3", "abc", ",", " "})
    BOOST_TEST(send(http_method::patch, "writer", R"({"path":"pages/b"})", tag).says("HTTP/1.1 400"), tag);
  BOOST_TEST(!asked.has_value());
}

BOOST_AUTO_TEST_CASE(an_if_match_names_versions) {
  auto versions = [&](const std::string& tag) {
    send(http_method::del, "writer", "", tag);
    return asked.value_or(code_change{}).versions;
  };
  BOOST_TEST(versions("").empty());
  BOOST_TEST(versions("*").empty());
  BOOST_TEST((versions("\"1\", \"22\"") == std::vector<uint32_t>{1, 22}));
  BOOST_TEST((versions("W/\"1\"") == std::vector<uint32_t>{0}), "a weak tag never matches");
  BOOST_TEST((versions("\"abc\"") == std::vector<uint32_t>{0}), "no version of ours");
}

BOOST_AUTO_TEST_CASE(the_image_of_a_link_code_is_drawn_as_it_is_asked_for) {
  record.code.kind = code_kind::link;
  record.code.link_prefix = "https://q.example.cn/";
  record.code.image_format.clear();
  files->get = [](const image_get&) -> caf::expected<image_data> { return fail(ec::internal, "it has no file"); };
  std::string path = image_path;
  BOOST_TEST(get(path).says("Content-Type: image/png"));
  BOOST_TEST(seen->says("ETag: \"aXYZ0123456789abcdef.png.430\""));
  BOOST_TEST(seen->says("Vary: Accept"));
  BOOST_TEST(seen->says("immutable"));
  BOOST_TEST(get(path + "?format=svg&width=800").says("Content-Type: image/svg+xml"));
  BOOST_TEST(seen->says("width=\"800\""));
  BOOST_TEST(!seen->says("Vary"));
  BOOST_TEST(get(path + "?width=5").says("HTTP/1.1 400"));
  BOOST_TEST(get(path + "?format=gif").says("format: must be png or svg"));
  record.code.state = code_state::revoked;
  BOOST_TEST(get(path).says("HTTP/1.1 410"));
}

BOOST_AUTO_TEST_CASE(the_image_that_wechat_made_has_one_form) {
  std::string path = image_path;
  BOOST_TEST(get(path + "?width=500").says("HTTP/1.1 400"));
  BOOST_TEST(get(path + "?format=png").says("as WeChat made it"));
  BOOST_TEST(get(path + "?other=1").says("HTTP/1.1 200"));
}

BOOST_AUTO_TEST_SUITE_END()
