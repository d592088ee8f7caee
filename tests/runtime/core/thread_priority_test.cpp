#include "runtime/core/thread_priority.hpp"

#include <boost/test/unit_test.hpp>

#include <sys/resource.h>

#include <thread>

using namespace qrwell;

BOOST_AUTO_TEST_SUITE(thread_priority)

BOOST_AUTO_TEST_CASE(a_thread_that_gives_way_takes_no_other_along) {
  auto own = [] { return ::getpriority(PRIO_PROCESS, 0); };
  auto before = own();
  int others = before;
  std::thread([&] {
    give_way();
    others = own();
  }).join();
  BOOST_TEST(others >= 10);
  BOOST_TEST(own() == before);
}

BOOST_AUTO_TEST_SUITE_END()
