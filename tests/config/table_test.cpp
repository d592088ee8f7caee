#include "tests/config/files.hpp"

#include "config/options.hpp"
#include "config/reference.hpp"
#include "config/suggest.hpp"
#include "config/values.hpp"

#include <boost/json.hpp>
#include <boost/test/unit_test.hpp>

#include <cstdlib>

using namespace qrwell;
using namespace qrwell::config;
using namespace qrwell::test;

BOOST_AUTO_TEST_SUITE(table)

BOOST_AUTO_TEST_CASE(every_row_is_whole_and_its_default_is_in_its_range) {
  std::set<std::string> paths;
  for (auto& o : options()) {
    BOOST_TEST_CONTEXT(o.path) {
      BOOST_TEST(paths.insert(std::string(o.path)).second, "twice");
      BOOST_TEST(o.says.ends_with("."));
      BOOST_TEST(!o.allowed().empty());
      BOOST_TEST((o.required || !o.fallback.empty() || !o.derived.empty() || o.path.starts_with("apps[].secret")));
      settings all;
      app_settings app;
      pool_settings pool;
      record r{&all, &app, &pool};
      if (!o.fallback.empty() && !o.fallback.starts_with('['))
        BOOST_TEST(put(o, o.at(r), std::string(o.fallback)) == "");
      if (!o.sample.empty() && !o.sample.starts_with('[') && !o.secret)
        BOOST_TEST(put(o, o.at(r), std::string(o.sample)) == "");
    }
  }
}

BOOST_AUTO_TEST_CASE(a_file_with_nothing_in_it_gives_what_the_table_says) {
  auto read = parse_settings(small_config(), "q.yaml");
  BOOST_REQUIRE(read);
  size_t checked = 0;
  for (auto& o : options()) {
    if (o.fallback.empty()) continue;
    auto is = show(o, o.at(record{&*read, &read->apps[0], &read->pools[0]}));
    BOOST_TEST_CONTEXT(o.path) {
      // Two ways of writing the same amount: compare what they are worth.
      settings all;
      app_settings app;
      pool_settings pool;
      record r{&all, &app, &pool};
      set_defaults(r, "");
      set_defaults(r, "apps[]");
      set_defaults(r, "pools[]");
      BOOST_TEST(is == show(o, o.at(r)));
      if (o.type == kind::integer || o.type == kind::text || o.type == kind::choice || o.type == kind::choices ||
          o.type == kind::texts || o.type == kind::endpoint)
        BOOST_TEST(is == o.fallback);
    }
    ++checked;
  }
  BOOST_TEST(checked > 40u);
}

BOOST_AUTO_TEST_CASE(no_two_rows_write_to_the_same_field) {
  settings all;
  app_settings app;
  pool_settings pool;
  std::set<const void*> fields;
  for (auto& o : options())
    std::visit([&](auto* x) { BOOST_TEST(fields.insert(x).second, o.path); }, o.at(record{&all, &app, &pool}));
}

BOOST_AUTO_TEST_CASE(the_pages_made_from_the_table_are_up_to_date) {
  BOOST_TEST((read_all(QRWELL_SOURCE_DIR "/docs/configuration.md") == reference_markdown()),
             "run: qrwell config reference --markdown > docs/configuration.md");
  BOOST_TEST((read_all(QRWELL_SOURCE_DIR "/config/qrwell.example.yaml") == example_file()),
             "run: qrwell config reference --example > config/qrwell.example.yaml");
  for (auto& o : options()) {
    BOOST_TEST(has(reference_text(), std::string(o.path) + "\n"));
    auto key = std::string(o.path.substr(o.path.rfind('.') + 1)) + ": ";
    BOOST_TEST(has(example_file(), key), o.path);
  }
}

BOOST_AUTO_TEST_CASE(the_reference_for_programs_is_json) {
  auto all = boost::json::parse(reference_json()).as_array();
  BOOST_TEST(all.size() == options().size());
  BOOST_TEST(all[0].at("path").as_string() == "node.name");
  BOOST_TEST(all[0].at("change").as_string() == "restart");
}

BOOST_AUTO_TEST_CASE(the_example_loads) {
  ::setenv("QRWELL_HOMES_SECRET", "0123456789abcdef0123456789abcdef", 1);
  auto read = load_settings(QRWELL_SOURCE_DIR "/config/qrwell.example.yaml");
  BOOST_TEST_REQUIRE((read ? "" : render(read.error())) == "");
  BOOST_TEST(read->warnings.empty());
  BOOST_TEST(read->pools[0].windows.size() == 3u);
  BOOST_TEST(read->pools[0].stock.low == 20'000u);
}

BOOST_AUTO_TEST_CASE(the_design_s_example_loads_but_for_what_is_not_there_yet) {
  temp_dir dir;
  write_all(dir / "homes", "0123456789abcdef0123456789abcdef\n");
  auto text = std::string(R"(
node:   { name: n1, data_dir: ./data, roles: [frontend, request, stock], caf_listen: 127.0.0.1:9300 }
keys:   { mac_file: ./data/mac.keys }
http:   { listen: 127.0.0.1:8080, admin_listen: 127.0.0.1:8081, public_url: "https://qr.example.com" }
apps:
  - { name: homes, appid: wx0123456789abcdef, secret_file: SECRET, per_minute: 5000, live_reserve: 200 }
pools:
  - name: default
    app: homes
    page: pages/qr/index
    env_version: release
    width: 430
    stock: { low: 20000, high: 200000, reserve: 2000, age_out: 24h }
    timezone: Asia/Shanghai
    windows: ["daily 00:00-07:00", "mon-fri 13:00-17:00 share 40%", "except 2026-10-01..2026-10-07"]
    on_empty: [live]
wechat: { hosts: ["https://api.weixin.qq.com", "https://api2.weixin.qq.com"] }   # http:// only to loopback
store:  { sqlite: ./data/qrwell.db }
images: { dir: ./data/images, min_free_bytes: 5GiB, keep_days: 365 }
)");
  text.replace(text.find("SECRET"), 6, dir / "homes");
  auto read = parse_settings(text, "q.yaml");
  BOOST_REQUIRE_MESSAGE(read, problems_of(text));
  BOOST_TEST(read->images.min_free_bytes == 5ull << 30);
  BOOST_TEST(read->pools[0].stock.age_out_ms == 86'400'000u);
  BOOST_TEST(read->apps[0].secret.reveal().size() == 32u);
}

BOOST_AUTO_TEST_CASE(amounts_come_back_as_they_went) {
  for (auto& text : {"512B", "64KiB", "1MiB", "5GiB", "1025B", "0"}) BOOST_TEST(show_size(*read_size(text)) == text);
  for (auto& text : {"1ms", "1500ms", "10s", "5min", "24h", "7d", "0"})
    BOOST_TEST((show_duration(*read_duration(text)) == text || std::string(text) == "24h"));
  BOOST_TEST(!read_size("5GB"));
  BOOST_TEST(!read_size("GiB"));
  BOOST_TEST(!read_size("1.5GiB"));
  BOOST_TEST(!read_size("9223372036854775807GiB"));
  BOOST_TEST(!read_duration("5m"));
  BOOST_TEST(!read_duration("-5s"));
}

BOOST_AUTO_TEST_CASE(near_words_are_found) {
  BOOST_TEST(edit_distance("width", "widht") == 1u);
  BOOST_TEST(edit_distance("", "abc") == 3u);
  BOOST_TEST(did_you_mean("xyz", {"width", "page"}) == "");
}

BOOST_AUTO_TEST_SUITE_END()
