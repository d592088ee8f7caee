#include "tests/actors/http_frontend/table_fixture.hpp"

using namespace qrwell;
using namespace qrwell::test;

BOOST_FIXTURE_TEST_SUITE(connection_room_suite, table_fixture)

BOOST_AUTO_TEST_CASE(past_connections_max_the_one_that_is_idle_longest_makes_room) {
  auto& first = open(5);
  now += 100;
  auto& second = open(6);
  now += 100;
  auto& third = open(7);
  later(1'000);
  say(scan("a"), 5); // now 6 is idle longest
  auto got = given();
  BOOST_TEST(table->accepting());
  auto& fourth = open(8);
  BOOST_TEST(second.is_closed);
  BOOST_TEST(!second.aborted);
  BOOST_TEST(!first.is_closed);
  BOOST_TEST(!third.is_closed);
  say(scan("b"), 8);
  BOOST_TEST(given().size() == 1u);
  BOOST_TEST(fourth.taken == "");
  answer(got[0].at, "a");
  BOOST_TEST(bodies(first.taken) == list{"a"});
  BOOST_TEST(table->open() == 3u);
  BOOST_TEST(n.evicted.load() == 1u);
  BOOST_TEST(n.turned_away.load() == 0u);
  BOOST_TEST(n.connections.load() == 3u);
  BOOST_TEST(n.accepted.load() == 4u);
}

BOOST_AUTO_TEST_CASE(who_was_idle_and_is_at_work_again_keeps_its_place) {
  for (int fd = 5; fd < 8; ++fd) open(fd);
  later(1'000);
  open(8); // 5 goes, and 6 and 7 are known as the next
  BOOST_TEST(ports[5].is_closed);
  say(scan("a"), 6);
  open(9);
  BOOST_TEST(!ports[6].is_closed);
  BOOST_TEST(ports[7].is_closed);
  BOOST_TEST(n.evicted.load() == 2u);
}

BOOST_AUTO_TEST_CASE(whose_request_is_in_the_kernel_already_is_not_idle) {
  for (int fd = 5; fd < 8; ++fd) open(fd);
  later(1'000);
  ports[5].unread = true;
  open(8);
  BOOST_TEST(!ports[5].is_closed);
  BOOST_TEST(ports[6].is_closed);
}

BOOST_AUTO_TEST_CASE(with_all_at_work_a_new_client_hears_503_when_it_asks) {
  for (int fd = 5; fd < 8; ++fd) {
    open(fd);
    say(scan("a"), fd);
  }
  auto got = given();
  BOOST_TEST(got.size() == 3u);
  later(1'500);
  BOOST_TEST(table->accepting());
  auto& late = open(8);
  BOOST_TEST(late.reads);
  BOOST_TEST(late.taken == "");
  say(scan("b") + scan("c"), 8);
  BOOST_TEST(has(late.taken, "HTTP/1.1 503"));
  BOOST_TEST(has(late.taken, "\"code\":\"overloaded\""));
  BOOST_TEST(has(late.taken, "Retry-After: 1\r\n"));
  BOOST_TEST(has(late.taken, "Connection: close\r\n"));
  BOOST_TEST(bodies(late.taken).size() == 1u);
  BOOST_TEST(late.finished); // and has time to read it
  BOOST_TEST(!late.is_closed);
  BOOST_TEST(given().empty());
  table->peer_done(8, now, wall);
  BOOST_TEST(late.is_closed);
  auto& head = open(8);
  say("HEAD /v1/scenes/a HTTP/1.1\r\nHost: a\r\n\r\n", 8);
  BOOST_TEST(has(head.taken, "HTTP/1.1 503"));
  BOOST_TEST(head.taken.ends_with("\r\n\r\n"));
  for (const auto& r : got) answer(r.at, "x");
  for (int fd = 5; fd < 8; ++fd) BOOST_TEST(bodies(ports[fd].taken) == list{"x"});
  BOOST_TEST(n.evicted.load() == 0u);
  BOOST_TEST(n.turned_away.load() == 2u);
  BOOST_TEST(table->open() == 4u);
  later(3'000);
  BOOST_TEST(table->open() == 3u);
}

BOOST_AUTO_TEST_CASE(who_was_turned_away_and_says_nothing_is_closed_soon) {
  for (int fd = 5; fd < 8; ++fd) {
    open(fd);
    say(scan("a"), fd);
  }
  auto& late = open(8);
  later(2'000);
  BOOST_TEST(!late.is_closed);
  later(1'000);
  BOOST_TEST(late.is_closed);
  BOOST_TEST(late.taken == "");
}

BOOST_AUTO_TEST_CASE(a_flood_of_clients_that_are_turned_away_is_bounded) {
  limits.turned_away_max = 10;
  make();
  for (int fd = 5; fd < 8; ++fd) {
    open(fd);
    say(scan("a"), fd);
  }
  for (int fd = 100; fd < 200; ++fd) {
    open(fd);
    say(scan("b"), fd);
    BOOST_TEST(has(ports[fd].taken, "HTTP/1.1 503"));
    BOOST_TEST(table->open() <= 13u);
  }
  BOOST_TEST(ports[189].is_closed);
  BOOST_TEST(!ports[190].is_closed);
  BOOST_TEST(n.turned_away.load() == 100u);
  BOOST_TEST(given().size() == 3u);
}

BOOST_AUTO_TEST_CASE(a_client_that_has_just_come_does_not_push_out_another) {
  for (int fd = 5; fd < 8; ++fd) open(fd);
  later(900);
  open(8);
  BOOST_TEST(n.evicted.load() == 0u);
  BOOST_TEST(n.turned_away.load() == 1u);
  later(200);
  open(9);
  BOOST_TEST(n.evicted.load() == 1u);
}

BOOST_AUTO_TEST_CASE(only_who_is_between_two_requests_makes_room) {
  auto& half = open(5);
  say(scan("a").substr(0, 10), 5);
  auto& slow = open(6);
  slow.window = 0;
  say(scan("b"), 6);
  answer(given()[0].at, "b");
  open(7);
  say("nonsense\r\n\r\n", 7); // answered for the last time: it only lingers
  later(1'500);
  open(8);
  BOOST_TEST(!half.is_closed);
  BOOST_TEST(!slow.is_closed);
  BOOST_TEST(ports[7].is_closed);
  later(1'500);
  say(scan("c"), 8);
  open(9);
  BOOST_TEST(n.evicted.load() == 1u);
  BOOST_TEST(n.turned_away.load() == 1u);
}

BOOST_AUTO_TEST_CASE(a_place_that_a_client_leaves_is_free_at_once) {
  for (int fd = 5; fd < 8; ++fd) {
    open(fd);
    say(scan("a"), fd);
  }
  given();
  open(8); // turned away
  table->closed(6);
  open(9);
  say(scan("b"), 9);
  BOOST_TEST(given().size() == 1u);
  BOOST_TEST(n.turned_away.load() == 1u);
}

BOOST_AUTO_TEST_CASE(without_a_descriptor_left_idle_ones_are_closed_some_at_a_time) {
  limits.connections_max = 100;
  make();
  for (int fd = 10; fd < 30; ++fd) open(fd);
  BOOST_TEST(!table->free_descriptors(now)); // they have just come
  later(1'000);
  BOOST_TEST(table->free_descriptors(now));
  BOOST_TEST(table->open() == 4u);
  BOOST_TEST(table->free_descriptors(now));
  BOOST_TEST(table->open() == 0u);
  BOOST_TEST(!table->free_descriptors(now));
  BOOST_TEST(n.evicted.load() == 20u);
}

BOOST_AUTO_TEST_CASE(a_smaller_connections_max_takes_idle_places_when_the_next_client_comes) {
  limits.connections_max = 10;
  make();
  for (int fd = 10; fd < 20; ++fd) open(fd);
  later(1'000);
  limits.connections_max = 4;
  table->set_limits(limits);
  BOOST_TEST(table->open() == 10u);
  open(30);
  BOOST_TEST(table->open() == 4u);
  BOOST_TEST(n.evicted.load() == 7u);
}

BOOST_AUTO_TEST_SUITE_END()
