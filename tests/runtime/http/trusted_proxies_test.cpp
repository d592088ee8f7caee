#include "runtime/http/trusted_proxies.hpp"

#include <boost/test/unit_test.hpp>

using namespace qrwell;
using namespace qrwell::http;

namespace {

trusted_proxies proxies(std::vector<std::string> networks, forwarded_field field = forwarded_field::x_forwarded_for) {
  auto made = trusted_proxies::of(networks, field);
  BOOST_REQUIRE(made);
  return *made;
}

std::string client(const trusted_proxies& all, std::string_view value) {
  auto found = all.client_of("10.0.0.1", value);
  return found.client + (found.malformed ? " malformed" : "");
}

} // namespace

BOOST_AUTO_TEST_SUITE(trusted_proxies_suite)

BOOST_AUTO_TEST_CASE(networks_of_both_families_are_read) {
  for (auto good :
       {"10.0.0.0/8", "192.0.2.7", "0.0.0.0/0", "::1", "2001:db8::/32", "::/0", "::ffff:10.0.0.1", "1.2.3.4/32"})
    BOOST_TEST(is_network(good), good);
  for (auto bad : {"", "10.0.0", "10.0.0.0/33", "::1/129", "10.0.0.0/", "10.0.0.0/-1", "/8", "localhost",
                   "10.0.0.0/8/8", "10.0.0.256", "[::1]", " ::1", "1.2.3.4:80"})
    BOOST_TEST(!is_network(bad), bad);
  auto wrong = trusted_proxies::of({"::1", "proxy"}, forwarded_field::forwarded);
  BOOST_REQUIRE(!wrong);
  BOOST_TEST(sentence_of(wrong.error()).find("\"proxy\"") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(an_address_is_in_a_network_by_its_first_bits) {
  auto all = proxies({"10.0.0.0/9", "192.0.2.7", "2001:db8:8000::/33"});
  for (auto in : {"10.127.255.255", "192.0.2.7", "::ffff:192.0.2.7", "2001:db8:8000::1", "2001:db8:ffff::"})
    BOOST_TEST(all.holds(in), in);
  for (auto out : {"10.128.0.0", "192.0.2.8", "11.0.0.1", "2001:db8:7fff::", "::1", "nothing", ""})
    BOOST_TEST(!all.holds(out), out);
  BOOST_TEST(!proxies({}).holds("10.0.0.1"));
  BOOST_TEST(proxies({"0.0.0.0/0"}).holds("1.2.3.4"));
  BOOST_TEST(!proxies({"0.0.0.0/0"}).holds("::1"));
}

BOOST_AUTO_TEST_CASE(the_rightmost_address_that_is_no_proxy_is_the_client) {
  auto all = proxies({"10.0.0.0/8", "2001:db8::/32"});
  BOOST_TEST(client(all, "198.51.100.7") == "198.51.100.7");
  BOOST_TEST(client(all, "1.1.1.1, 198.51.100.7") == "198.51.100.7"); // the left one is the client's own invention
  BOOST_TEST(client(all, "198.51.100.7, 10.0.0.2,10.0.0.3") == "198.51.100.7");
  BOOST_TEST(client(all, "198.51.100.7 ,\t[2001:db8::2]:443") == "198.51.100.7");
  BOOST_TEST(client(all, "10.0.0.9, 10.0.0.8") == "10.0.0.9"); // all are proxies: the farthest
  BOOST_TEST(client(all, "2001:db9::1") == "2001:db9::1");
  BOOST_TEST(client(all, "[2001:db9::1]:4711") == "2001:db9::1");
  BOOST_TEST(client(all, "198.51.100.7:4711") == "198.51.100.7");
  BOOST_TEST(client(all, "198.51.100.7, ,") == "198.51.100.7");
  BOOST_TEST(client(all, "") == "10.0.0.1");
}

BOOST_AUTO_TEST_CASE(what_is_no_address_is_not_believed_nor_what_stands_left_of_it) {
  auto all = proxies({"10.0.0.0/8"});
  for (auto wrong :
       {"unknown", "1.2.3", "1.2.3.4:", "1.2.3.4:x", "1.2.3.4:123456", "[::1", "[::1]80", "a\"b", "1.2.3.4\r"})
    BOOST_TEST(client(all, std::string("198.51.100.7, ") + wrong) == "10.0.0.1 malformed", wrong);
  BOOST_TEST(client(all, "198.51.100.7, unknown, 10.0.0.2") == "10.0.0.2 malformed");
  BOOST_TEST(client(all, std::string(16'000, ',')) == "10.0.0.1");
}

BOOST_AUTO_TEST_CASE(forwarded_is_read_by_its_own_rules) {
  auto all = proxies({"10.0.0.0/8"}, forwarded_field::forwarded);
  BOOST_TEST(client(all, "for=198.51.100.7") == "198.51.100.7");
  BOOST_TEST(client(all, "For=\"[2001:db8::1]:4711\";proto=https;by=10.0.0.1") == "2001:db8::1");
  BOOST_TEST(client(all, "for=1.1.1.1, proto=https ; FOR=198.51.100.7;host=a, for=10.0.0.3") == "198.51.100.7");
  for (auto wrong : {"for=unknown", "for=_hidden", "for=", "proto=https", "198.51.100.7", "for=1.1.1.1;for=2.2.2.2",
                     "for=\"1.1.1.1"})
    BOOST_TEST(client(all, std::string("for=198.51.100.7, ") + wrong) == "10.0.0.1 malformed", wrong);
}

BOOST_AUTO_TEST_SUITE_END()
