#include "actors/batch_server/batch_desk.hpp"

#include "runtime/http/json.hpp"

#include <boost/test/unit_test.hpp>

#include <set>

using namespace qrwell;

namespace {

constexpr int64_t wall = 1'800'000'000'000;

struct desk_fixture {
  batch_server_config cfg;
  std::optional<batch_desk> made;
  int64_t now = 1'000;

  desk_fixture() { cfg.items_per_s_max = 0; }

  batch_desk& d() {
    if (!made) made.emplace(cfg);
    return *made;
  }
  static std::vector<read_item> items(size_t n, const std::string& path = "pages/") {
    std::vector<read_item> out(n);
    for (size_t i = 0; i < n; ++i) out[i].asked.path = path + std::to_string(i);
    return out;
  }
  void begin(std::vector<read_item> what, uint32_t number = 0, uint32_t key_id = 4) {
    api_key key;
    key.key_id = key_id;
    key.owner = "owner-" + std::to_string(key_id);
    d().begin({0, {9, number}, "r" + std::to_string(number)}, key, std::move(what), now);
  }
  /// All that may be sent now.
  std::vector<issue_item> sent() {
    std::vector<issue_item> out;
    for (auto slice = d().take_slice(now); !slice.items.empty(); slice = d().take_slice(now)) {
      BOOST_TEST(slice.items.size() <= cfg.slice_max);
      out.insert(out.end(), slice.items.begin(), slice.items.end());
    }
    return out;
  }
  void end(const issue_item& item, item_end how = item_end::issued, ec why = ec::none, uint32_t after_ms = 0) {
    issue_results r;
    auto& one = r.results.emplace_back();
    one.ticket = item.ticket;
    one.end = how;
    one.code.id = "id-of-" + item.path;
    one.code.state = code_state::bound;
    one.rung = "stock";
    one.problem = why;
    one.detail = "why";
    one.retry_after_ms = after_ms;
    d().ended(r, now, wall);
  }
  boost::json::array results() {
    auto answers = d().take_answers();
    BOOST_REQUIRE(answers.size() == 1u);
    auto value = http::parse_json(answers[0].body);
    BOOST_REQUIRE(value);
    return value->at("results").as_array();
  }
};

int64_t status_of(const boost::json::value& result) {
  return result.at("status").as_int64();
}

} // namespace

BOOST_FIXTURE_TEST_SUITE(batch_desk_suite, desk_fixture)

