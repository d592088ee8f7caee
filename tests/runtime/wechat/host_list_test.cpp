#include "runtime/wechat/host_list.hpp"

#include "messages/errors.hpp"

#include <boost/test/unit_test.hpp>

#include <set>

using namespace qrwell;
using namespace qrwell::wechat;

BOOST_AUTO_TEST_SUITE(breakers_and_hosts)

BOOST_AUTO_TEST_CASE(a_breaker_opens_after_five_failures_in_a_row_only) {
  breaker b({}, 1);
  for (int i = 0; i < 4; ++i) b.failed(0);
  b.succeeded();
  for (int i = 0; i < 4; ++i) b.failed(0);
  BOOST_TEST((b.now() == breaker::state::closed));
  BOOST_TEST(b.may_call(0));
  b.failed(0);
  BOOST_TEST((b.now() == breaker::state::open));
  BOOST_TEST(!b.may_call(0));
}

BOOST_AUTO_TEST_CASE(an_open_breaker_lets_one_probe_through_and_waits_longer_each_time) {
  breaker b({}, 7);
  int64_t now = 1'000'000;
  for (int i = 0; i < 5; ++i) b.failed(now);
  // Twice min times 2^(n-1), at most a minute; never less than half of it.
  for (auto limit : {2'000u, 4'000u, 8'000u, 16'000u, 32'000u, 60'000u, 60'000u, 60'000u}) {
    auto wait = b.wait_for_ms(now);
    BOOST_TEST(wait >= limit / 2);
    BOOST_TEST(wait <= limit);
    BOOST_TEST(!b.may_call(now + wait - 1));
    now += wait;
    BOOST_TEST(b.may_call(now));
    b.started(now);
    BOOST_TEST((b.now() == breaker::state::half_open));
    BOOST_TEST(!b.may_call(now)); // one probe only
    b.failed(now);
  }
  now += b.wait_for_ms(now);
  b.started(now);
  b.succeeded();
  BOOST_TEST((b.now() == breaker::state::closed));
  // And the next time it begins with short pauses again.
  for (int i = 0; i < 5; ++i) b.failed(now);
  BOOST_TEST(b.wait_for_ms(now) <= 2'000u);
}

BOOST_AUTO_TEST_CASE(calls_begun_before_it_opened_do_not_lengthen_the_pause) {
  breaker b({}, 3);
  for (int i = 0; i < 5; ++i) b.failed(0);
  auto wait = b.wait_for_ms(0);
  for (int i = 0; i < 60; ++i) b.failed(500);
  BOOST_TEST(b.wait_for_ms(0) == wait);
}

BOOST_AUTO_TEST_CASE(a_probe_that_says_nothing_leaves_room_for_the_next) {
  breaker b({}, 3);
  for (int i = 0; i < 5; ++i) b.failed(0);
  b.started(60'000);
  b.abandoned();
  BOOST_TEST(b.may_call(60'000));
}

BOOST_AUTO_TEST_CASE(pauses_are_spread) {
  std::set<uint32_t> seen;
  for (uint64_t seed = 0; seed < 50; ++seed) {
    std::mt19937_64 random(seed);
    seen.insert(backoff_ms(3, 1'000, 60'000, random));
  }
  BOOST_TEST(seen.size() > 40u);
  BOOST_TEST(*seen.begin() >= 4'000u);
  BOOST_TEST(*seen.rbegin() <= 8'000u);
}

BOOST_AUTO_TEST_CASE(the_next_host_takes_over_and_the_first_comes_back) {
  host_list hosts({"https://a", "https://b"}, {}, 1);
  for (int i = 0; i < 5; ++i) {
    BOOST_TEST(hosts.pick(0).value() == 0u);
    hosts.failed(0, 0);
  }
  BOOST_TEST(hosts.pick(0).value() == 1u);
  BOOST_TEST(hosts.preferred(0) == "https://b");
  BOOST_TEST((hosts.overall() == breaker::state::closed));
  BOOST_TEST(hosts.wait_for_ms(0) == 0u);
  // When its pause is over, one call tries the first, the others stay where it works.
  BOOST_TEST(hosts.pick(60'000).value() == 0u);
  BOOST_TEST(hosts.pick(60'000).value() == 1u);
  hosts.failed(0, 60'000);
  BOOST_TEST(hosts.pick(60'001).value() == 1u);
  BOOST_TEST(hosts.pick(120'001).value() == 0u);
  hosts.succeeded(0);
  BOOST_TEST(hosts.pick(120'001).value() == 0u);
  BOOST_TEST(hosts.preferred(120'001) == "https://a");
}

BOOST_AUTO_TEST_CASE(when_all_fail_there_is_none_until_the_first_pause_is_over) {
  host_list hosts({"https://a", "https://b"}, {}, 1);
  for (size_t host : {0u, 1u})
    for (int i = 0; i < 5; ++i) hosts.failed(host, 0);
  BOOST_TEST(!hosts.pick(0));
  BOOST_TEST((hosts.overall() == breaker::state::open));
  auto wait = hosts.wait_for_ms(0);
  BOOST_TEST(wait > 0u);
  BOOST_TEST(hosts.pick(wait).has_value());
  BOOST_TEST((hosts.overall() == breaker::state::half_open));
}

BOOST_AUTO_TEST_CASE(addresses_are_https_or_this_machine) {
  for (auto* good : {"https://api.weixin.qq.com", "https://api2.weixin.qq.com:443", "http://127.0.0.1:8999",
                     "http://127.9.9.9", "http://localhost:80", "http://[::1]:9000"})
    BOOST_TEST(!validate_host(good), good);
  for (auto* bad : {"", "api.weixin.qq.com", "http://api.weixin.qq.com", "http://10.0.0.1", "http://127.0.0.1.evil.com",
                    "http://localhost.evil.com", "http://0.0.0.0:1", "ftp://127.0.0.1", "https://", "https://h/",
                    "https://h/path", "https://h?q=1", "https://h#f", "https://user:pw@h", "https://h:99999",
                    "https://h:0", "https://h:", "https://h ", "http://[::2]:1"}) {
    auto err = validate_host(bad);
    BOOST_TEST((code_of(err) == ec::invalid_config), bad);
  }
  BOOST_TEST(render(validate_host("https://u:PASSWORD@h")).find("PASSWORD") == std::string::npos);
  BOOST_TEST(!!validate_hosts({}));
  BOOST_TEST(!!validate_hosts(std::vector<std::string>(9, "https://h")));
}

BOOST_AUTO_TEST_CASE(the_healthy_one_does_not_waver_while_a_failing_one_is_tried) {
  host_list hosts({"https://a", "https://b"}, {1, 1'000, 1'000}, 1);
  BOOST_TEST(hosts.healthy().value_or(9) == 0u);
  hosts.failed(*hosts.pick(0), 0);
  BOOST_TEST(hosts.healthy().value_or(9) == 1u);
  auto probe = hosts.pick(60'000);
  BOOST_TEST(probe.value_or(9) == 0u);
  BOOST_TEST(hosts.healthy().value_or(9) == 1u);
  hosts.failed(*hosts.pick(60'000), 60'000);
  BOOST_TEST(!hosts.healthy());
  hosts.succeeded(0);
  BOOST_TEST(hosts.healthy().value_or(9) == 0u);
}

BOOST_AUTO_TEST_SUITE_END()
