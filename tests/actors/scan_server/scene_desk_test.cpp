#include "actors/scan_server/scene_desk.hpp"

#include <boost/test/unit_test.hpp>
#include <fmt/format.h>

using namespace qrwell;

namespace {

struct fixture {
  std::shared_ptr<const mac_keys> keys =
      std::make_shared<const mac_keys>(mac_keys::from({{'q', secret(std::string(32, 'b')), {}}}));
  scan_server_config cfg;
  std::optional<scene_desk> desk_;
  uint32_t number = 0;

  scene_desk& desk() {
    if (!desk_) desk_.emplace(cfg, keys);
    return *desk_;
  }

  http_batch scan(const std::string& id, const std::string& more = "") {
    http_request request;
    request.at = {1, number++};
    request.target = "/v1/scenes/" + id + more;
    return {{request}};
  }

  scene bound(const std::string& id, uint32_t version = 1) {
    return {id, code_state::bound, version, "pages/house/detail", R"({"id":7})", 0};
  }

  std::string fresh() { return keys->mint(1'800'000'000'000); }
};

std::string text(const scene_desk::effects& fx) {
  std::string all;
  for (const auto& [sink, answers] : fx.answers) all += answers.arena;
  return all;
}

bool says(const scene_desk::effects& fx, std::string_view what) {
  return text(fx).find(what) != std::string::npos;
}

} // namespace

BOOST_FIXTURE_TEST_SUITE(scene_desk_suite, fixture)

BOOST_AUTO_TEST_CASE(a_bound_code_says_where_to_go_and_is_counted) {
  auto id = fresh();
  auto asked = desk().serve(0, scan(id, "?launch=1047"), 0, 0);
  BOOST_TEST(asked.answers.empty());
  BOOST_REQUIRE(asked.ask.ids.size() == 1u);
  auto fx = desk().resolved(asked.ask, {{bound(id)}, 0}, 0);
  BOOST_TEST(says(fx, "HTTP/1.1 200"));
  BOOST_TEST(
      says(fx, "{\"id\":\"" + id +
                   R"(","path":"pages/house/detail","query":{"id":7},"url":"pages/house/detail?id=7","version":1})"));
  BOOST_REQUIRE(fx.seen.scans.size() == 1u);
  BOOST_TEST((fx.seen.scans[0] == scan_count{id, 1047, 1}));
}

BOOST_AUTO_TEST_CASE(the_second_scan_needs_no_store_and_the_third_may_be_kept_by_the_front_end) {
  auto id = fresh();
  desk().resolved(desk().serve(0, scan(id), 0, 0).ask, {{bound(id)}, 0}, 0);
  auto second = desk().serve(0, scan(id), 0, 0);
  BOOST_TEST(second.ask.ids.empty());
  BOOST_TEST(says(second, "200"));
  BOOST_TEST(second.hot.empty());
  auto third = desk().serve(0, scan(id), 0, 0);
  BOOST_REQUIRE(third.hot.size() == 1u);
  BOOST_TEST(third.hot.at(0).scenes.at(0).id == id);
  BOOST_TEST(third.hot.at(0).scenes.at(0).answer.find("HTTP/1.1 200") == 0u);
}

BOOST_AUTO_TEST_CASE(however_many_wait_the_store_is_asked_once) {
  auto id = fresh();
  auto first = desk().serve(0, scan(id), 0, 0);
  for (int i = 0; i < 99; ++i) BOOST_TEST(desk().serve(1, scan(id), 0, 0).ask.ids.empty());
  BOOST_TEST(desk().waiting() == 100u);
  auto fx = desk().resolved(first.ask, {{bound(id)}, 0}, 0);
  BOOST_TEST(fx.answers.at(0).answers.size() == 1u);
  BOOST_TEST(fx.answers.at(1).answers.size() == 99u);
  BOOST_TEST(desk().waiting() == 0u);
}

BOOST_AUTO_TEST_CASE(a_forged_id_is_unknown_without_asking) {
  auto id = fresh();
  id.back() = id.back() == 'x' ? 'y' : 'x';
  auto fx = desk().serve(0, scan(id), 0, 0);
  BOOST_TEST(fx.ask.ids.empty());
  BOOST_TEST(says(fx, "404"));
  BOOST_TEST(says(fx, "unknown_code"));
}

BOOST_AUTO_TEST_CASE(p6_an_id_of_a_strange_key_is_asked_and_past_the_rate_it_is_503_not_404) {
  cfg.foreign.look_ups.per_s_max = 2;
  for (int i = 0; i < 2; ++i)
    BOOST_TEST(desk().serve(0, scan("zzzzzzzzzzzzzzzzzzz" + std::to_string(i)), 0, 0).ask.ids.size() == 1u);
  auto third = desk().serve(0, scan("zzzzzzzzzzzzzzzzzzz3"), 0, 0);
  BOOST_TEST(third.ask.ids.empty());
  BOOST_TEST(says(third, "503"));
  BOOST_TEST(says(third, "Retry-After: 1"));
  BOOST_TEST(desk().serve(0, scan("zzzzzzzzzzzzzzzzzzz4"), 500, 500).ask.ids.size() == 1u);
}

