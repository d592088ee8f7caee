#include "messages/shared_list.hpp"

#include <boost/test/unit_test.hpp>

#include <string>

using namespace qrwell;

using words = shared_list<std::string>;

BOOST_AUTO_TEST_SUITE(shared_lists)

BOOST_AUTO_TEST_CASE(copies_share_their_elements) {
  words a(std::vector<std::string>{"one", "two"});
  auto b = a;
  BOOST_TEST(a.begin() == b.begin());
  BOOST_TEST((a == b));
  BOOST_TEST(b.size() == 2u);
  BOOST_TEST(b[1] == "two");
}

BOOST_AUTO_TEST_CASE(a_change_is_not_seen_by_those_who_share) {
  words a(std::vector<std::string>{"one"});
  auto b = a;
  b.push_back("two");
  BOOST_TEST(a.size() == 1u);
  BOOST_TEST(b.size() == 2u);
  BOOST_TEST((a != b));
  auto where = b.begin();
  b.edit()[0] = "alone";
  BOOST_TEST(b.begin() == where);
}

BOOST_AUTO_TEST_CASE(what_is_taken_is_moved_only_if_nobody_else_has_it) {
  words a(std::vector<std::string>{"a word that is longer than a string's own bytes"});
  const void* where = a[0].data();
  auto b = a;
  auto copied = b.take();
  BOOST_TEST(static_cast<const void*>(copied[0].data()) != where);
  BOOST_TEST(b.empty());
  BOOST_TEST(a[0] == copied[0]);
  auto moved = a.take();
  BOOST_TEST(static_cast<const void*>(moved[0].data()) == where);
  BOOST_TEST(a.empty());
}

BOOST_AUTO_TEST_CASE(an_empty_one_is_a_list_too) {
  words none;
  BOOST_TEST(none.empty());
  BOOST_TEST((none == words(std::vector<std::string>{})));
  for (const auto& word : none) BOOST_TEST(word == "never");
  BOOST_TEST(none.take().empty());
  none.push_back("x");
  BOOST_TEST(none.size() == 1u);
}

BOOST_AUTO_TEST_SUITE_END()
