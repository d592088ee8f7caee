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

std::string ranged(const std::string& range) {
  http_request request;
  request.range = range;
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
}

BOOST_AUTO_TEST_CASE(what_cannot_be_satisfied_is_416_and_what_is_no_range_is_the_whole) {
  BOOST_TEST(has(ranged("bytes=10-"), "HTTP/1.1 416"));
  BOOST_TEST(has(ranged("bytes=-0"), "HTTP/1.1 416"));
  for (auto* odd :
       {"bytes=4-2", "bytes=a-b", "bytes=", "bytes=-", "lines=1-2", "bytes=0-1,3-4", "bytes=99999999999999999999-"})
    BOOST_TEST(has(ranged(odd), "HTTP/1.1 200"), odd);
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