BOOST_AUTO_TEST_CASE(p6_a_store_that_does_not_answer_is_503_not_404) {
  auto id = fresh();
  auto asked = desk().serve(0, scan(id), 0, 0);
  auto fx = desk().not_resolved(asked.ask, fail(ec::timeout, "slow"), 0);
  BOOST_TEST(says(fx, "503"));
  BOOST_TEST(says(fx, "Retry-After"));
  BOOST_TEST(!desk().store_problem().empty());
  BOOST_TEST(desk().serve(0, scan(id), 0, 0).ask.ids.size() == 1u);
}

BOOST_AUTO_TEST_CASE(p6_unknown_is_never_remembered) {
  auto id = fresh();
  auto stocked = bound(id);
  stocked.state = code_state::stocked;
  BOOST_TEST(says(desk().resolved(desk().serve(0, scan(id), 0, 0).ask, {{}, 0}, 0), "404"));
  BOOST_TEST(says(desk().resolved(desk().serve(0, scan(id), 0, 0).ask, {{stocked}, 0}, 0), "404"));
  auto again = desk().serve(0, scan(id), 0, 0);
  BOOST_REQUIRE(again.ask.ids.size() == 1u);
  BOOST_TEST(says(desk().resolved(again.ask, {{bound(id)}, 0}, 0), "200"));
}

