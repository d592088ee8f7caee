#include "runtime/http/target.hpp"

#include "runtime/http/routes.hpp"
#include "runtime/http/utf8.hpp"

#include <boost/test/unit_test.hpp>

using namespace qrwell;
using namespace qrwell::http;

namespace {

using segments = std::vector<std::string>;

segments path_of(std::string_view text) {
  return parse_target(text)->segments;
}

std::string verdict(listener_kind listener, http_method method, std::string_view path) {
  auto r = find_route(listener, method, path);
  if (r.what == route::verdict::found) return std::string(to_string(r.cls));
  return r.what == route::verdict::unknown_path ? "404" : "405 " + r.allow;
}

} // namespace

BOOST_AUTO_TEST_SUITE(target_suite)

BOOST_AUTO_TEST_CASE(paths_are_split_and_decoded) {
  BOOST_TEST(path_of("/v1/codes/abc/image?width=3") == (segments{"v1", "codes", "abc", "image"}));
  BOOST_TEST(path_of("/").empty());
  BOOST_TEST(path_of("/?a=b").empty());
  BOOST_TEST(path_of("/a/") == (segments{"a", ""}));
  BOOST_TEST(path_of("//a") == (segments{"", "a"}));
  BOOST_TEST(path_of("/a%2Fb/%e4%b8%ad+") == (segments{"a/b", "\xe4\xb8\xad+"}));
}

BOOST_AUTO_TEST_CASE(parameters_are_decoded_and_the_first_counts) {
  auto t = *parse_target("/v1/scenes?q=https%3A%2F%2Fq.cn%2Fx%3Fa%3D1&tag=a+b&tag=c&flag&&empty=&=v&eq=a=b");
  BOOST_TEST(*t.param("q") == "https://q.cn/x?a=1");
  BOOST_TEST(*t.param("tag") == "a b");
  BOOST_TEST(*t.param("flag") == "");
  BOOST_TEST(*t.param("empty") == "");
  BOOST_TEST(*t.param("eq") == "a=b");
  BOOST_TEST(!t.param("none"));
  BOOST_TEST(t.params.size() == 7u);
}

BOOST_AUTO_TEST_CASE(what_could_mean_something_else_downstream_is_refused) {
  for (auto text :
       {"",        "v1",         "*",        "/%", "/%4", "/%zz",    "/a?b=%f",   "/%00",   "/a?b=%00", "/%ff",
        "/%c0%af", "/%ed%a0%80", "/a?%ff=1", "/.", "/..", "/a/../b", "/%2e%2e/b", "/a/%2e", "/a#b",     "/a?b#c"})
    BOOST_TEST(!parse_target(text), "accepted: " << text);
  std::string many = "/a?";
  for (int i = 0; i < 64; ++i) many += "p=1&";
  BOOST_TEST(!!parse_target(many));
  BOOST_TEST(!parse_target(many + "p=1"));
  std::string deep;
  for (int i = 0; i < 32; ++i) deep += "/a";
  BOOST_TEST(!!parse_target(deep));
  BOOST_TEST(!parse_target(deep + "/a"));
}

BOOST_AUTO_TEST_CASE(utf8_is_checked_by_the_letter) {
  BOOST_TEST(is_utf8("a\xc2\x80\xe0\xa0\x80\xf0\x90\x80\x80\xf4\x8f\xbf\xbf"));
  for (auto bad : {"\x80", "\xc0\x80", "\xc1\xbf", "\xe0\x9f\xbf", "\xed\xa0\x80", "\xf0\x8f\xbf\xbf",
                   "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xe4\xb8", "\xff"})
    BOOST_TEST(!is_utf8(bad));
  BOOST_TEST(to_utf8("a\xff\xe4\xb8") == "a\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd");
}

