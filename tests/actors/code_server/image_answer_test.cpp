#include "actors/code_server/image_answer.hpp"

#include <boost/test/unit_test.hpp>

using namespace qrwell;

namespace {

code_view some_code() {
  code_view code;
  code.id = "aXYZ0123456789abcdef";
  code.image_format = "jpeg";
  code.image_sha.fill(0xAB);
  return code;
}

std::string answer_to(const http_request& request) {
  http::answer_writer out;
  add_image(out, request, some_code(), bytes{'0', '1', '2', '3', '4', '5', '6', '7', '8', '9'});
  return out.take().arena;
}

std::string ranged(const std::string& range, const std::string& if_range = "") {
  http_request request;
  request.range = range;
  request.if_range = if_range;
  return answer_to(request);
}

bool has(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

} // namespace

BOOST_AUTO_TEST_SUITE(image_answer)

BOOST_AUTO_TEST_CASE(the_whole_image_may_be_kept_for_ever) {
  auto text = answer_to({});
  BOOST_TEST(has(text, "HTTP/1.1 200"));
  BOOST_TEST(has(text, "Content-Type: image/jpeg"));
  BOOST_TEST(has(text, "immutable"));
  BOOST_TEST(has(text, "ETag: \"abababababababab"));
  BOOST_TEST(has(text, "\r\n\r\n0123456789"));
}

BOOST_AUTO_TEST_CASE(ranges_of_rfc_9110) {
  BOOST_TEST(has(ranged("bytes=2-4"), "\r\n\r\n234"));
  BOOST_TEST(has(ranged("bytes=2-4"), "Content-Range: bytes 2-4/10"));
  BOOST_TEST(has(ranged("bytes=2-4"), "206"));
  BOOST_TEST(has(ranged("bytes=7-"), "\r\n\r\n789"));
  BOOST_TEST(has(ranged("bytes=-3"), "\r\n\r\n789"));
  BOOST_TEST(has(ranged("bytes=-30"), "Content-Range: bytes 0-9/10"));
  BOOST_TEST(has(ranged("bytes=5-500"), "Content-Range: bytes 5-9/10"));
  BOOST_TEST(has(ranged("bytes=0-0"), "Content-Range: bytes 0-0/10"));
  BOOST_TEST(has(ranged("bytes=9-9"), "\r\n\r\n9"));
  BOOST_TEST(has(ranged("bytes=0-9"), "206"));
  BOOST_TEST(has(ranged("Bytes=2-4"), "206")); // names of units ignore case
  BOOST_TEST(has(ranged("bytes=5-99999999999999999999"), "Content-Range: bytes 5-9/10"));
  BOOST_TEST(has(ranged("bytes=-99999999999999999999"), "Content-Range: bytes 0-9/10"));
}

BOOST_AUTO_TEST_CASE(what_cannot_be_satisfied_is_416_and_what_is_no_range_is_the_whole) {
  for (auto* outside : {"bytes=10-", "bytes=10-20", "bytes=-0", "bytes=99999999999999999999-"}) {
    BOOST_TEST(has(ranged(outside), "HTTP/1.1 416"), outside);
    BOOST_TEST(has(ranged(outside), "\r\nContent-Range: bytes */10\r\n"), outside);
    BOOST_TEST(has(ranged(outside), "range_not_satisfiable"), outside);
  }
  for (auto* odd : {"bytes=4-2", "bytes=a-b", "bytes=", "bytes=-", "bytes", "=", "lines=1-2", "bytes=0-1,3-4",
                    "bytes=+1-2", "bytes=1--2", "bytes=0x1-2", "bytes=1.0-2", "bytes=1 -2", "bytes 1-2", "byte=1-2"})
    BOOST_TEST(has(ranged(odd), "HTTP/1.1 200"), odd);
}

BOOST_AUTO_TEST_CASE(if_range_with_anything_but_the_very_tag_gives_the_whole) {
  auto tag = image_tag(some_code());
  BOOST_TEST(has(ranged("bytes=2-4", tag), "HTTP/1.1 206"));
  BOOST_TEST(has(ranged("bytes=10-", tag), "HTTP/1.1 416"));
  for (const auto& other : {std::string("\"x\""), "W/" + tag, std::string("Sun, 06 Nov 1994 08:49:37 GMT"),
                            std::string("*"), tag + ", \"x\"", tag.substr(1)})
    for (auto* range : {"bytes=2-4", "bytes=10-"}) {
      auto text = ranged(range, other);
      BOOST_TEST(has(text, "HTTP/1.1 200"), other);
      BOOST_TEST(has(text, "\r\n\r\n0123456789"), other);
      BOOST_TEST(!has(text, "Content-Range"), other);
    }
  // Without a Range there is nothing to decide.
  BOOST_TEST(has(ranged("", "\"x\""), "HTTP/1.1 200"));
}

BOOST_AUTO_TEST_CASE(a_client_that_has_it_gets_304_without_a_body) {
  auto tag = image_tag(some_code());
  for (const auto& known : {tag, "W/" + tag, "\"x\", " + tag, std::string("*")}) {
    http_request request;
    request.if_none_match = known;
    auto text = answer_to(request);
    BOOST_TEST(has(text, "HTTP/1.1 304"), known);
    BOOST_TEST(!has(text, "0123456789"));
  }
  http_request other;
  other.if_none_match = "\"x\"";
  BOOST_TEST(has(answer_to(other), "HTTP/1.1 200"));
}

BOOST_AUTO_TEST_CASE(head_tells_the_length_and_sends_nothing) {
  http_request request;
  request.method = http_method::head;
  request.range = "bytes=1-2";
  auto text = answer_to(request);
  BOOST_TEST(has(text, "HTTP/1.1 200"));
  BOOST_TEST(has(text, "Content-Length: 10"));
  BOOST_TEST(!has(text, "0123456789"));
}

BOOST_AUTO_TEST_SUITE_END()