BOOST_AUTO_TEST_CASE(revoked_and_expired_are_told_apart) {
  auto revoked = bound(fresh());
  revoked.state = code_state::revoked;
  BOOST_TEST(says(desk().resolved(desk().serve(0, scan(revoked.id), 0, 0).ask, {{revoked}, 0}, 0), "\"revoked\""));
  auto brief = bound(fresh());
  brief.expires_ms = 1'000;
  BOOST_TEST(says(desk().resolved(desk().serve(0, scan(brief.id), 0, 0).ask, {{brief}, 0}, 999), "200"));
  auto late = desk().serve(0, scan(brief.id), 0, 1'000);
  BOOST_TEST(says(late, "410"));
  BOOST_TEST(says(late, "\"expired\""));
  BOOST_TEST(late.seen.scans.empty());
}

BOOST_AUTO_TEST_CASE(a_change_during_a_look_up_is_not_overwritten_by_it) {
  auto id = fresh();
  auto asked = desk().serve(0, scan(id), 0, 0);
  desk().forget({{id}});
  desk().resolved(asked.ask, {{bound(id)}, 0}, 0);
  BOOST_TEST(desk().serve(0, scan(id), 0, 0).ask.ids.size() == 1u);
}

BOOST_AUTO_TEST_CASE(p7_waiting_is_bounded) {
  cfg.waiting_max = 3;
  for (int i = 0; i < 3; ++i) BOOST_TEST(desk().serve(0, scan(fresh()), 0, 0).answers.empty());
  BOOST_TEST(says(desk().serve(0, scan(fresh()), 0, 0), "503"));
}

BOOST_AUTO_TEST_CASE(a_head_request_has_no_body_and_a_bad_path_is_400) {
  auto id = fresh();
  auto batch = scan(id);
  batch.requests[0].method = http_method::head;
  auto fx = desk().resolved(desk().serve(0, batch, 0, 0).ask, {{bound(id)}, 0}, 0);
  BOOST_TEST(says(fx, "200"));
  BOOST_TEST(!says(fx, "pages/house"));
  BOOST_TEST(says(desk().serve(0, scan("%zz"), 0, 0), "400"));
}

BOOST_AUTO_TEST_CASE(frequent_scenes_survive_a_walk_over_many) {
  scene_cache cache{100};
  for (int i = 0; i < 50; ++i) {
    cache.put(bound("often" + std::to_string(i)), 0);
    cache.find("often" + std::to_string(i));
  }
  for (int i = 0; i < 1'000; ++i) cache.put(bound("once" + std::to_string(i)), 0);
  BOOST_TEST(cache.size() == 100u);
  for (int i = 0; i < 50; ++i) BOOST_TEST(cache.find("often" + std::to_string(i)).found != nullptr);
}

BOOST_AUTO_TEST_CASE(the_cache_keeps_the_newer_version_and_forgets_when_told) {
  scene_cache cache{10};
  cache.put(bound("a", 5), 0);
  cache.put(bound("a", 4), 0);
  BOOST_TEST(cache.find("a").found->version == 5u);
  cache.put(bound("a", 6), 0);
  BOOST_TEST(cache.find("a").found->version == 6u);
  cache.forget("a");
  BOOST_TEST(cache.find("a").found == nullptr);
  BOOST_TEST(cache.size() == 0u);
}

BOOST_AUTO_TEST_CASE(a_smaller_cache_lets_go_of_what_is_too_much) {
  scene_cache cache{100};
  for (int i = 0; i < 100; ++i) cache.put({std::to_string(i), code_state::bound, 1, "p", "", 0}, 0);
  cache.find("42");
  cache.set_entries_max(10);
  BOOST_TEST(cache.size() == 10u);
  BOOST_TEST(cache.find("42").found != nullptr);
  cache.set_entries_max(20);
  for (int i = 200; i < 300; ++i) cache.put({std::to_string(i), code_state::bound, 1, "p", "", 0}, 0);
  BOOST_TEST(cache.size() == 20u);
}

BOOST_AUTO_TEST_CASE(wechat_gets_its_check_file_at_a_host_of_link_codes_and_nobody_gets_another) {
  cfg.link_prefixes = {"https://q.example.cn/"};
  auto all = std::make_shared<check_files>(check_files{{"q.example.cn/aB3.txt", "0123456789abcdef"}});
  cfg.files = [&] { return all; };
  auto ask = [&](const std::string& target, const std::string& host) {
    http_request request;
    request.target = target;
    request.host = host;
    return desk().serve(0, {{request}}, 0, 0);
  };
  BOOST_TEST(says(ask("/aB3.txt", "q.example.cn"), "\r\n\r\n0123456789abcdef"));
  BOOST_TEST(says(ask("/aB3.txt", "q.example.cn"), "Content-Type: text/plain"));
  BOOST_TEST(says(ask("/other.txt", "q.example.cn"), "HTTP/1.1 404"));
  BOOST_TEST(says(ask("/aB3.txt", "qr.example.com"), "HTTP/1.1 404"));
  all = std::make_shared<check_files>(); // read again
  BOOST_TEST(says(ask("/aB3.txt", "q.example.cn"), "HTTP/1.1 404"));
}

BOOST_AUTO_TEST_CASE(an_id_of_an_imported_key_with_our_character_is_asked_of_the_store) {
  auto elsewhere = mac_keys::from({{'q', secret(std::string(32, 'x')), {}}}).mint(1'800'000'000'000);
  BOOST_TEST(says(desk().serve(0, scan(elsewhere), 0, 0), "unknown_code"));
  desk().ask_store_for("zq");
  desk().ask_store_for("q");
  auto asked = desk().serve(0, scan(elsewhere), 0, 0);
  BOOST_REQUIRE(asked.ask.ids.size() == 1u);
  BOOST_TEST(says(desk().resolved(asked.ask, {{bound(elsewhere)}, 0}, 0), "HTTP/1.1 200"));
}

BOOST_AUTO_TEST_CASE(keys_are_not_copied_for_characters_of_which_the_store_is_asked_already) {
  auto asking = *keys;
  asking.trust_store_for('z');
  keys = std::make_shared<const mac_keys>(std::move(asking));
  desk();
  auto users = keys.use_count();
  for (auto* known : {"", "z", "zz"}) desk().ask_store_for(known);
  BOOST_TEST(keys.use_count() == users);
  desk().ask_store_for("zq");
  BOOST_TEST(keys.use_count() < users);
}

BOOST_AUTO_TEST_CASE(nothing_is_shown_that_was_asked_of_the_store_more_than_30_s_ago) {
  auto id = fresh();
  desk().resolved(desk().serve(0, scan(id), 0, 0).ask, {{bound(id)}, 0}, 0);
  BOOST_TEST(says(desk().serve(0, scan(id), 29'999, 29'999), "HTTP/1.1 200"));
  desk().not_resolved({{id}}, fail(ec::timeout, "the one that was begun by it"), 0);
  desk().resolved({}, {}, 0); // another look-up says that the store is there
  auto old = desk().serve(0, scan(id), 30'000, 30'000);
  BOOST_TEST(old.answers.empty());
  BOOST_REQUIRE(old.ask.ids.size() == 1u);
  auto revoked = bound(id, 2);
  revoked.state = code_state::revoked;
  BOOST_TEST(says(desk().resolved(old.ask, {{revoked}, 0}, 30'000), "410"));
}

BOOST_AUTO_TEST_CASE(a_front_end_keeps_a_scene_no_longer_than_it_is_fresh) {
  auto id = fresh();
  desk().resolved(desk().serve(0, scan(id), 1'000, 900'000).ask, {{bound(id)}, 0}, 900'000);
  desk().serve(0, scan(id), 2'000, 901'000);
  auto hot = desk().serve(0, scan(id), 6'000, 905'000).hot;
  BOOST_REQUIRE(hot.size() == 1u);
  BOOST_TEST(hot.at(0).scenes.at(0).expires_ms == 920'000, "20 s after it was asked: then it is read again");
  auto soon = bound(fresh());
  soon.expires_ms = 906'000;
  desk().resolved(desk().serve(0, scan(soon.id), 1'000, 900'000).ask, {{soon}, 0}, 900'000);
  desk().serve(0, scan(soon.id), 2'000, 901'000);
  BOOST_TEST(desk().serve(0, scan(soon.id), 6'000, 905'000).hot.at(0).scenes.at(0).expires_ms == 906'000);
}

BOOST_AUTO_TEST_CASE(what_is_scanned_all_the_time_is_read_again_before_anybody_has_to_wait) {
  auto id = fresh();
  desk().resolved(desk().serve(0, scan(id), 0, 0).ask, {{bound(id)}, 0}, 0);
  BOOST_TEST(desk().serve(0, scan(id), 19'999, 0).ask.ids.empty());
  auto again = desk().serve(0, scan(id), 20'000, 0);
  BOOST_TEST(says(again, "HTTP/1.1 200"));
  BOOST_TEST(again.hot.empty());
  BOOST_REQUIRE(again.ask.ids.size() == 1u);
  BOOST_TEST(desk().serve(0, scan(id), 20'001, 0).ask.ids.empty(), "once");
  desk().resolved(again.ask, {{bound(id)}, 0}, 0);
  BOOST_TEST(says(desk().serve(0, scan(id), 39'999, 0), "HTTP/1.1 200"));
}

BOOST_AUTO_TEST_CASE(while_the_store_is_away_what_is_in_memory_is_shown_for_an_hour) {
  auto id = fresh();
  desk().resolved(desk().serve(0, scan(id), 0, 0).ask, {{bound(id)}, 0}, 0);
  auto asked = desk().serve(0, scan(id), 60'000, 0);
  BOOST_TEST(asked.answers.empty());
  BOOST_TEST(says(desk().not_resolved(asked.ask, fail(ec::timeout, "slow"), 0), "HTTP/1.1 200"));
  auto known_away = desk().serve(0, scan(id), 62'000, 0);
  BOOST_TEST(says(known_away, "HTTP/1.1 200"), "now nobody waits for it");
  BOOST_TEST(known_away.ask.ids.size() == 1u);
  BOOST_TEST(known_away.hot.empty());
  BOOST_TEST(desk().totals().stale == 2u);
  desk().not_resolved(known_away.ask, fail(ec::timeout, "slow"), 0);
  auto late = desk().serve(0, scan(id), 3'600'000, 0);
  BOOST_TEST(late.answers.empty());
  BOOST_TEST(says(desk().not_resolved(late.ask, fail(ec::timeout, "slow"), 0), "503"));
}

BOOST_AUTO_TEST_CASE(a_flood_of_forged_ids_of_one_client_leaves_imported_codes_to_the_others) {
  auto from = [&](const std::string& peer, const std::string& id, int64_t now) {
    auto batch = scan(id);
    batch.requests[0].peer = peer;
    return desk().serve(0, batch, now, 0);
  };
  auto imported = [](int i) { return fmt::format("z{:019}", i); };
  BOOST_TEST(from("10.0.0.1", imported(0), 0).ask.ids.size() == 1u);
  desk().resolved({{imported(0)}}, {{bound(imported(0))}, 0}, 0);
  size_t asked = 0;
  for (int i = 1; i < 10'000; ++i) asked += from("2001:db8::" + std::to_string(i % 7), imported(i), 0).ask.ids.size();
  BOOST_TEST(asked == 50u);
  BOOST_TEST(from("10.0.0.1", imported(20'000), 0).ask.ids.size() == 1u);
  // One that was found once is free for all, whoever asks and whatever the cache still holds.
  desk().forget({{imported(0)}});
  BOOST_TEST(from("2001:db8::1", imported(0), 0).ask.ids.size() == 1u);
}

BOOST_AUTO_TEST_CASE(clients_that_scan_imported_codes_pay_for_inventions_only) {
  foreign_gate gate{{{100, 10}, 1'000}};
  for (int i = 0; i < 500; ++i) {
    auto id = "id" + std::to_string(i);
    BOOST_TEST(gate.admit(id, "a", 0));
    gate.was_known(id, "a");
  }
  for (int i = 0; i < 10; ++i) BOOST_TEST(gate.admit("x" + std::to_string(i), "a", 0));
  BOOST_TEST(!gate.admit("x10", "a", 0));
  BOOST_TEST(gate.admit("id7", "a", 0), "one that was found once is free");
}

BOOST_AUTO_TEST_SUITE_END()
