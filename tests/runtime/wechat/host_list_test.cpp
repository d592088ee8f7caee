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
  // When it has worked for a while, the next time begins with short pauses again.
  for (uint32_t i = 1; i < breaker_config{}.settled_after; ++i) b.succeeded();
  for (int i = 0; i < 5; ++i) b.failed(now);
  BOOST_TEST(b.wait_for_ms(now) <= 2'000u);
}

BOOST_AUTO_TEST_CASE(one_that_works_for_its_probe_only_is_left_for_longer_each_time) {
  breaker b({}, 7);
  int64_t now = 0;
  for (auto limit : {2'000u, 4'000u, 8'000u, 16'000u}) {
    for (int i = 0; i < 5; ++i) b.failed(now);
    BOOST_TEST(b.wait_for_ms(now) >= limit / 2);
    now += b.wait_for_ms(now);
    b.started(now);
    b.succeeded();
  }
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
    hosts.failed(0, host_failure::unwell, "busy", 0);
  }
  BOOST_TEST(hosts.pick(0).value() == 1u);
  BOOST_TEST(hosts.used(0) == 1u);
  BOOST_TEST((hosts.overall() == breaker::state::closed));
  BOOST_TEST(hosts.wait_for_ms(0) == 0u);
  // When its pause is over, one call tries the first, the others stay where it works.
  BOOST_TEST(hosts.pick(60'000).value() == 0u);
  BOOST_TEST(hosts.pick(60'000).value() == 1u);
  hosts.failed(0, host_failure::unwell, "busy", 60'000);
  BOOST_TEST(hosts.pick(60'001).value() == 1u);
  BOOST_TEST(hosts.pick(120'001).value() == 0u);
  hosts.succeeded(0);
  BOOST_TEST(hosts.pick(120'001).value() == 0u);
  BOOST_TEST(hosts.used(120'001) == 0u);
}

BOOST_AUTO_TEST_CASE(an_unreachable_host_is_left_at_once_and_a_broken_one_after_two_failures_in_a_row) {
  host_list hosts({"https://a", "https://b"}, {}, 1);
  hosts.failed(0, host_failure::broken, "reset", 0);
  BOOST_TEST(hosts.used(0) == 0u);
  hosts.succeeded(0);
  hosts.succeeded(0);
  hosts.failed(0, host_failure::broken, "reset", 0);
  BOOST_TEST(hosts.used(0) == 0u); // not in a row
  hosts.failed(0, host_failure::broken, "reset", 0);
  BOOST_TEST(hosts.used(0) == 1u);
  host_list others({"https://a", "https://b"}, {}, 1);
  others.failed(0, host_failure::unreachable, "refused", 0);
  BOOST_TEST(others.used(0) == 1u);
}

BOOST_AUTO_TEST_CASE(a_host_that_breaks_every_second_call_is_left) {
  host_list hosts({"https://a", "https://b"}, {}, 1);
  for (int i = 0; i < 3; ++i) {
    BOOST_TEST(hosts.used(0) == 0u);
    hosts.failed(0, host_failure::broken, "reset", 0);
    hosts.succeeded(0);
  }
  BOOST_TEST(hosts.used(0) == 1u);
  BOOST_TEST(hosts.wait_for_ms(0) == 0u);
}

BOOST_AUTO_TEST_CASE(the_last_host_is_not_left_for_one_refusal) {
  host_list one({"https://a"}, {}, 1);
  for (int i = 0; i < 4; ++i) {
    one.failed(0, host_failure::unreachable, "refused", 0);
    BOOST_TEST(one.pick(0).has_value());
  }
  one.failed(0, host_failure::unreachable, "refused", 0);
  BOOST_TEST(!one.pick(0));
}

BOOST_AUTO_TEST_CASE(the_only_host_is_left_by_no_single_failure_and_brought_back_by_any_success) {
  host_list one({"https://a"}, {1, 30'000, 300'000, 1}, 1);
  for (int i = 0; i < 3; ++i) {
    one.failed(one.pick(0).value(), host_failure::unreachable, "refused", 0);
    BOOST_TEST(one.look(0)[0].state == "used");
    one.succeeded(0);
  }
  for (int i = 0; i < 2; ++i) one.failed(0, host_failure::unwell, "busy", 0);
  BOOST_TEST(one.look(0)[0].state == "left");
  one.succeeded(0); // of a call that was made all the same
  BOOST_TEST(one.look(0)[0].state == "used");
}

BOOST_AUTO_TEST_CASE(of_the_calls_that_were_under_way_none_brings_a_host_back_while_another_works) {
  host_list hosts({"https://a", "https://b"}, {}, 1);
  hosts.failed(0, host_failure::unreachable, "refused", 0);
  hosts.succeeded(0);
  BOOST_TEST(hosts.pick(0).value() == 1u);
}

BOOST_AUTO_TEST_CASE(words_say_which_host_is_used_why_the_other_is_left_and_when_it_is_tried_again) {
  host_list hosts({"https://a", "https://b"}, {}, 1);
  BOOST_TEST(hosts.words(0).empty());
  hosts.failed(0, host_failure::unreachable, "connection refused", 0);
  auto words = hosts.words(0);
  BOOST_TEST(words.starts_with("Calls to WeChat go to https://b, since https://a fails (connection refused) and is "
                               "tried again in "));
  auto seen = hosts.look(0);
  BOOST_TEST(seen[0].state == "left");
  BOOST_TEST(seen[0].why == "connection refused");
  BOOST_TEST(seen[0].next_try_ms > 0u);
  BOOST_TEST(seen[1].state == "used");
  BOOST_TEST(hosts.pick(60'000).value() == 0u);
  BOOST_TEST(hosts.look(60'000)[0].state == "probed");
  BOOST_TEST(hosts.words(60'000).find("being tried") != std::string::npos);
  hosts.succeeded(0);
  BOOST_TEST(hosts.words(60'000).empty());
  BOOST_TEST(hosts.look(60'000)[1].state == "spare");
}

BOOST_AUTO_TEST_CASE(only_what_never_left_this_machine_was_surely_unheard) {
  auto how = [](int32_t curl, bool written) {
    http_outcome out;
    out.curl = curl;
    out.any_byte_written = written;
    return out;
  };
  for (auto curl : {6, 7, 35, 60}) {
    BOOST_TEST(surely_unheard(how(curl, false)), curl);
    BOOST_TEST((failure_of(how(curl, false)) == host_failure::unreachable), curl);
  }
  BOOST_TEST(surely_unheard(how(28, false))); // no connection in time
  BOOST_TEST((failure_of(how(28, false)) == host_failure::broken));
  for (auto curl : {28, 52, 55, 56, 65}) {
    BOOST_TEST(!surely_unheard(how(curl, true)), curl);
    BOOST_TEST((failure_of(how(curl, true)) == host_failure::broken), curl);
  }
  BOOST_TEST(!surely_unheard(how(-1, false))); // the engine did not try
  BOOST_TEST(!surely_unheard(how(42, false))); // the engine gave it up
  BOOST_TEST(!surely_unheard(how(0, true)));
  BOOST_TEST((failure_of(how(0, true)) == host_failure::unwell));
}

BOOST_AUTO_TEST_CASE(when_all_fail_there_is_none_until_the_first_pause_is_over) {
  host_list hosts({"https://a", "https://b"}, {}, 1);
  for (size_t host : {0u, 1u})
    for (int i = 0; i < 5; ++i) hosts.failed(host, host_failure::unwell, "busy", 0);
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
  hosts.failed(*hosts.pick(0), host_failure::unwell, "busy", 0);
  BOOST_TEST(hosts.healthy().value_or(9) == 1u);
  auto probe = hosts.pick(60'000);
  BOOST_TEST(probe.value_or(9) == 0u);
  BOOST_TEST(hosts.healthy().value_or(9) == 1u);
  hosts.failed(*hosts.pick(60'000), host_failure::unwell, "busy", 60'000);
  BOOST_TEST(hosts.healthy().value_or(9) == 1u); // the last one
  hosts.failed(*hosts.pick(60'000), host_failure::unwell, "busy", 60'000);
  BOOST_TEST(!hosts.healthy());
  hosts.succeeded(0);
  BOOST_TEST(hosts.healthy().value_or(9) == 0u);
}

BOOST_AUTO_TEST_SUITE_END()
