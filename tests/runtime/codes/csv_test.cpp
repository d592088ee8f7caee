#include "runtime/codes/csv.hpp"

#include <boost/test/unit_test.hpp>

using namespace qrwell;

namespace {

std::vector<csv_record> all(std::string_view text) {
  csv_reader reader(text);
  std::vector<csv_record> out;
  for (;;) {
    auto record = reader.next();
    BOOST_REQUIRE(record);
    if (!*record) return out;
    out.push_back(std::move(**record));
  }
}

using fields = std::vector<std::string>;

} // namespace

BOOST_AUTO_TEST_SUITE(csv_suite)

BOOST_AUTO_TEST_CASE(fields_records_and_their_lines) {
  auto got = all("a,b,c\r\n1,,3\n\r\n\"x, \"\"y\"\"\r\nz\",\"\",end");
  BOOST_REQUIRE(got.size() == 3u);
  BOOST_TEST((got[0].fields == fields{"a", "b", "c"}));
  BOOST_TEST((got[1].fields == fields{"1", "", "3"}));
  BOOST_TEST(got[1].line == 2u);
  BOOST_TEST((got[2].fields == fields{"x, \"y\"\r\nz", "", "end"}));
  BOOST_TEST(got[2].line == 4u);
  BOOST_TEST(all("").empty());
  BOOST_TEST((all("\xef\xbb\xbfid,path\n")[0].fields == fields{"id", "path"}));
  BOOST_TEST((all("a,")[0].fields == fields{"a", ""}));
}

BOOST_AUTO_TEST_CASE(what_is_written_is_read_again) {
  for (const std::string field : {"", "plain", "a,b", "say \"so\"", "two\r\nlines", " spaces ", "{\"a\":\"b,c\"}"}) {
    std::string text;
    append_csv_field(text, field);
    text += ',';
    append_csv_field(text, field);
    text += "\r\nnext\r\n";
    auto got = all(text);
    BOOST_REQUIRE(got.size() == 2u);
    BOOST_TEST((got[0].fields == fields{field, field}), field);
  }
}

BOOST_AUTO_TEST_CASE(a_wrong_quote_costs_its_own_record_alone) {
  for (const auto* bad : {"a\"b,c", "\"a\"b,c"}) {
    auto text = "h\n" + std::string(bad) + "\nlast\n";
    csv_reader reader(text);
    BOOST_TEST((*reader.next())->fields[0] == "h");
    auto refused = reader.next();
    BOOST_REQUIRE(!refused);
    BOOST_TEST((code_of(refused.error()) == ec::invalid_request));
    BOOST_TEST(reader.line() == 2u);
    BOOST_TEST((*reader.next())->fields[0] == "last");
  }
  csv_reader reader("\"never closed,\n x");
  BOOST_TEST(!reader.next());
  auto end = reader.next();
  BOOST_REQUIRE(end);
  BOOST_TEST(!end->has_value());
}

BOOST_AUTO_TEST_SUITE_END()