BOOST_AUTO_TEST_CASE(results_stand_in_the_order_of_the_items) {
  auto what = items(4);
  what[1].wrong = fail(ec::invalid_request, "path: is missing.");
  begin(what, 7);
  auto out = sent();
  BOOST_REQUIRE(out.size() == 3u);
  BOOST_TEST(out[0].key_id == 4u);
  BOOST_TEST(out[0].request_id == "r7");
  end(out[2], item_end::replayed);
  end(out[1], item_end::refused, ec::out_of_stock, 1'500);
  BOOST_TEST(d().take_answers().empty());
  end(out[0]);
  BOOST_TEST(d().batches() == 0u);
  auto all = results();
  BOOST_REQUIRE(all.size() == 4u);
  BOOST_TEST(status_of(all[0]) == 201);
  BOOST_TEST(all[0].at("code").at("id").as_string() == "id-of-pages/0");
  BOOST_TEST(all[0].at("code").at("rung").as_string() == "stock");
  BOOST_TEST(status_of(all[1]) == 400);
  BOOST_TEST(all[1].at("error").at("detail").as_string() == "path: is missing.");
  BOOST_TEST(status_of(all[2]) == 503);
  BOOST_TEST(all[2].at("error").at("code").as_string() == "out_of_stock");
  BOOST_TEST(all[2].at("retry_after").as_int64() == 2);
  BOOST_TEST(status_of(all[3]) == 200);
  BOOST_TEST(all[3].at("replayed").as_bool());
}

BOOST_AUTO_TEST_CASE(a_batch_of_faults_alone_is_answered_at_once) {
  auto what = items(2);
  for (auto& item : what) item.wrong = fail(ec::invalid_request, "no");
  begin(what);
  BOOST_TEST(sent().empty());
  BOOST_TEST(results().size() == 2u);
}

BOOST_AUTO_TEST_CASE(items_at_the_request_server_are_few_and_batches_take_turns) {
  cfg.items_under_way_max = 8;
  cfg.slice_max = 4;
  begin(items(500, "a"), 1);
  begin(items(500, "b"), 2);
  auto first = sent();
  BOOST_TEST(first.size() == 8u);
  std::map<char, int> of;
  for (auto& item : first) ++of[item.path[0]];
  BOOST_TEST(of['a'] == 4);
  BOOST_TEST(of['b'] == 4);
  end(first[0]);
  BOOST_TEST(sent().size() == 1u);
  BOOST_TEST(d().under_way() == 8u);
}

BOOST_AUTO_TEST_CASE(items_leave_at_a_bounded_rate_however_quick_their_ends_are) {
  cfg.items_under_way_max = 8;
  cfg.items_per_s_max = 1'000;
  begin(items(500));
  auto out = sent();
  BOOST_TEST(out.size() == 8u);
  for (const auto& item : out) end(item);
  BOOST_TEST(sent().empty());
  BOOST_TEST(d().busy());
  now += 5;
  BOOST_TEST(sent().size() == 5u);
  now += 1'000;
  BOOST_TEST(sent().size() == 3u, "room for more there is not");
}

BOOST_AUTO_TEST_CASE(the_later_of_two_items_with_one_key_waits_for_the_earlier) {
  auto what = items(4);
  for (auto i : {0, 2, 3}) what[i].asked.idempotency_key = "k";
  begin(what);
  auto out = sent();
  BOOST_REQUIRE(out.size() == 2u);
  BOOST_TEST(out[0].path == "pages/0");
  BOOST_TEST(out[1].path == "pages/1");
  end(out[0]);
  auto then = sent();
  BOOST_REQUIRE(then.size() == 1u);
  BOOST_TEST(then[0].path == "pages/2");
  end(then[0], item_end::refused, ec::idempotency_reuse);
  then = sent();
  BOOST_REQUIRE(then.size() == 1u);
  end(then[0], item_end::replayed);
  end(out[1]);
  auto all = results();
  BOOST_TEST(status_of(all[2]) == 422);
  BOOST_TEST(status_of(all[3]) == 200);
}

BOOST_AUTO_TEST_CASE(items_past_the_rate_of_their_key_wait_for_it_and_are_429_at_the_end) {
  cfg.deadline_ms = 3'000;
  begin(items(3));
  auto out = sent();
  end(out[0]);
  end(out[1], item_end::later, ec::rate_limited, 1'000);
  end(out[2], item_end::later, ec::rate_limited, 1'000);
  BOOST_TEST(sent().empty());
  now += 1'000;
  auto again = sent();
  BOOST_REQUIRE(again.size() == 2u);
  end(again[0]);
  end(again[1], item_end::later, ec::rate_limited, 1'000);
  now += 999;
  BOOST_TEST(sent().empty());
  d().tick(now);
  BOOST_TEST(d().take_answers().empty());
  now += 1'001;
  d().tick(now);
  auto all = results();
  BOOST_TEST(status_of(all[0]) == 201);
  std::multiset<int64_t> rest{status_of(all[1]), status_of(all[2])};
  BOOST_TEST(rest.count(201) == 1u);
  BOOST_TEST(rest.count(429) == 1u);
}

BOOST_AUTO_TEST_CASE(what_was_not_begun_in_time_is_503_and_what_has_no_end_is_unknown) {
  cfg.deadline_ms = 3'000;
  cfg.item_deadline_ms = 2'000;
  cfg.item_grace_ms = 8'000;
  cfg.items_under_way_max = 1;
  begin(items(2));
  now += 2'000;
  auto out = sent();
  BOOST_REQUIRE(out.size() == 1u);
  BOOST_TEST(out[0].remaining_ms == 1'000u);
  now += 1'000;
  d().tick(now);
  BOOST_TEST(d().take_answers().empty(), "one is under way still");
  now += 8'000;
  d().tick(now);
  auto all = results();
  BOOST_TEST(all[0].at("error").at("code").as_string() == "outcome_unknown");
  BOOST_TEST(all[1].at("error").at("code").as_string() == "timeout");
  BOOST_TEST(d().under_way() == 0u);
  end(out[0]); // too late: nobody is there any more
  BOOST_TEST(d().under_way() == 0u);
}

BOOST_AUTO_TEST_CASE(batches_beyond_the_limit_find_no_room) {
  cfg.batches_max = 2;
  begin(items(1), 1);
  BOOST_TEST(!d().full());
  begin(items(1), 2);
  BOOST_TEST(d().full());
}

BOOST_AUTO_TEST_CASE(the_slow_batches_of_one_owner_leave_places_to_others) {
  api_key slow, other;
  slow.key_id = 4;
  slow.owner = "owner-4";
  other.key_id = 5;
  other.owner = "owner-5";
  for (uint32_t i = 0; i < 4; ++i) {
    BOOST_TEST(!d().check_key(slow, 10).has_value());
    begin(items(10), i, 4);
  }
  auto fifth = d().check_key(slow, 10);
  BOOST_REQUIRE(fifth.has_value());
  BOOST_TEST((fifth->code == ec::rate_limited));
  BOOST_TEST(fifth->retry_after_s > 0u);
  slow.key_id = 6;
  BOOST_TEST(d().check_key(slow, 10).has_value(), "another key of the same owner");
  BOOST_TEST(!d().check_key(other, 10).has_value());
}

BOOST_AUTO_TEST_CASE(what_the_rate_of_a_key_cannot_begin_in_time_is_refused_at_once) {
  api_key slow;
  slow.key_id = 4;
  slow.owner = "owner-4";
  slow.rate_per_s = 2;
  auto never = d().check_key(slow, 500);
  BOOST_REQUIRE(never.has_value());
  BOOST_TEST((never->code == ec::invalid_request));
  BOOST_TEST(never->detail.find("62 items") != std::string::npos, never->detail);
  BOOST_TEST(!d().check_key(slow, 62).has_value());
  begin(items(50), 0, 4);
  BOOST_TEST(!d().check_key(slow, 12).has_value());
  auto later = d().check_key(slow, 22);
  BOOST_REQUIRE(later.has_value());
  BOOST_TEST((later->code == ec::rate_limited));
  BOOST_TEST(later->retry_after_s == 5u);
}

BOOST_AUTO_TEST_SUITE_END()
