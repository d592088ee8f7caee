#include "messages/errors.hpp"
#include "messages/register.hpp"

#include <caf/actor_system.hpp>
#include <caf/binary_deserializer.hpp>
#include <caf/binary_serializer.hpp>
#include <caf/deep_to_string.hpp>

#include <boost/test/unit_test.hpp>

using namespace qrwell;

namespace {

// Fills any message with values that are all different, by walking its fields.
struct filler {
  uint64_t next = 1;

  template <class T>
  void fill(T& x) {
    if constexpr (std::is_same_v<T, std::string>) {
      x = "text " + std::to_string(next++);
    } else if constexpr (std::is_same_v<T, secret>) {
      x = secret("secret " + std::to_string(next++));
    } else if constexpr (std::is_same_v<T, bool>) {
      x = true;
    } else if constexpr (std::is_enum_v<T>) {
      x = static_cast<T>(1);
    } else if constexpr (std::is_arithmetic_v<T>) {
      x = static_cast<T>(next++ % 100 + 1);
    } else if constexpr (requires {
                           x.first;
                           x.second;
                         }) {
      fill(x.first);
      fill(x.second);
    } else if constexpr (requires { x.resize(2); }) {
      x.resize(2);
      for (auto& element : x) fill(element);
    } else if constexpr (requires { x.edit(); }) {
      fill(x.edit());
    } else if constexpr (requires { x.fill(uint8_t{}); }) {
      x.fill(static_cast<uint8_t>(next++));
    } else if constexpr (requires { x.fields([](auto&...) {}); }) {
      x.fields([this](auto&... xs) { (fill(xs), ...); });
    }
  }
};

struct system_with_messages {
  struct config : caf::actor_system_config {
    config() { register_messages(*this); }
  };
  config cfg;
  caf::actor_system sys{cfg};
};

template <class T>
void round_trip(caf::actor_system& sys) {
  T sent{};
  filler{}.fill(sent);
  auto packed = caf::make_message(sent);
  std::vector<char> buffer;
  caf::binary_serializer sink{sys, buffer};
  BOOST_REQUIRE(!sink(packed));
  caf::message unpacked;
  caf::binary_deserializer source{sys, buffer};
  BOOST_REQUIRE(!source(unpacked));
  BOOST_REQUIRE(unpacked.match_elements<T>());
  BOOST_TEST((unpacked.get_as<T>(0) == sent));
}

} // namespace

BOOST_FIXTURE_TEST_SUITE(messages, system_with_messages)

#define ROUND_TRIP_CASE(type, wire_name)                                                                               \
  BOOST_AUTO_TEST_CASE(type##_survives_the_wire) {                                                                     \
    round_trip<type>(sys);                                                                                             \
  }
QRWELL_MESSAGES(ROUND_TRIP_CASE)

BOOST_AUTO_TEST_CASE(wire_names_are_unique_and_carry_a_version) {
  std::set<std::string> names;
#define COLLECT(type, wire_name)                                                                                       \
  BOOST_TEST(names.insert(wire_name).second);                                                                          \
  BOOST_TEST(std::string(wire_name) == "qrwell." #type ".v1");
  QRWELL_MESSAGES(COLLECT)
}

BOOST_AUTO_TEST_CASE(no_printer_shows_a_secret) {
  access_token token{secret("sesame"), 3};
  http_request request;
  request.authorization = secret("Bearer qw_shop_sesame");
  http_batch batch{{request}};
  for (const auto& text : {caf::deep_to_string(token), caf::deep_to_string(batch), to_string(caf::make_message(token)),
                           to_string(caf::make_message(batch))})
    BOOST_TEST(text.find("sesame") == std::string::npos, text);
}

BOOST_AUTO_TEST_CASE(an_error_names_its_code_and_sentence) {
  auto err = fail(ec::disk_full, "images: no room in ./data/images");
  BOOST_TEST(render(err) == "disk_full: images: no room in ./data/images");
  BOOST_TEST(sys.render(err) == "disk_full: images: no room in ./data/images");
  BOOST_TEST((code_of(caf::make_error(caf::sec::request_timeout)) == ec::timeout));
  BOOST_TEST(!std::string(to_string(ec::internal)).empty());
}

BOOST_AUTO_TEST_SUITE_END()
