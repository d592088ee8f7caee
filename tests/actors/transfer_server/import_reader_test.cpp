#include "actors/transfer_server/import_reader.hpp"

#include "runtime/codes/csv.hpp"

#include <boost/test/unit_test.hpp>

#include <random>

using namespace qrwell;

namespace {

const std::string header(transfer_header);
constexpr int64_t now = 1'800'000'000'000;

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
  auto head = read_import_header(header, true, {}, now);
  BOOST_REQUIRE(head);
  import_reader reader(head->rows, 2);
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
      "a3,bound,default,shop,pages/a,\"{\"\"k\"\":\r\n\"\"v\"\"}\",,2026-11-21T00:00:00.000Z,,1,wxacode\n" +
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

BOOST_AUTO_TEST_CASE(a_stray_quote_in_the_first_row_costs_no_other_row) {
  for (const std::string bad : {"pages/pa\"ge", "\"pages/page", "\"pages\"/page"}) {
    auto rows = row("a1", bad);
    for (int i = 0; i < 873; ++i)
      rows += "b" + std::to_string(i) +
              ",bound,default,shop,pages/a,\"{\"\"k\"\":\"\"v\"\"}\",,2026-11-21T00:00:00.000Z,,1,wxacode\r\n";
    for (size_t piece : {100, 4'096, 1'000'000}) {
      auto got = read_all(rows, piece, 500);
      BOOST_TEST(got.ids.size() == 873u, bad);
      BOOST_REQUIRE(got.faults.size() == 1u);
      BOOST_TEST(got.faults[0].line == 2u);
      BOOST_TEST(got.records == 874u);
      BOOST_TEST(got.bytes == rows.size());
    }
  }
}

BOOST_AUTO_TEST_CASE(two_stray_quotes_do_not_join_the_rows_between_them) {
  auto open = row("a1", "\"pages/a"), shut = row("a2", "pages/a\"");
  auto got = read_all(open + row("b1") + row("b2") + shut + row("b3"), 1'000, 500);
  BOOST_TEST(got.ids == (std::vector<std::string>{"b1", "b2", "b3"}), boost::test_tools::per_element());
  BOOST_REQUIRE(got.faults.size() == 2u);
  BOOST_TEST(got.faults[0].line == 2u);
  BOOST_TEST(got.faults[1].line == 5u);
}

BOOST_AUTO_TEST_CASE(rows_between_stray_quotes_in_a_column_that_is_not_looked_at_are_imported) {
  auto last = [](std::string text, const char* kind) { return text.replace(text.size() - 9, 7, kind); };
  auto got = read_all(last(row("a1"), "\"wxacode") + row("b1") + row("b2") + last(row("a2"), "wxacode\""), 1'000, 500);
  BOOST_TEST(got.ids == (std::vector<std::string>{"b1", "b2"}), boost::test_tools::per_element());
  BOOST_TEST(got.faults.size() == 2u);
  auto noted = [](const std::string& id, const std::string& note) {
    auto text = row(id);
    return text.insert(text.size() - 2, "," + note);
  };
  std::string wide = header;
  wide.insert(wide.size() - 2, ",note");
  auto part = read_transfer(
      wide + noted("a1", "\"x") + noted("b1", "x") + noted("a2", "x\"") + noted("b2", "\"two\nlines\""), {}, now);
  BOOST_REQUIRE(part);
  BOOST_REQUIRE(part->rows.size() == 2u);
  BOOST_TEST(part->rows[0].id == "b1");
  BOOST_TEST(part->rows[1].id == "b2");
  BOOST_TEST(part->faults.size() == 2u);
}

BOOST_AUTO_TEST_CASE(a_wrong_row_with_line_ends_where_they_may_be_is_one_row) {
  auto rows = "no id,bound,default,shop,pages/a,\"{\"\"k\"\":\n1}\",,2026-11-21T00:00:00.000Z,,1,wxacode\n" + row("a2");
  auto got = read_all(rows, 7, 500);
  BOOST_TEST(got.records == 2u);
  BOOST_TEST(got.faults.size() == 1u);
  BOOST_TEST(got.lines.back() == 4u);
}

// Each line that is a row by itself is imported, and each other has a fault, wherever quotes went astray; a part by a
// call and a file that is read in pieces say the same.
BOOST_AUTO_TEST_CASE(wherever_quotes_went_astray_each_line_is_a_row_or_a_fault) {
  std::mt19937 dice(7);
  for (int round = 0; round < 1'000; ++round) {
    std::vector<std::string> lines;
    for (int i = 0; i < 12; ++i) {
      auto text = row("r" + std::to_string(i), i % 3 ? "pages/a" : "\"pages/\"\"b\"");
      if (i % 4 == 0) text.replace(text.find(",,,"), 3, ",\"{\"\"k\"\":\"\"v\"\"}\",\"[\"\"t\"\"]\",");
      if (dice() % 3 == 0) text.insert(dice() % (text.size() - 1), "\"");
      // Where a quote opens or closes a field, it does most harm.
      std::vector<size_t> ends{text.size() - 2};
      for (size_t at = 0; at < text.size(); ++at)
        if (text[at] == ',') ends.insert(ends.end(), {at, at + 1});
      if (dice() % 3 == 0) text.insert(ends[dice() % ends.size()], "\"");
      lines.push_back(text);
    }
    std::string whole;
    std::vector<std::string> good;
    std::vector<uint64_t> bad;
    for (size_t i = 0; i < lines.size(); ++i) {
      auto alone = read_transfer(header + lines[i], {}, now);
      BOOST_REQUIRE(alone);
      if (alone->rows.empty())
        bad.push_back(i + 2);
      else
        good.push_back(alone->rows[0].id);
      whole += lines[i];
    }
    auto part = read_transfer(header + whole, {}, now);
    BOOST_REQUIRE(part);
    std::vector<std::string> by_call;
    for (const auto& r : part->rows) by_call.push_back(r.id);
    BOOST_TEST_CONTEXT(whole) {
      BOOST_TEST(by_call == good, boost::test_tools::per_element());
      for (size_t piece : {1, 61, 10'000}) {
        auto got = read_all(whole, piece, 5);
        BOOST_TEST(got.ids == good, boost::test_tools::per_element());
        std::vector<uint64_t> told;
        for (const auto& f : got.faults) told.push_back(f.line);
        BOOST_TEST(told == bad, boost::test_tools::per_element());
        BOOST_TEST(got.records == lines.size());
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(a_header_must_be_whole) {
  BOOST_TEST(read_import_header(header + row("a"), false, {}, now)->bytes == header.size());
  auto marked = read_import_header("\xef\xbb\xbf" + header, true, {}, now);
  BOOST_REQUIRE(marked);
  BOOST_TEST(marked->bytes == header.size() + 3);
  BOOST_TEST(marked->lines == 1u);
  auto bare = header.substr(0, header.size() - 2);
  BOOST_TEST(!!read_import_header(bare, true, {}, now));
  BOOST_TEST(!read_import_header(bare, false, {}, now));
  BOOST_TEST(!read_import_header("", true, {}, now));
  BOOST_TEST(!read_import_header("id,state\nx,y\n", true, {}, now));
}

BOOST_AUTO_TEST_CASE(a_bad_row_says_where_and_why_and_can_be_mended) {
  BOOST_TEST(bad_rows_header("id,\"a,b\"\n") == "id,\"a,b\",line,column,why,text\r\n");
  BOOST_TEST(bad_row("id,tags\n", "x,\"a\"\"b\"\n", {7, "tags: must be a JSON array of strings"}) ==
             "x,\"a\"\"b\",7,tags,tags: must be a JSON array of strings,\r\n");
  BOOST_TEST(bad_row("id,tags\n", "x,y\n", {3, "x is here already and stands for something else (version 1, owner o)"})
                 .find(",3,id,") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_bad_line_that_is_no_row_is_written_as_it_came) {
  BOOST_TEST(bad_row("id,tags\n", "x\n", {8, "the row has 1 fields, the header line 2"}) ==
             ",,8,,\"the row has 1 fields, the header line 2\",x\r\n");
  BOOST_TEST(bad_row("id,tags\n", "x,\"y\r\n", {9, "a field's quote is not closed"}) ==
             ",,9,,a field's quote is not closed,\"x,\"\"y\"\r\n");
  BOOST_TEST(bad_row("id\n", "pa\"ge", {9, "why"}) == ",9,,why,\"pa\"\"ge\"\r\n");
}

BOOST_AUTO_TEST_SUITE_END()
