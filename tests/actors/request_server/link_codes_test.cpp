#include "tests/actors/request_server/desk_fixture.hpp"

using namespace qrwell;
using test::desk_fixture;

namespace {

struct link_fixture : desk_fixture {
  int minted = 0;
  std::string printed = "https://q.example.cn/"; ///< before the id of a code that is bound

  link_fixture() {
    cfg.mint = [this] { return "link" + std::to_string(minted++); };
    cfg.links["default"] = {"https://q.example.cn/", false, true};
    cfg.on_empty["default"] = rung_link;
    state.link_allowed = true;
    state.level = 0;
    open_links();
  }
  /// A desk that begins anew, with the settings as they are by now.
  void open_links() {
    made.reset();
    BOOST_TEST(take().read_keys);
    d().keys_read(keys, at());
    d().pool_changed(state, at());
  }
  desk_effects end_link(const bind_request& r, bind_end how) {
    bind_results x;
    bind_result one{r.ticket, how, {}, {}};
    one.code = view(r);
    one.code.kind = code_kind::link;
    one.code.link_prefix = printed;
    one.code.image_format.clear();
    if (how == bind_end::lost_race) one.request = {r};
    x.results.push_back(one);
    d().bind_ended(x, at());
    return take();
  }
  http_request keyed(http_request r) {
    r.idempotency_key = "k";
    r.idempotency_key_sent = true;
    return r;
  }
  http_request wanting(const std::string& accept) {
    auto r = post();
    r.accept = accept;
    return r;
  }
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(link_codes_suite, link_fixture)

BOOST_AUTO_TEST_CASE(an_empty_pool_makes_a_link_code) {
  auto b = bind_of(send(post()));
  BOOST_TEST(b.id == "link0");
  BOOST_TEST(b.link_prefix == "https://q.example.cn/");
  BOOST_TEST(b.lot_no == 0u);
  BOOST_TEST(b.gen_id == 7u);
  BOOST_TEST(b.remaining_ms == 2'000u);
  auto a = only(end_link(b, bind_end::bound));
  BOOST_TEST(a.status == 201);
  BOOST_TEST(a.json()["rung"].as_string() == "link");
  BOOST_TEST(a.json()["kind"].as_string() == "link");
  BOOST_TEST(a.json()["scan_url"].as_string() == "https://q.example.cn/link0");
  BOOST_TEST(d().status().facts.find(R"("link":1)") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_link_code_that_lost_its_race_is_made_anew) {
  auto b = bind_of(send(post()));
  auto again = bind_of(end_link(b, bind_end::lost_race));
  BOOST_TEST(again.id == "link1");
  BOOST_TEST(again.link_prefix == b.link_prefix);
  BOOST_TEST((again.mark != b.mark));
  for (uint32_t i = 1; i < cfg.races_max; ++i) again = bind_of(end_link(again, bind_end::lost_race));
  BOOST_TEST(only(end_link(again, bind_end::lost_race)).status == 503);
}

BOOST_AUTO_TEST_CASE(the_shelf_hears_nothing_of_link_codes) {
  for (auto how : {bind_end::bound, bind_end::failed, bind_end::replay, bind_end::quarantined, bind_end::over_budget}) {
    auto e = end_link(bind_of(send(post())), how);
    BOOST_TEST(e.done_lots.lots.empty());
    only(e);
  }
  BOOST_TEST(d().status().facts.find(R"("codes":0,"lots":0)") != std::string::npos);
  BOOST_TEST(bind_of(send(post())).id == "link5", "none was put on the shelf");
}

BOOST_AUTO_TEST_CASE(a_request_may_forbid_link_codes) {
  auto none = refused(post(R"({"path":"a","on_empty":[]})"), 503, "out_of_stock");
  BOOST_TEST(none.detail().find("has link codes alone") != std::string::npos);
  BOOST_TEST(minted == 0);
  auto a = refused(post(R"({"path":"a","on_empty":["live"]})"), 400, "invalid_request");
  BOOST_TEST(a.detail().find("[\"link\"]") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_link_code_can_be_answered_as_a_png) {
  for (auto* accept : {"image/*", "image/png"}) {
    auto b = bind_of(send(wanting(accept)));
    auto a = only(end_link(b, bind_end::bound));
    BOOST_TEST(a.status == 201);
    BOOST_TEST(a.header("Content-Type") == "image/png");
    BOOST_TEST(a.header("Qrwell-Code-Id") == b.id);
    BOOST_TEST(a.body.substr(1, 3) == "PNG");
  }
  BOOST_TEST(refused(wanting("image/jpeg"), 406, "not_acceptable").detail().find("image/png") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_pool_of_link_codes_alone_draws_from_its_start_on) {
  state.spec = ""; // not read yet
  open_links();
  BOOST_TEST(only(end_link(bind_of(send(wanting("image/png"))), bind_end::bound)).status == 201);
  refused(wanting("image/jpeg"), 406, "not_acceptable");
}

BOOST_AUTO_TEST_CASE(a_link_code_is_shown_again_as_a_png) {
  auto a = only(end_link(bind_of(send(keyed(wanting("image/*")))), bind_end::replay));
  BOOST_TEST(a.status == 200);
  BOOST_TEST(a.header("Idempotency-Replayed") == "true");
  BOOST_TEST(a.header("Content-Type") == "image/png");
  BOOST_TEST(a.body.substr(1, 3) == "PNG");
}

BOOST_AUTO_TEST_CASE(past_so_many_drawings_a_second_a_request_is_overloaded_and_binds_nothing) {
  cfg.drawings_per_s_max = 2;
  open_links();
  for (int i = 0; i < 2; ++i) only(end_link(bind_of(send(wanting("image/png"))), bind_end::bound));
  auto a = refused(wanting("image/png"), 503, "overloaded");
  BOOST_TEST(a.header("Retry-After") == "1");
  BOOST_TEST(a.detail().find("nothing was bound") != std::string::npos, a.detail());
  bind_of(send(post())); // JSON needs no drawing
  now += 500;
  bind_of(send(wanting("image/png")));
  refused(wanting("image/png"), 503, "overloaded");
}

BOOST_AUTO_TEST_CASE(a_link_code_that_is_shown_again_is_drawn_within_the_same_bound) {
  cfg.drawings_per_s_max = 1;
  open_links();
  auto a = only(end_link(bind_of(send(keyed(wanting("image/png")))), bind_end::replay));
  BOOST_TEST(a.status == 503);
  BOOST_TEST(a.code() == "overloaded");
  BOOST_TEST(a.header("Retry-After") == "1");
  BOOST_TEST(a.detail().find("is bound") != std::string::npos, a.detail());
}

BOOST_AUTO_TEST_CASE(what_must_be_a_jpeg_is_not_drawn) {
  cfg.links["default"].no_stock = false;
  cfg.drawings_per_s_max = 1;
  state.level = 100'000;
  made.reset();
  open();
  for (int i = 0; i < 3; ++i) {
    auto e = send(wanting("image/jpeg"));
    d().image_ended(e.images.at(0).first, image_data{true, {1}}, at());
    auto a = only(end_link(bind_of(take()), bind_end::replay));
    BOOST_TEST(a.status == 406);
    BOOST_TEST(a.detail().find("image/png") != std::string::npos, a.detail());
  }
  auto e = send(wanting("image/*"));
  d().image_ended(e.images.at(0).first, image_data{true, {1}}, at());
  BOOST_TEST(only(end_link(bind_of(take()), bind_end::replay)).status == 200, "nothing was drawn before");
}

BOOST_AUTO_TEST_CASE(a_link_code_that_cannot_be_drawn_is_our_fault) {
  cfg.links["default"].prefix = "https://q.example.cn/" + std::string(4'000, 'x');
  open_links();
  auto a = refused(wanting("image/png"), 500, "internal");
  BOOST_TEST(a.detail() == "The link code could not be drawn; nothing was bound. Ask for JSON.");
  // One that was bound with another prefix.
  cfg.links["default"].prefix = "https://q.example.cn/";
  open_links();
  printed = "https://q.example.cn/" + std::string(4'000, 'x');
  a = only(end_link(bind_of(send(keyed(wanting("image/png")))), bind_end::replay));
  BOOST_TEST(a.status == 500);
  BOOST_TEST(a.code() == "internal");
}

BOOST_AUTO_TEST_SUITE_END()
