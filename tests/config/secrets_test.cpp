#include "tests/config/files.hpp"

#include "config/expand.hpp"

#include <boost/test/unit_test.hpp>

#include <cstdlib>
#include <sys/stat.h>

using namespace qrwell;
using namespace qrwell::test;

namespace {

std::string with_secret(const std::string& line) {
  return "apps:\n  - name: homes\n    appid: wx0123456789abcdef\n    " + line +
         "\npools:\n  - { name: p, app: homes, page: p }\n";
}

} // namespace

BOOST_AUTO_TEST_SUITE(secrets)

BOOST_AUTO_TEST_CASE(the_environment_is_put_in) {
  ::setenv("QRWELL_TEST_A", "one", 1);
  BOOST_TEST(*config::expand("${QRWELL_TEST_A}/x/${QRWELL_TEST_A}") == "one/x/one");
  BOOST_TEST(*config::expand("no $ variable, $5") == "no $ variable, $5");
  BOOST_TEST(*config::expand("$${QRWELL_TEST_A}") == "${QRWELL_TEST_A}");
  BOOST_TEST(!config::expand("${QRWELL_TEST_UNSET}"));
  BOOST_TEST(!config::expand("${QRWELL_TEST_A"));
  BOOST_TEST(!config::expand("${a b}"));
  auto read = parse_settings(with_secret("secret: ${QRWELL_TEST_A}"), "q.yaml");
  BOOST_REQUIRE(read);
  BOOST_TEST(read->apps[0].secret.reveal() == "one");
  BOOST_TEST(read->warnings.empty());
  BOOST_TEST(has(problems_of(with_secret("secret: ${QRWELL_TEST_UNSET}")),
                 "q.yaml:4: apps[0].secret: the environment variable QRWELL_TEST_UNSET is not set"));
}

BOOST_AUTO_TEST_CASE(a_secret_in_the_file_itself_is_remarked) {
  auto read = parse_settings(with_secret("secret: 0123abcd"), "q.yaml");
  BOOST_REQUIRE(read);
  BOOST_TEST_REQUIRE(read->warnings.size() == 1u);
  BOOST_TEST(has(read->warnings[0], "q.yaml:4: apps[0].secret: "));
  BOOST_TEST(!has(read->warnings[0], "0123abcd"));
}

BOOST_AUTO_TEST_CASE(a_secret_file_is_read_without_its_line_end) {
  temp_dir dir;
  auto file = dir / "secret";
  for (auto& text : {"0123abcd", "0123abcd\n", "0123abcd\r\n"}) {
    write_all(file, text);
    ::chmod(file.c_str(), 0600);
    auto read = parse_settings(with_secret("secret_file: " + file), "q.yaml");
    BOOST_REQUIRE(read);
    BOOST_TEST(read->apps[0].secret.reveal() == "0123abcd");
    BOOST_TEST(read->warnings.empty());
  }
  ::chmod(file.c_str(), 0644);
  auto read = parse_settings(with_secret("secret_file: " + file), "q.yaml");
  BOOST_REQUIRE(read);
  BOOST_TEST_REQUIRE(read->warnings.size() == 1u);
  BOOST_TEST(has(read->warnings[0], "chmod o-r"));
}

BOOST_AUTO_TEST_CASE(a_secret_file_that_cannot_be_one_is_refused) {
  temp_dir dir;
  auto at = [&](const std::string& name) { return problems_of(with_secret("secret_file: " + (dir / name))); };
  BOOST_TEST(has(at("missing"), "q.yaml:4: apps[0].secret_file: cannot read"));
  write_all(dir / "empty", "\n");
  BOOST_TEST(has(at("empty"), "is empty"));
  write_all(dir / "large", std::string(5'000, 'x'));
  BOOST_TEST(has(at("large"), "larger than 4096 bytes"));
  write_all(dir / "two", "one\ntwo\n");
  BOOST_TEST(has(at("two"), "invisible characters"));
  BOOST_TEST(!has(at("two"), "one"));
  BOOST_TEST(has(problems_of(with_secret("secret_file: " + dir.path())), "no regular file"));
  ::mkfifo((dir / "pipe").c_str(), 0600);
  BOOST_TEST(has(at("pipe"), "no regular file")); // and the loader did not wait for a writer
  BOOST_TEST(has(problems_of(with_secret("secret: x\n    secret_file: y")), "secret is given as well"));
}

BOOST_AUTO_TEST_CASE(no_error_shows_a_secret) {
  // Whoever mixes up the two lines must not find the secret in the journal.
  auto swapped =
      problems_of("apps:\n  - name: homes\n    appid: 0123456789abcdef0123456789abcdef\n    secret: \"a b\"\n"
                  "pools:\n  - { name: p, app: homes, page: p }\n");
  BOOST_TEST(has(swapped, "apps[0].appid"));
  BOOST_TEST(!has(swapped, "0123456789abcdef0123456789abcdef"));
  BOOST_TEST(!has(swapped, "a b"));
}

BOOST_AUTO_TEST_SUITE_END()
