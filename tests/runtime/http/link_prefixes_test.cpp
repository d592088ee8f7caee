#include "runtime/http/link_prefixes.hpp"

#include <boost/test/unit_test.hpp>

using namespace qrwell::http;

namespace {

const link_prefixes all{{"https://q.example.cn/", "https://q.example.cn/a/b/",
                         "https://Old.example.cn/s?x=1&c=", "http://127.0.0.1:8080/"}};

std::string id(std::string_view host, std::string_view target) {
  return std::string(all.id_behind(host, target).value_or("none"));
}

std::string file(std::string_view host, std::string_view target) {
  return all.file_behind(host, target).value_or("none");
}

} // namespace

BOOST_AUTO_TEST_SUITE(link_prefix_list)

BOOST_AUTO_TEST_CASE(an_id_stands_behind_its_prefix_and_only_there) {
  BOOST_TEST(id("q.example.cn", "/abc") == "abc");
  BOOST_TEST(id("Q.Example.CN:443", "/abc?from=x") == "abc");
  BOOST_TEST(id("q.example.cn:80", "/a/b/abc") == "abc");
  BOOST_TEST(id("127.0.0.1:8080", "/abc") == "abc");
  for (auto* target : {"/", "/?abc", "/x/abc", "/a/b/", "/a/b/c/d", "/A/b/abc"})
    BOOST_TEST(id("q.example.cn", target) == "none", target);
  BOOST_TEST(id("example.cn", "/abc") == "none");
  BOOST_TEST(id("q.example.cn.evil.com", "/abc") == "none");
  BOOST_TEST(id("127.0.0.1", "/abc") == "none", "another port is another host");
  BOOST_TEST(id("", "/abc") == "none");
}

BOOST_AUTO_TEST_CASE(a_prefix_with_a_query_has_the_id_as_its_last_value) {
  BOOST_TEST(id("old.example.cn", "/s?x=1&c=abc") == "abc");
  BOOST_TEST(id("old.example.cn", "/s?x=1&c=abc&more=y") == "abc");
  BOOST_TEST(id("old.example.cn", "/s?c=abc") == "none");
  BOOST_TEST(id("old.example.cn", "/s?x=1&c=") == "none");
}

BOOST_AUTO_TEST_CASE(a_check_file_stands_in_the_last_directory_of_a_prefix) {
  BOOST_TEST(file("Q.example.cn", "/aB3_-x.txt") == "q.example.cn/aB3_-x.txt");
  BOOST_TEST(file("q.example.cn", "/a/b/x.txt?y") == "q.example.cn/a/b/x.txt");
  BOOST_TEST(file("old.example.cn", "/x.txt") == "old.example.cn/x.txt");
  for (auto* target : {"/.txt", "/x.txt/", "/a/x.txt", "/a/b/../x.txt", "/..%2fx.txt", "/x%00.txt", "/x.y.txt",
                       "/x.TXT", "/a/b/c/x.txt", "/x", "x.txt"})
    BOOST_TEST(file("q.example.cn", target) == "none", target);
  BOOST_TEST(file("other.cn", "/x.txt") == "none");
  BOOST_TEST(check_file_folder("https://Old.example.cn/s?x=1/&c=") == "old.example.cn/");
  BOOST_TEST(check_file_folder("https://q.example.cn/a/b/") == "q.example.cn/a/b/");
}

BOOST_AUTO_TEST_CASE(without_prefixes_nothing_is_behind_them) {
  BOOST_TEST(!link_prefixes{}.holds("q.example.cn", "/abc"));
  BOOST_TEST(all.holds("q.example.cn", "/abc"));
  BOOST_TEST(all.holds("old.example.cn", "/x.txt"));
}

BOOST_AUTO_TEST_SUITE_END()
