#include "runtime/http/date_line.hpp"

#include <boost/test/unit_test.hpp>

using qrwell::http::date_line;

BOOST_AUTO_TEST_SUITE(date_line_suite)

BOOST_AUTO_TEST_CASE(the_date_is_written_as_rfc_9110_does) {
  date_line line;
  BOOST_TEST(line.text() == "");
  line.set(784'111'777'000);
  BOOST_TEST(line.text() == "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n");
  line.set(784'111'777'999);
  BOOST_TEST(line.text() == "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n");
  line.set(784'111'778'000);
  BOOST_TEST(line.text() == "Date: Sun, 06 Nov 1994 08:49:38 GMT\r\n");
  line.set(1'835'395'199'000);
  BOOST_TEST(line.text() == "Date: Mon, 28 Feb 2028 23:59:59 GMT\r\n");
  line.set(1'835'395'200'000);
  BOOST_TEST(line.text() == "Date: Tue, 29 Feb 2028 00:00:00 GMT\r\n");
}

BOOST_AUTO_TEST_SUITE_END()
