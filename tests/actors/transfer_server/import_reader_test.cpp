#include "actors/transfer_server/import_reader.hpp"

#include "runtime/codes/csv.hpp"

#include <boost/test/unit_test.hpp>

using namespace qrwell;

namespace {

const std::string header(transfer_header);

std::string row(const std::string& id, const std::string& path = "pages/a") {
  return id + ",bound,default,shop," + path + ",,,2026-11-21T00:00:00.000Z,,1,wxacode\r\n";
}

struct outcome {
  std::vector<std::string> ids;
  std::vector<uint64_t> lines;
  std::vector<import_fault> faults;
  uint64_t records = 0, bytes = 0, lines_read = 0;
};

outcome read_all(const std::string& rows, size_t piece, size_t slice) {
  import_reader reader(header, 2, {});
  outcome out;
  auto take = [&] {
    while (auto s = reader.next(slice)) {
      for (const auto& r : s->part.rows) {
        out.ids.push_back(r.id);
        out.lines.push_back(r.line);
      }
      out.faults.insert(out.faults.end(), s->part.faults.begin(), s->part.faults.end());
      out.records += s->records;
      out.bytes += s->bytes;
      out.lines_read += s->lines;
    }
  };
  for (size_t at = 0; at < rows.size(); at += piece) {
    reader.feed(std::string_view(rows).substr(at, piece));
    take();
  }
  reader.end();
  take();
  BOOST_TEST(reader.ended());
  return out;
}

} // namespace

BOOST_AUTO_TEST_SUITE(import_reader_suite, *boost::unit_test::timeout(60))

BOOST_AUTO_TEST_CASE(pieces_of_any_size_give_the_same_rows_and_lines) {
  std::string rows =
      row("a1") + "\r\n" + row("a2", "\"pages/\"\"x\"\",y\"") + "bad,row\n" +
      "a3,bound,default,shop,pages/a,\"{\"\"k\"\":\"\"v\r\nw\"\"}\",,2026-11-21T00:00:00.000Z,,1,wxacode\n" +
      row("a4", "pages/\xe6\x88\xbf\xe5\xb1\x8b");
  rows.resize(rows.size() - 2); // the last line has no end
  auto whole = read_all(rows, rows.size(), 500);
  BOOST_TEST(whole.records == 5u);
  BOOST_TEST(whole.bytes == rows.size());
  BOOST_TEST(whole.ids.size() + whole.faults.size() == 5u);
  for (size_t piece : {1, 2, 3, 7, 64})
    for (size_t slice : {1, 2, 500}) {
      auto one = read_all(rows, piece, slice);
      BOOST_TEST(one.ids == whole.ids, boost::test_tools::per_element());
      BOOST_TEST(one.lines == whole.lines, boost::test_tools::per_element());
      BOOST_TEST(one.faults.size() == whole.faults.size());
      for (size_t i = 0; i < one.faults.size(); ++i) BOOST_TEST(one.faults[i].line == whole.faults[i].line);
      BOOST_TEST(one.bytes == rows.size());
    }
}

