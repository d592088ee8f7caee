#include "runtime/logging/line.hpp"

#include <boost/json.hpp>
#include <boost/test/unit_test.hpp>

#include <limits>

using namespace qrwell;
using namespace qrwell::log;

namespace {

// 2026-01-02T03:04:05.678Z
constexpr int64_t moment = 1'767'323'045'678;

boost::json::object parsed(std::initializer_list<field> fields, std::string_view message = "m") {
  auto text = to_json({moment, level::info, message, {}, {fields.begin(), fields.size()}});
  BOOST_TEST(text.find('\n') == std::string::npos);
  return boost::json::parse(text).as_object();
}

template <class T>
concept can_be_logged = requires(T x) {
  field("key", x);
};

// Promise P8, kept by the compiler.
static_assert(!can_be_logged<secret>);
static_assert(!can_be_logged<secret&>);
static_assert(!can_be_logged<const secret&>);
static_assert(!loggable<secret>);
static_assert(can_be_logged<std::string> && can_be_logged<const char*> && can_be_logged<int> && can_be_logged<double>);

} // namespace

BOOST_AUTO_TEST_SUITE(line)

BOOST_AUTO_TEST_CASE(a_line_has_its_parts_in_order) {
  std::array<field, 2> origin{field{"actor", "pool_stocker"}, field{"pool", "default"}};
  std::array<field, 5> fields{field{"request_id", "r1"}, field{"count", 3u}, field{"delta", -2}, field{"ok", true},
                              field{"rate", 0.5}};
  BOOST_TEST(
      to_json({moment, level::warn, "filled", origin, fields}) ==
      R"({"ts":"2026-01-02T03:04:05.678Z","level":"warn","msg":"filled","actor":"pool_stocker","pool":"default",)"
      R"("request_id":"r1","count":3,"delta":-2,"ok":true,"rate":0.5})");
  BOOST_TEST(
      to_text({moment, level::warn, "filled", origin, fields}, false) ==
      "03:04:05.678 warn  filled actor=pool_stocker pool=default request_id=r1 count=3 delta=-2 ok=true rate=0.5");
  BOOST_TEST(to_text({moment, level::error, "x", {}, {}}, true) == "03:04:05.678 \x1b[31merror\x1b[0m x");
}

BOOST_AUTO_TEST_CASE(no_value_breaks_the_line_or_the_json) {
  std::string nasty = "a\"b\\c\nd\re\tf\x01g\x7fh\x1b[31m";
  nasty += '\0';
  BOOST_TEST(parsed({{"v", nasty}}).at("v").as_string() == nasty);
  BOOST_TEST(parsed({{nasty, 1}}).contains(nasty));
  BOOST_TEST(parsed({}, nasty).at("msg").as_string() == nasty);
  BOOST_TEST(parsed({{"v", "\xff\xc0\xaf ok \xe4\xb8"}}).at("v").as_string() ==
             "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd ok \xef\xbf\xbd\xef\xbf\xbd");
  BOOST_TEST(parsed({{"v", "中文 and 🎉"}}).at("v").as_string() == "中文 and 🎉");
  BOOST_TEST(parsed({{"v", std::numeric_limits<double>::quiet_NaN()}}).at("v").is_null());
  BOOST_TEST(parsed({{"v", UINT64_MAX}}).at("v").as_uint64() == UINT64_MAX);
  BOOST_TEST(parsed({{"v", INT64_MIN}}).at("v").as_int64() == INT64_MIN);
}

BOOST_AUTO_TEST_CASE(text_for_people_cannot_forge_a_line_or_steer_the_terminal) {
  std::array<field, 3> fields{field{"a", "x\ny"}, field{"b", "\x1b[2J\xc2\x9b"}, field{"c", "k=v"}};
  auto text = to_text({moment, level::info, "m\nforged", {}, fields}, false);
  BOOST_TEST(text == R"(03:04:05.678 info  m\nforged a="x\ny" b="\u001b[2J\u009b" c="k=v")");
}

BOOST_AUTO_TEST_CASE(a_value_is_cut_at_its_limit_and_between_characters) {
  std::string text(field::value_bytes_max - 1, 'x');
  text += "中中";
  auto shown = std::string(parsed({{"v", text}}).at("v").as_string());
  BOOST_TEST(shown.size() == field::value_bytes_max - 1 + 3);
  BOOST_TEST(shown.ends_with("x..."));
}

BOOST_AUTO_TEST_CASE(levels_have_names) {
  for (auto x : {level::trace, level::debug, level::info, level::warn, level::error})
    BOOST_CHECK(to_level(to_string(x)) == x);
  BOOST_CHECK(to_level("nonsense") == level::info);
}

BOOST_AUTO_TEST_SUITE_END()
