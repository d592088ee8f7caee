#define BOOST_TEST_MODULE qrwell
#include <boost/test/unit_test.hpp>