BOOST_AUTO_TEST_CASE(lines_are_those_of_the_file) {
  auto got = read_all(row("a1") + "\n\n" + row("a2") + "x,y\n" + row("a3"), 1'000, 2);
  BOOST_REQUIRE(got.lines.size() == 3u);
  BOOST_TEST(got.lines[0] == 2u);
  BOOST_TEST(got.lines[1] == 5u);
  BOOST_TEST(got.lines[2] == 7u);
  BOOST_REQUIRE(got.faults.size() == 1u);
  BOOST_TEST(got.faults[0].line == 6u);
}

BOOST_AUTO_TEST_CASE(an_open_quote_costs_one_row) {
  auto rows = row("a1") + "a2,bound,\"default,shop\n";
  for (int i = 0; i < 1'100; ++i) rows += row("b" + std::to_string(i)); // more than a record may have
  rows += "a3,\"bound\n" + row("a4");
  auto got = read_all(rows, 10'000, 50);
  BOOST_TEST(got.ids.size() == 1'102u);
  BOOST_TEST(got.faults.size() == 2u);
  BOOST_TEST(got.records == 1'104u);
  BOOST_TEST(got.bytes == rows.size());
  BOOST_TEST(got.ids.back() == "a4");
  BOOST_TEST(got.lines.back() == 1'105u);
}

BOOST_AUTO_TEST_CASE(a_line_without_end_is_given_up_in_bounded_memory) {
  auto rows = row("a1") + std::string(300'000, 'x') + "\n" + row("a2");
  auto got = read_all(rows, 4'096, 50);
  BOOST_TEST(got.ids.size() == 2u);
  BOOST_TEST(got.lines.back() == 4u);
  BOOST_TEST(got.faults.size() == 1u);
  BOOST_TEST(got.bytes == rows.size());
}

BOOST_AUTO_TEST_CASE(records_end_where_the_reader_says_so) {
  for (std::string text : {"a,b\nc\n", "\"a\nb\",c\r\nd", "a\"\"b,\"c\nd\"\n", "\"a\"x,\"b\nc\"\n", "\r\n\n a\n\n",
                           "\"a\"\"\n\"\"b\"\n,"}) {
    std::vector<uint64_t> by_reader, by_end;
    csv_reader reader(text);
    for (;;) {
      auto one = reader.next();
      if (one && !*one) break;
      by_reader.push_back(reader.line());
    }
    uint64_t line = 1;
    std::string_view rest(text);
    while (!rest.empty()) {
      auto end = csv_record_end(rest, true);
      BOOST_REQUIRE(end);
      auto one = rest.substr(0, *end);
      auto blank = std::min(one.find_first_not_of("\r\n"), one.size());
      if (blank < one.size())
        by_end.push_back(line +
                         static_cast<uint64_t>(std::count(one.begin(), one.begin() + static_cast<long>(blank), '\n')));
      line += static_cast<uint64_t>(std::count(one.begin(), one.end(), '\n'));
      rest.remove_prefix(*end);
    }
    BOOST_TEST_CONTEXT(text) BOOST_TEST(by_end == by_reader, boost::test_tools::per_element());
  }
}

BOOST_AUTO_TEST_CASE(a_header_must_be_whole) {
  BOOST_TEST(read_import_header(header + row("a"), false, {})->bytes == header.size());
  auto marked = read_import_header("\xef\xbb\xbf" + header, true, {});
  BOOST_REQUIRE(marked);
  BOOST_TEST(marked->bytes == header.size() + 3);
  BOOST_TEST(marked->lines == 1u);
  auto bare = header.substr(0, header.size() - 2);
  BOOST_TEST(!!read_import_header(bare, true, {}));
  BOOST_TEST(!read_import_header(bare, false, {}));
  BOOST_TEST(!read_import_header("", true, {}));
  BOOST_TEST(!read_import_header("id,state\nx,y\n", true, {}));
}

BOOST_AUTO_TEST_CASE(a_bad_row_says_where_and_why_and_can_be_mended) {
  BOOST_TEST(bad_rows_header("id,\"a,b\"\n") == "id,\"a,b\",line,column,why\r\n");
  BOOST_TEST(bad_row("id,tags\n", "x,\"a\"\"b\"\n", {7, "tags: must be a JSON array of strings"}) ==
             "x,\"a\"\"b\",7,tags,tags: must be a JSON array of strings\r\n");
  BOOST_TEST(bad_row("id,tags\n", "x\n", {8, "the row has 1 fields, the header line 2"}) ==
             "x,,8,,\"the row has 1 fields, the header line 2\"\r\n");
  BOOST_TEST(bad_row("id,tags\n", "x,\"y\n", {9, "a field's quote is not closed"}) ==
             ",,9,,a field's quote is not closed\r\n");
  BOOST_TEST(bad_row("id,tags\n", "x,y\n", {3, "x is here already and stands for something else (version 1, owner o)"})
                 .find(",3,id,") != std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()
