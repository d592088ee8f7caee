#include "runtime/http/json.hpp"

#include <boost/test/unit_test.hpp>

#include <bit>

using namespace qrwell;
using namespace qrwell::http;

namespace {

std::string canonical(std::string_view text) {
  auto v = parse_json(text);
  return v ? canonical_json(*v) : "error: " + render(v.error());
}

std::string number(uint64_t ieee) {
  return canonical_json(boost::json::value(std::bit_cast<double>(ieee)));
}

std::string error_of(std::string_view text) {
  auto v = parse_json(text);
  return v ? "no error" : render(v.error());
}

bool has(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

} // namespace

BOOST_AUTO_TEST_SUITE(json_suite)

BOOST_AUTO_TEST_CASE(numbers_are_written_as_in_appendix_b_of_rfc_8785) {
  BOOST_TEST(number(0x0000000000000000) == "0");
  BOOST_TEST(number(0x8000000000000000) == "0");
  BOOST_TEST(number(0x0000000000000001) == "5e-324");
  BOOST_TEST(number(0x8000000000000001) == "-5e-324");
  BOOST_TEST(number(0x7fefffffffffffff) == "1.7976931348623157e+308");
  BOOST_TEST(number(0xffefffffffffffff) == "-1.7976931348623157e+308");
  BOOST_TEST(number(0x4340000000000000) == "9007199254740992");
  BOOST_TEST(number(0xc340000000000000) == "-9007199254740992");
  BOOST_TEST(number(0x4430000000000000) == "295147905179352830000");
  BOOST_TEST(number(0x44b52d02c7e14af5) == "9.999999999999997e+22");
  BOOST_TEST(number(0x44b52d02c7e14af6) == "1e+23");
  BOOST_TEST(number(0x44b52d02c7e14af7) == "1.0000000000000001e+23");
  BOOST_TEST(number(0x444b1ae4d6e2ef4e) == "999999999999999700000");
  BOOST_TEST(number(0x444b1ae4d6e2ef4f) == "999999999999999900000");
  BOOST_TEST(number(0x444b1ae4d6e2ef50) == "1e+21");
  BOOST_TEST(number(0x3eb0c6f7a0b5ed8c) == "9.999999999999997e-7");
  BOOST_TEST(number(0x3eb0c6f7a0b5ed8d) == "0.000001");
  BOOST_TEST(number(0x41b3de4355555553) == "333333333.3333332");
  BOOST_TEST(number(0x41b3de4355555554) == "333333333.33333325");
  BOOST_TEST(number(0x41b3de4355555555) == "333333333.3333333");
  BOOST_TEST(number(0x41b3de4355555556) == "333333333.3333334");
  BOOST_TEST(number(0x41b3de4355555557) == "333333333.33333343");
  BOOST_TEST(number(0xbecbf647612f3696) == "-0.0000033333333333333333");
  BOOST_TEST(number(0x43143ff3c1cb0959) == "1424953923781206.2");
}

BOOST_AUTO_TEST_CASE(the_samples_of_rfc_8785_come_out_as_printed_there) {
  BOOST_TEST(canonical(R"({"numbers":[333333333.33333329,1E30,4.50,2e-3,0.000000000000000000000000001],)"
                       R"("string":"\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/","literals":[null,true,false]})") ==
             "{\"literals\":[null,true,false],\"numbers\":[333333333.3333333,1e+30,4.5,0.002,1e-27],"
             "\"string\":\"\xe2\x82\xac$\\u000f\\nA'B\\\"\\\\\\\\\\\"/\"}");
  // 3.2.3: sorted by UTF-16 code units: CR, 1, control, o-umlaut, euro, the surrogate pair of the smiley, then U+FB33.
  BOOST_TEST(
      canonical(
          R"({"\u20ac":"Euro Sign","\r":"Carriage Return","\ufb33":"Hebrew Letter Dalet With Dagesh","1":"One",)"
          R"("\ud83d\ude00":"Emoji: Grinning Face","\u0080":"Control","\u00f6":"Latin Small Letter O With Diaeresis"})") ==
      "{\"\\r\":\"Carriage Return\",\"1\":\"One\",\"\xc2\x80\":\"Control\",\"\xc3\xb6\":\"Latin Small Letter O With "
      "Diaeresis\","
      "\"\xe2\x82\xac\":\"Euro Sign\",\"\xf0\x9f\x98\x80\":\"Emoji: Grinning Face\",\"\xef\xac\xb3\":\"Hebrew Letter "
      "Dalet With "
      "Dagesh\"}");
}

BOOST_AUTO_TEST_CASE(different_spellings_of_a_value_have_one_form) {
  BOOST_TEST(canonical(R"({ "b" : 1.0, "a" : [ ] })") == R"({"a":[],"b":1})");
  BOOST_TEST(canonical(R"({"a":[],"b":1e0})") == R"({"a":[],"b":1})");
  BOOST_TEST(canonical("-0") == "0");
  BOOST_TEST(canonical("-0.0") == "0");
  BOOST_TEST(canonical("9007199254740993") == "9007199254740992");
  BOOST_TEST(canonical("18446744073709551615") == "18446744073709552000");
  BOOST_TEST(canonical("1e-400") == "0");
  BOOST_TEST(canonical("{\"a\":\"\\u001f\x7f\"}") == "{\"a\":\"\\u001f\x7f\"}");
  BOOST_TEST(canonical(R"({"aa":1,"a":2,"":3})") == R"({"":3,"a":2,"aa":1})");
}

BOOST_AUTO_TEST_CASE(a_key_that_comes_twice_is_refused_by_name_at_any_depth) {
  BOOST_TEST(has(error_of(R"({"pool":"a","pool":"b"})"), "\"pool\" comes twice"));
  BOOST_TEST(has(error_of(R"({"x":[{"y":{"k":1,"\u006b":2}}]})"), "\"k\" comes twice"));
  BOOST_TEST(has(error_of("{\"x\":{},\n \"x\":{}}"), "line 2"));
  BOOST_TEST(canonical(R"([{"a":1},{"a":2}])") == R"([{"a":1},{"a":2}])");
}

BOOST_AUTO_TEST_CASE(what_is_not_one_json_text_is_refused_with_its_place) {
  for (auto text :
       {"",    " ",     "{",       "{\"a\":}", "[1,]",     "{\"a\":1,}",  "1 2", "{} {}", "nul",    "NaN", "Infinity",
        "'a'", "{a:1}", "// x\n1", "\"\x01\"", "\"\xff\"", "\"\\ud800\"", "01",  "1e400", "-1e999", "+1",  "[1"})
    BOOST_TEST(has(error_of(text), "invalid_request"), "accepted: " << text);
  BOOST_TEST(has(error_of("{\n  \"a\": x\n}"), "line 2, column 8"));
  auto deep = [](size_t n) { return std::string(n, '[') + std::string(n, ']'); };
  BOOST_TEST(error_of(deep(32)) == "no error");
  BOOST_TEST(has(error_of(deep(33)), "invalid_request"));
  BOOST_TEST(has(error_of(deep(100'000)), "invalid_request"));
}

BOOST_AUTO_TEST_CASE(times_go_both_ways) {
  BOOST_TEST(format_time(0) == "");
  BOOST_TEST(format_time(1'767'323'045'678) == "2026-01-02T03:04:05.678Z");
  BOOST_TEST(format_time(1) == "1970-01-01T00:00:00.001Z");
  BOOST_TEST(*parse_time("2026-01-02T03:04:05.678Z") == 1'767'323'045'678);
  BOOST_TEST(*parse_time("2026-01-02T03:04:05Z") == 1'767'323'045'000);
  BOOST_TEST(*parse_time("2026-01-02t11:04:05.6789999+08:00") == 1'767'323'045'678);
  BOOST_TEST(*parse_time("2026-01-01T20:34:05.5-06:30") == 1'767'323'045'500);
  BOOST_TEST(*parse_time("2024-02-29T00:00:00Z") == 1'709'164'800'000);
  BOOST_TEST(*parse_time("2016-12-31T23:59:60Z") == *parse_time("2017-01-01T00:00:00Z"));
  for (int64_t ms = 1; ms < 4'000'000'000'000; ms += 86'399'999'983) BOOST_TEST(*parse_time(format_time(ms)) == ms);
}

BOOST_AUTO_TEST_CASE(what_is_not_a_time_is_refused) {
  for (auto text : {"", "2026", "2026-01-02", "2026-01-02 03:04:05Z", "2026-1-2T03:04:05Z", "2026-02-29T00:00:00Z",
                    "2026-13-01T00:00:00Z", "2026-01-00T00:00:00Z", "2026-01-02T24:00:00Z", "2026-01-02T03:60:00Z",
                    "2026-01-02T03:04:61Z", "2026-01-02T03:04:05", "2026-01-02T03:04:05.Z", "2026-01-02T03:04:05+8",
                    "2026-01-02T03:04:05+24:00", "2026-01-02T03:04:05Zx", "1970-01-01T00:00:00Z",
                    "1969-12-31T23:59:59Z", "0000-01-01T00:00:00Z"})
    BOOST_TEST(!parse_time(text), "accepted: " << text);
}

BOOST_AUTO_TEST_CASE(text_for_people_keeps_order_and_writes_plain_numbers) {
  boost::json::object o{{"z", 133.0}, {"a", 0.1}, {"big", UINT64_MAX}, {"least", INT64_MIN}, {"half", 160.7}};
  o["nested"] = {{"y", boost::json::array{1, "two\n", nullptr, true}}, {"b", 1e21}};
  BOOST_TEST(json_text(o) == "{\"z\":133,\"a\":0.1,\"big\":18446744073709551615,\"least\":-9223372036854775808,"
                             "\"half\":160.7,\"nested\":{\"y\":[1,\"two\\n\",null,true],\"b\":1e+21}}");
  BOOST_TEST(json_text(std::numeric_limits<double>::infinity()) == "null");
  for (auto text : {R"({"b":[],"a":{"d":1.5,"c":"x"}})", "0", "\"\"", "[1,-2,3.25]"})
    BOOST_TEST(json_text(*parse_json(text)) == text);
}

BOOST_AUTO_TEST_SUITE_END()
