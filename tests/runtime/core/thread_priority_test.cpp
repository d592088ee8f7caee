#include "runtime/core/thread_priority.hpp"

#include <boost/test/unit_test.hpp>

#include <sched.h>
#include <sys/resource.h>

#include <thread>

using namespace qrwell;

namespace {

int niceness() {
  return ::getpriority(PRIO_PROCESS, 0);
}

int policy() {
  return ::sched_getscheduler(0);
}

} // namespace

BOOST_AUTO_TEST_SUITE(thread_priority)

BOOST_AUTO_TEST_CASE(a_thread_that_gives_way_takes_no_other_along) {
  auto before = policy();
  int others = before;
  std::thread([&] {
    give_way();
    others = policy();
  }).join();
  BOOST_TEST(others == SCHED_IDLE);
  BOOST_TEST(policy() == before);
}

BOOST_AUTO_TEST_CASE(a_thread_that_steps_back_still_gets_a_share_and_takes_no_other_along) {
  auto before = niceness();
  int others = before;
  std::thread([&] {
    step_back();
    others = niceness();
  }).join();
  BOOST_TEST(others >= 10);
  BOOST_TEST(niceness() == before);
}

BOOST_AUTO_TEST_SUITE_END()
