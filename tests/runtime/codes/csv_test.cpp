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
  BOOST_TEST((*reader.next())->fields[0] == " x");
  auto end = reader.next();
  BOOST_REQUIRE(end);
  BOOST_TEST(!end->has_value());
}

BOOST_AUTO_TEST_CASE(a_quote_opens_at_the_start_of_a_field_only) {
  for (std::string_view bad : {"pa\"ge,1\n", "a,b\"\n", "\"a\" ,b\n", "\"a\"\rb\n", "a\"\"b\n"}) {
    auto found = first_csv_record(bad, true);
    BOOST_REQUIRE(found);
    BOOST_TEST(!found->wrong.empty(), bad);
  }
  BOOST_TEST(first_csv_record("\"a\"\"b\",c\n", true)->wrong.empty());
}

BOOST_AUTO_TEST_CASE(after_a_record_that_is_none_the_next_line_is_read) {
  // The open quote of the first line is closed by that of the third.
  csv_reader reader("a,\"b,c\n1,2,3\nx,\"y\",z\n\"p\nq\",r,s\n");
  BOOST_TEST(!reader.next());
  BOOST_TEST(reader.line() == 1u);
  BOOST_TEST(((*reader.next())->fields == fields{"1", "2", "3"}));
  BOOST_TEST(((*reader.next())->fields == fields{"x", "y", "z"}));
  BOOST_TEST(((*reader.next())->fields == fields{"p\nq", "r", "s"}));
  BOOST_TEST(reader.line() == 4u);
  reader.back_to_second_line();
  BOOST_TEST(!reader.next());
  BOOST_TEST(reader.line() == 5u);
}

BOOST_AUTO_TEST_CASE(a_record_has_a_longest_size) {
  auto text = "\"" + std::string(csv_record_bytes_max, '\n') + "\"\nlast\n";
  auto found = first_csv_record(text, true);
  BOOST_REQUIRE(found);
  BOOST_TEST(found->wrong.find("64 KiB") != std::string_view::npos);
  BOOST_TEST(found->end == 2u);
  BOOST_TEST(!first_csv_record("a,b", false).has_value());
  BOOST_TEST(first_csv_record("a,b", true)->end == 3u);
  BOOST_TEST(first_csv_record("\r\n", false)->end == 2u);
}

BOOST_AUTO_TEST_SUITE_END()