BOOST_AUTO_TEST_CASE(every_call_of_the_open_listener_has_its_class) {
  auto open = [](http_method m, std::string_view path) { return verdict(listener_kind::open, m, path); };
  using enum http_method;
  BOOST_TEST(open(post, "/v1/codes") == "issue");
  BOOST_TEST(open(get, "/v1/codes") == "bulk");
  BOOST_TEST(open(head, "/v1/stats") == "bulk");
  BOOST_TEST(open(del, "/v1/codes") == "405 GET, HEAD, POST, OPTIONS", "all classes' methods");
  BOOST_TEST(open(get, "/v1/codes/x") == "code");
  BOOST_TEST(open(head, "/v1/codes/x/image") == "code");
  BOOST_TEST(open(get, "/v1/scenes/x") == "scan");
  BOOST_TEST(open(head, "/v1/scenes/x") == "scan");
  for (auto path : {"/v1/pools", "/v1/pools/p", "/v1/apps", "/v1/nodes", "/v1/actors", "/openapi.json"})
    BOOST_TEST(open(get, path) == "admin");
  for (auto path : {"/v1/pools/p/pause", "/v1/pools/p/resume", "/v1/pools/p/fill", "/v1/apps/a/token/refresh"}) {
    BOOST_TEST(open(post, path) == "admin");
    BOOST_TEST(open(get, path) == "405 POST, OPTIONS");
  }
  BOOST_TEST(open(del, "/v1/scenes/x") == "405 GET, HEAD, OPTIONS");
  BOOST_TEST(open(put, "/v1/codes").substr(0, 3) == "405");
  BOOST_TEST(open(options, "/v1/codes/x").substr(0, 3) == "405");
  for (auto path : {"/",
                    "/v1",
                    "/v1/",
                    "/v1/codes/",
                    "/v1/codes//image",
                    "/v1/codes/x/",
                    "/v1/codes/x/image/",
                    "/v1/codesx",
                    "/v1/scenes/",
                    "/v1/scenes/x/y",
                    "/V1/codes",
                    "/v1/%63odes",
                    "",
                    "/metrics",
                    "/healthz",
                    "/v1/keys",
                    "/v1/keys/k",
                    "/v1/keys/k/rotate",
                    "/v1/audit",
                    "/v1/status",
                    "/v1/verify"})
    BOOST_TEST(open(get, path) == "404", path);
}

BOOST_AUTO_TEST_CASE(the_operators_listener_has_more) {
  auto admin = [](http_method m, std::string_view path) { return verdict(listener_kind::admin, m, path); };
  using enum http_method;
  BOOST_TEST(admin(post, "/v1/codes") == "issue");
  BOOST_TEST(admin(get, "/v1/keys") == "admin");
  BOOST_TEST(admin(post, "/v1/keys") == "admin");
  BOOST_TEST(admin(del, "/v1/keys/k") == "admin");
  BOOST_TEST(admin(get, "/v1/keys/k") == "405 DELETE, OPTIONS");
  BOOST_TEST(admin(post, "/v1/keys/k/rotate") == "admin");
  BOOST_TEST(admin(get, "/v1/audit") == "admin");
  BOOST_TEST(admin(post, "/v1/verify") == "admin");
  for (auto path : {"/", "/healthz", "/readyz", "/version", "/metrics", "/v1/status"})
    BOOST_TEST(admin(get, path) == "admin");
}

BOOST_AUTO_TEST_CASE(letters_that_are_escaped_without_need_are_written_plainly) {
  BOOST_TEST(plain_target("/v1/%63odes/a%2Db%7e%5F%2e?x=%63") == "/v1/codes/a-b~_.?x=%63");
  for (auto kept : {"/a%2Fb", "/a%20b", "/%e4%BD", "/%", "/%6", "/%zz", "/a?%61", "", "/%6?1"})
    BOOST_TEST(plain_target(kept) == kept, kept);
  BOOST_TEST(plain_target("/%%61") == "/%a");
  BOOST_TEST(plain_target("/%2561") == "/%2561"); // never twice
}

BOOST_AUTO_TEST_SUITE_END()
