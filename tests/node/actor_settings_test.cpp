#include "node/actor_settings.hpp"

#include "config/loader.hpp"
#include "tests/support/temp_dir.hpp"

#include <boost/test/unit_test.hpp>

using namespace qrwell;

namespace {

settings loaded(const std::string& pools) {
  auto read = parse_settings("apps:\n"
                             "  - { name: homes, appid: wx0123456789abcdef, secret: not-for-show }\n"
                             "pools:\n" +
                                 pools,
                             "q.yaml");
  BOOST_REQUIRE_MESSAGE(read, render(read ? caf::error{} : read.error()));
  return std::move(*read);
}

const std::string pools_with_links =
    "  - { name: first, app: homes, page: p/a, on_empty: [link, live], link_prefixes: [\"https://q.example.cn/\"] }\n"
    "  - { name: last, app: homes, page: p/a, on_empty: [live, link],\n"
    "      link_prefixes: [\"https://r.example.cn/\", \"https://old.example.cn/\"] }\n"
    "  - { name: alone, app: homes, page: p/a, on_empty: [link], stock: { low: 0, high: 0 },\n"
    "      link_prefixes: [\"https://q.example.cn/\"] }\n"
    "  - { name: retired, app: homes, page: p/a, link_prefixes: [\"https://was.example.cn/\"] }\n";

} // namespace

BOOST_AUTO_TEST_SUITE(actor_settings)

BOOST_AUTO_TEST_CASE(link_codes_are_made_as_the_list_of_their_pool_says) {
  auto out = request_settings(loaded(pools_with_links), [] { return std::string("id"); });
  BOOST_REQUIRE(out);
  BOOST_TEST(out->on_empty["first"] == (rung_live | rung_link));
  BOOST_TEST(out->on_empty["alone"] == rung_link);
  BOOST_TEST(out->on_empty["retired"] == rung_live);
  BOOST_TEST(out->links.size() == 3u);
  BOOST_TEST(out->links["first"].first);
  BOOST_TEST(!out->links["last"].first);
  BOOST_TEST(out->links["last"].prefix == "https://r.example.cn/");
  BOOST_TEST(out->links["alone"].no_stock);
  BOOST_TEST(!out->links["first"].no_stock);
  BOOST_TEST(!request_settings(loaded(pools_with_links), nullptr), "without a maker of ids there are no link codes");
}

BOOST_AUTO_TEST_CASE(every_prefix_is_answered_whether_it_makes_codes_or_not) {
  auto out = scan_settings(loaded(pools_with_links));
  BOOST_REQUIRE(out);
  for (auto* prefix :
       {"https://q.example.cn/", "https://r.example.cn/", "https://old.example.cn/", "https://was.example.cn/"})
    BOOST_TEST((std::find(out->link_prefixes.begin(), out->link_prefixes.end(), prefix) != out->link_prefixes.end()),
               prefix);
}

BOOST_AUTO_TEST_CASE(bounds_of_bulk_work_reach_its_actors_at_both_ends_of_their_ranges) {
  test::temp_dir folder;
  auto dir = data_dir::open(folder / "data", "n1");
  BOOST_REQUIRE(dir);
  std::string pool = "  - { name: a, app: homes, page: p/a }\n";
  auto least = loaded(pool + "limits: { batch_items_under_way_max: 1, batch_items_per_s_max: 1, import_slice_max: 1,\n"
                             "  import_share_percent: 1, import_bytes_max: 64KiB, jobs_open_max: 1, jobs_kept_max: 1,\n"
                             "  jobs_kept: 1h, job_files_kept: 1min }\n");
  auto few = batch_settings(least);
  BOOST_REQUIRE(few);
  BOOST_TEST(few->items_under_way_max == 1u);
  BOOST_TEST(few->slice_max == 1u);
  BOOST_TEST(few->items_per_s_max == 1u);
  auto slow = transfer_settings(least, *dir);
  BOOST_REQUIRE(slow);
  BOOST_TEST(slow->pace.rows_max == 1u);
  BOOST_TEST(slow->pace.share_percent == 1u);
  BOOST_TEST(slow->import_bytes_max == 65'536u);
  BOOST_TEST(slow->jobs_open_max == 1u);
  BOOST_TEST(slow->jobs_kept_max == 1u);
  BOOST_TEST(slow->jobs_kept_for_ms == 3'600'000u);
  BOOST_TEST(slow->files_kept_for_ms == 60'000u);
  auto most = loaded(pool + "limits: { batch_items_under_way_max: 256, batch_items_per_s_max: 100000,\n"
                            "  import_slice_max: 500, import_share_percent: 100, jobs_open_max: 100 }\n");
  BOOST_TEST(!!batch_settings(most));
  BOOST_TEST(!!transfer_settings(most, *dir));
}

BOOST_AUTO_TEST_SUITE_END()
