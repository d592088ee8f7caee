#include "tests/config/files.hpp"

#include <boost/test/unit_test.hpp>

using namespace qrwell;
using namespace qrwell::test;

namespace {

// The one problem of a text must be at this place and say this.
void expect(const std::string& text, const std::string& place, const std::string& what) {
  auto found = problems_of(text);
  BOOST_TEST(found.substr(0, place.size()) == place);
  BOOST_TEST(has(found, what), "expected \"" << what << "\" in: " << found);
  BOOST_TEST(!has(found, "\n"), "one problem expected: " << found);
}

} // namespace

BOOST_AUTO_TEST_SUITE(loader)

BOOST_AUTO_TEST_CASE(a_small_file_loads_with_all_else_at_its_default) {
  auto read = parse_settings(small_config(), "q.yaml");
  BOOST_REQUIRE_MESSAGE(read, problems_of(small_config()));
  BOOST_TEST(read->apps[0].secret.reveal() == "not-for-show");
  BOOST_TEST(read->apps[0].per_minute == 5'000u);
  BOOST_TEST(read->apps[0].live_reserve == 200u);
  BOOST_TEST(read->pools[0].stock.high == 20'000u);
  BOOST_TEST(read->pools[0].stock.reserve == 200u);
  BOOST_TEST(read->http.public_url == "http://127.0.0.1:8080");
  BOOST_TEST(read->store.sqlite == "./data/qrwell.db");
  BOOST_TEST(read->limits.body_bytes_max == 65'536u);
  BOOST_TEST(read->pool("default") == &read->pools[0]);
  BOOST_TEST(read->app("none") == nullptr);
}

BOOST_AUTO_TEST_CASE(every_kind_of_value_is_read) {
  auto text = small_config("    line_color: \"#0a0B0c\"\n"
                           "    hyaline: true\n"
                           "    stock: { low: 100, high: 500, reserve: 10, age_out: 90min }\n"
                           "    windows: [\"daily 00:00-07:00\"]\n"
                           "    on_empty: []\n") +
              "http: { listen: \"[::1]:0\", public_url: \"https://qr.example.com/a\" }\n"
              "node: { data_dir: ./elsewhere }\n"
              "images: { min_free_bytes: 3MiB }\n"
              "limits: { idle_timeout: 1500ms }\n"
              "log: { level: debug }\n";
  auto read = parse_settings(text, "q.yaml");
  BOOST_REQUIRE_MESSAGE(read, problems_of(text));
  BOOST_TEST((read->pools[0].line_color == rgb{10, 11, 12}));
  BOOST_TEST(read->pools[0].hyaline);
  BOOST_TEST(read->pools[0].stock.age_out_ms == 5'400'000u);
  BOOST_TEST(read->pools[0].on_empty.empty());
  BOOST_TEST((read->http.listen == endpoint{"::1", 0}));
  BOOST_TEST(read->images.dir == "./elsewhere/images");
  BOOST_TEST(read->keys.mac_file == "./elsewhere/mac.keys");
  BOOST_TEST(read->images.min_free_bytes == 3u << 20);
  BOOST_TEST(read->limits.idle_timeout_ms == 1'500u);
  BOOST_TEST(read->log.level == "debug");
}

BOOST_AUTO_TEST_CASE(an_unknown_key_names_line_key_and_what_was_meant) {
  expect(small_config("    widht: 430\n"), "q.yaml:9: pools[0].widht: ", "unknown key, did you mean \"width\"?");
  expect(small_config() + "htpp: {}\n", "q.yaml:9: htpp: ", "did you mean \"http\"?");
  expect(small_config() + "http: { body_bytes_max: 1MiB }\n",
         "q.yaml:9: http.body_bytes_max: ", "did you mean \"limits.body_bytes_max\"?");
  expect(small_config() + "http: { zzzzzzzz: 1 }\n", "q.yaml:9: http.zzzzzzzz: ", "unknown key");
}

BOOST_AUTO_TEST_CASE(a_wrong_type_is_refused) {
  expect(small_config("    width: wide\n"),
         "q.yaml:9: pools[0].width: ", "no whole number; allowed: 280 to 1280 pixels");
  expect(small_config("    width: 430.5\n"), "q.yaml:9: ", "no whole number");
  expect(small_config("    width: -430\n"), "q.yaml:9: ", "no whole number");
  expect(small_config("    hyaline: yes\n"), "q.yaml:9: pools[0].hyaline: ", "allowed: true or false");
  expect(small_config("    windows: daily\n"), "q.yaml:9: pools[0].windows: ", "this is no list");
  expect(small_config("    width: [1]\n"), "q.yaml:9: pools[0].width: ", "this is no single value");
  expect(small_config("    stock: 5\n"), "q.yaml:9: pools[0].stock: ", "this holds options");
  expect(small_config("    width:\n"), "q.yaml:9: pools[0].width: ", "has no value");
  expect(small_config() + "limits:\n  body_bytes_max: 65536\n", "q.yaml:10: limits.body_bytes_max: ", "has no unit");
  expect(small_config() + "limits:\n  idle_timeout: 75sec\n",
         "q.yaml:10: limits.idle_timeout: ", "\"sec\" is no unit known here");
  expect(small_config() + "http: { listen: 8080 }\n", "q.yaml:9: http.listen: ", "is not HOST:PORT");
  expect(small_config() + "http: { listen: \"example.com:80\" }\n",
         "q.yaml:9: http.listen: ", "neither an address nor");
  expect(small_config("    line_color: black\n"), "q.yaml:9: pools[0].line_color: ", "allowed: #RRGGBB");
  expect("pools: { a: 1 }\n", "q.yaml:1: pools: ", "this is no list");
  expect("- 1\n", "q.yaml:1: this holds options", "KEY: VALUE");
}

BOOST_AUTO_TEST_CASE(limits_that_contradict_each_other_are_named) {
  expect(small_config() + "limits: { request_deadline: 9s }\n", "q.yaml:9: limits.live_deadline: ", "request_deadline");
  expect(small_config() + "limits: { persister_waiting_max: 200 }\n",
         "q.yaml:9: limits.persister_waiting_max: ", "limits.group_max");
}

BOOST_AUTO_TEST_CASE(a_value_out_of_range_names_the_range) {
  expect(small_config("    width: 279\n"), "q.yaml:9: pools[0].width: ", "out of range; allowed: 280 to 1280 pixels");
  expect(small_config("    width: 1281\n"), "q.yaml:9: ", "out of range");
  expect(small_config("    width: 99999999999999999999\n"), "q.yaml:9: ", "too large");
  expect(small_config() + "limits: { body_bytes_max: 1GiB }\n",
         "q.yaml:9: limits.body_bytes_max: ", "allowed: 4KiB to 4MiB");
  expect(small_config() + "limits: { idle_timeout: 18446744073709551s }\n", "q.yaml:9: ", "too large");
  expect(small_config("    env_version: beta\n"), "q.yaml:9: ", "allowed: one of release, trial, develop");
  expect(small_config("    on_empty: [live, live]\n"), "q.yaml:9: ", "stands here twice");
}

BOOST_AUTO_TEST_CASE(what_is_missing_is_named) {
  expect("apps:\n  - name: a\n    secret: x\npools:\n  - {name: p, app: a, page: p}\n",
         "q.yaml:2: apps[0].appid: ", "is missing; allowed: wx and 16 digits");
  expect("apps:\n  - name: a\n    appid: wx0123456789abcdef\npools:\n  - {name: p, app: a, page: p}\n",
         "q.yaml:2: apps[0]: ", "the AppSecret is missing; allowed: one of secret and secret_file");
  expect(small_config() + "  - name: other\n    app: homes\n", "q.yaml:9: pools[1].page: ", "is missing");
}

BOOST_AUTO_TEST_CASE(duplicates_are_refused) {
  expect(small_config("    width: 430\n    width: 300\n"),
         "q.yaml:10: pools[0].width: ", "given twice, first in line 9");
  expect(small_config() + "  - { name: default, app: homes, page: p }\n",
         "q.yaml:9: pools[1].name: ", "is the name of pools[0] too");
  auto two = std::string("apps:\n  - {name: a, appid: wx0123456789abcdef, secret: x}\n"
                         "  - {name: b, appid: wx0123456789abcdef, secret: x}\n"
                         "pools:\n  - {name: p, app: a, page: p}\n  - {name: q, app: b, page: p}\n");
  expect(two, "q.yaml:3: apps[1].appid: ", "apps[0] has this appid too");
}

BOOST_AUTO_TEST_CASE(values_that_contradict_each_other_are_refused) {
  expect("apps:\n  - {name: homes, appid: wx0123456789abcdef, secret: x}\n"
         "pools:\n  - {name: p, app: homes, page: p}\n  - {name: q, app: hones, page: p}\n",
         "q.yaml:5: pools[1].app: ", "there is no app \"hones\", did you mean \"homes\"?");
  expect(small_config("    stock:\n      low: 10\n      high: 5\n      reserve: 0\n"),
         "q.yaml:10: pools[0].stock.low: ", "10 is more than stock.high, which is 5");
  expect(small_config("    stock: { low: 10, reserve: 11 }\n"),
         "q.yaml:9: pools[0].stock.reserve: ", "11 is more than stock.low");
  expect("apps:\n  - {name: homes, appid: wx0123456789abcdef, secret: x, per_minute: 100, live_reserve: 100}\n"
         "pools:\n  - {name: p, app: homes, page: p}\n",
         "q.yaml:2: apps[0].live_reserve: ", "leaves nothing of 100");
  expect(small_config() + "http: { listen: 127.0.0.1:80, admin_listen: 127.0.0.1:80 }\n",
         "q.yaml:9: http.admin_listen: ", "the same as http.listen");
}

BOOST_AUTO_TEST_CASE(windows_and_time_zones_are_read_before_the_node_starts) {
  expect(small_config("    windows:\n      - \"daily 00:00-07:00\"\n      - \"funday 00:00-07:00\"\n"),
         "q.yaml:11: pools[0].windows[1]: ", "funday");
  expect(small_config("    timezone: Asia/Nowhere\n"), "q.yaml:9: pools[0].timezone: ", "Asia/Nowhere");
}

BOOST_AUTO_TEST_CASE(what_would_be_unsafe_needs_a_word) {
  expect(small_config() + "wechat: { hosts: [\"http://api.weixin.qq.com\"] }\n",
         "q.yaml:9: wechat.hosts: ", "in clear text");
  // A name, though it begins like a loopback address.
  expect(small_config() + "wechat: { hosts: [\"http://127.example.com\"] }\n",
         "q.yaml:9: wechat.hosts: ", "in clear text");
  BOOST_TEST(problems_of(small_config() + "wechat: { hosts: [\"http://127.0.0.1:8099\"] }\n") == "");
  expect(small_config() + "wechat: { hosts: [\"https://api.weixin.qq.com/\"] }\n",
         "q.yaml:9: wechat.hosts: ", "has a path");
  expect(small_config() + "http: { admin_listen: 0.0.0.0:8081 }\n",
         "q.yaml:9: http.admin_listen: ", "http.admin_public: true");
  BOOST_TEST(problems_of(small_config() + "http: { admin_listen: 0.0.0.0:8081, admin_public: true }\n") == "");
  expect(small_config() + "node: { caf_listen: 0.0.0.0:9300 }\n", "q.yaml:9: node.caf_listen: ", "asks nobody");
}

BOOST_AUTO_TEST_CASE(what_this_version_lacks_is_refused_by_name) {
  for (auto& line : {"queue: { kafka: { brokers: \"k1:9092\" } }", "cache: { redis: \"redis://r1:6379/0\" }",
                     "store: { mysql: \"mysql://db/qrwell\" }", "images: { s3: { bucket: b } }", "cluster: { name: x }"})
    expect(small_config() + line + "\n", "q.yaml:9: ", "not available in this version");
  expect(small_config() + "node: { roles: [frontend, request] }\n",
         "q.yaml:9: node.roles: ", "a node without the role stock is not available");
}

BOOST_AUTO_TEST_CASE(link_codes_need_a_prefix_that_a_rule_of_wechat_can_have) {
  auto prefix = [](const std::string& text) { return small_config("    link_prefixes: [\"" + text + "\"]\n"); };
  for (auto* good : {"https://q.example.cn/", "https://q.example.cn/a/b/",
                     "https://q.example.cn/s?x=1&c=", "http://127.0.0.1:8080/q/", "https://q.example.cn:8443/"})
    BOOST_TEST(problems_of(prefix(good)) == "", good);
  for (auto& [bad, why] : std::map<std::string, std::string>{
           {"https://q.example.cn", "ends with neither / nor ="},
           {"https://q.example.cn/a", "ends with neither / nor ="},
           {"https://q.example.cn/c=", "has no query"},
           {"https://q.example.cn/?c=/", "does not end with ="},
           {"http://q.example.cn/", "is not https://"},
           {"ftp://q.example.cn/", "starts with neither"},
           {"//q.example.cn/", "is no URL"},
           {"https://u:p@q.example.cn/", "URL would escape"},
           {"https://q.example.cn/a b/", "URL would escape"},
           {"https://q.example.cn/v1/codes/", "which is the API's"},
           {"https://q.example.cn/a/../", "dot segment"},
           {"https://q.example.cn/" + std::string(200, 'a') + "/", "a prefix of 222 bytes"}})
    expect(prefix(bad), "q.yaml:9: pools[0].link_prefixes: ", why);
  expect(small_config("    on_empty: [live, link]\n"), "q.yaml:9: pools[0].on_empty: ", "without link_prefixes");
  auto both =
      parse_settings(small_config("    on_empty: [live, link]\n"
                                  "    link_prefixes: [\"https://q.example.cn/\", \"https://o.example.cn/\"]\n"),
                     "q.yaml");
  BOOST_REQUIRE(both);
  BOOST_TEST(both->pools[0].link_prefixes.size() == 2u);
}

BOOST_AUTO_TEST_CASE(a_prefix_that_makes_a_large_symbol_is_warned_of) {
  auto warned = [](const std::string& prefixes) {
    auto read = parse_settings(small_config("    link_prefixes: [" + prefixes + "]\n"), "q.yaml");
    BOOST_REQUIRE(read);
    return std::count_if(read->warnings.begin(), read->warnings.end(),
                         [](auto& text) { return has(text, "has 23 bytes: with 22 or fewer"); });
  };
  BOOST_TEST(warned("\"https://qrs.example.cn/\"") == 1);
  BOOST_TEST(warned("\"https://qr.example.cn/\"") == 0);
  BOOST_TEST(warned("\"https://qr.example.cn/\", \"https://qrs.example.cn/\"") == 0, "only the first makes new codes");
}

BOOST_AUTO_TEST_CASE(a_pool_without_stock_has_link_codes_alone) {
  std::string links = "    link_prefixes: [\"https://q.example.cn/\"]\n", none = "    stock: { low: 0, high: 0 }\n";
  BOOST_TEST(problems_of(small_config(links + none + "    on_empty: [link]\n")) == "");
  for (auto* others : {"[live, link]", "[live]", "[]"})
    expect(small_config(links + none + "    on_empty: " + others + "\n"),
           "q.yaml:10: pools[0].stock.high: ", "0 makes a pool of link codes alone");
}

BOOST_AUTO_TEST_CASE(the_folder_of_check_files_must_be_there_and_have_a_place_to_be_served) {
  test::temp_dir dir;
  std::string links = "    link_prefixes: [\"https://q.example.cn/\"]\n",
              folder = "    link_verify_dir: " + dir.path() + "\n";
  BOOST_TEST(problems_of(small_config(links + folder)) == "");
  expect(small_config(folder), "q.yaml:9: pools[0].link_verify_dir: ", "nowhere to serve it");
  expect(small_config(links + "    link_verify_dir: /nonexistent/verify\n"),
         "q.yaml:10: pools[0].link_verify_dir: ", "/nonexistent/verify is no folder");
}

BOOST_AUTO_TEST_CASE(all_problems_are_told_in_the_order_of_lines) {
  auto found = problems_of("node: { name: BAD }\n"
                           "apps:\n"
                           "  - { name: a, appid: wx12, secret: x }\n"
                           "pools:\n"
                           "  - { name: p, app: b, page: /x, width: 1 }\n"
                           "nonsense: 1\n");
  std::vector<std::string> lines;
  std::istringstream in(found);
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  BOOST_TEST_REQUIRE(lines.size() == 6u);
  BOOST_TEST(lines[0].starts_with("q.yaml:1: node.name: "));
  BOOST_TEST(lines[1].starts_with("q.yaml:3: apps[0].appid: "));
  BOOST_TEST(lines[5].starts_with("q.yaml:6: nonsense: "));
}

BOOST_AUTO_TEST_CASE(a_file_that_is_not_yaml_names_its_line) {
  expect("node:\n  name: [\n", "q.yaml:", "not YAML");
  BOOST_TEST(has(problems_of("a: b: c\n"), "q.yaml:1: not YAML"));
  expect(small_config() + "---\nnode: {}\n", "q.yaml:", "a second document");
  BOOST_TEST(problems_of("") == "");
  auto missing = load_settings("/nonexistent/q.yaml");
  BOOST_TEST(!missing);
  BOOST_TEST(has(render(missing.error()), "/nonexistent/q.yaml: cannot read this configuration file: No such file"));
  BOOST_TEST(has(render(load_settings("/tmp").error()), "it is a folder"));
}

BOOST_AUTO_TEST_CASE(hostile_yaml_is_refused_and_harmless) {
  std::string bomb = "a: &a [x, x]\n";
  for (char c = 'b'; c <= 'y'; ++c) bomb += fmt::format("{0}: &{0} [*{1}, *{1}, *{1}]\n", c, static_cast<char>(c - 1));
  for (auto& text : {std::string("a: ") + std::string(100'000, '['), bomb, std::string("apps: &x [*x]\n"),
                     std::string("node: &n { name: *n }\n"), std::string("? [a]\n: b\n"),
                     std::string("node: !!binary aGVsbG8=\n"), std::string("<<: { node: {} }\n")})
    BOOST_TEST(problems_of(text).starts_with("q.yaml:"), text.substr(0, 40));
}

BOOST_AUTO_TEST_CASE(a_file_without_end_is_not_read_to_it) {
  temp_dir dir;
  write_all(dir / "big.yaml", std::string(2 << 20, '#'));
  BOOST_TEST(has(render(load_settings(dir / "big.yaml").error()), "larger than 1 MiB"));
}

BOOST_AUTO_TEST_CASE(a_data_dir_that_cannot_be_made_is_named) {
  temp_dir dir;
  write_all(dir / "file", "");
  expect(small_config() + "node: { data_dir: " + (dir / "file/data") + " }\n",
         "q.yaml:9: node.data_dir: ", "is no folder");
  BOOST_TEST(problems_of(small_config() + "node: { data_dir: " + (dir / "a/b/c") + " }\n") == "");
  BOOST_TEST(!std::ifstream(dir / "a")); // looking made nothing
}

BOOST_AUTO_TEST_CASE(a_node_without_pools_is_allowed_and_remarked) {
  auto read = parse_settings("node: {}\n", "q.yaml");
  BOOST_REQUIRE(read);
  BOOST_TEST_REQUIRE(read->warnings.size() == 1u);
  BOOST_TEST(has(read->warnings[0], "there is no pool"));
}

BOOST_AUTO_TEST_CASE(given_numbers_pull_the_others_along) {
  auto stock_of = [](const std::string& stock) {
    auto read = parse_settings(small_config("    stock: " + stock + "\n"), "q.yaml");
    BOOST_REQUIRE(read);
    return read->pools[0].stock;
  };
  BOOST_TEST(stock_of("{ high: 100 }").low == 10u);
  BOOST_TEST(stock_of("{ high: 100 }").reserve == 1u);
  BOOST_TEST(stock_of("{ high: 100000 }").low == 2'000u);
  BOOST_TEST(stock_of("{ low: 50 }").high == 500u);
  BOOST_TEST(stock_of("{ low: 0 }").high == 1u);
}

BOOST_AUTO_TEST_SUITE_END()
