#include "runtime/http/client_shares.hpp"

#include <boost/test/unit_test.hpp>

using namespace qrwell::http;

BOOST_AUTO_TEST_SUITE(client_shares_suite)

BOOST_AUTO_TEST_CASE(one_client_gets_its_share_and_leaves_the_rest_to_others) {
  client_shares all({100, 10});
  int taken = 0;
  for (int i = 0; i < 1'000; ++i) taken += all.take("10.0.0.1", 1, 5'000);
  BOOST_TEST(taken == 10);
  BOOST_TEST(all.take("10.0.0.2", 10, 5'000));
  BOOST_TEST(all.take("10.0.0.1", 5, 5'500), "half a second brings half of it back");
  BOOST_TEST(!all.take("10.0.0.1", 1, 5'500));
  all.give_back("10.0.0.1", 1);
  BOOST_TEST(all.take("10.0.0.1", 1, 5'500));
}

BOOST_AUTO_TEST_CASE(all_together_get_no_more_than_there_is_and_some_of_it_can_be_kept) {
  client_shares all({100, 50});
  BOOST_TEST(all.take("a", 50, 0, 25));
  BOOST_TEST(!all.take("b", 26, 0, 25));
  BOOST_TEST(all.take("b", 50, 0));
  BOOST_TEST(!all.take("c", 1, 0));
}

BOOST_AUTO_TEST_CASE(a_network_of_ipv6_is_one_client) {
  client_shares all({100, 10});
  BOOST_TEST(all.take("2001:db8::1", 10, 0));
  BOOST_TEST(!all.take("2001:db8::ffff:2", 1, 0));
  BOOST_TEST(all.take("2001:db8:0:1::1", 10, 0));
  BOOST_TEST(all.clients() == 2u);
}

BOOST_AUTO_TEST_CASE(past_the_clients_that_are_told_apart_the_others_share_one_share) {
  client_shares all({1'000, 10, 3});
  int taken = 0;
  for (int i = 0; i < 1'000; ++i) taken += all.take(std::to_string(i), 10, 0);
  BOOST_TEST(taken == 4);
  BOOST_TEST(all.clients() == 3u);
  BOOST_TEST(all.take("later", 10, 1'000), "those who were quiet made room");
  BOOST_TEST(all.clients() == 1u);
}

BOOST_AUTO_TEST_SUITE_END()
