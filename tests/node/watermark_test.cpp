#include "node/watermark.hpp"

#include "runtime/stores/sqlite/sqlite_code_store.hpp"
#include "tests/support/temp_dir.hpp"

#include <boost/test/unit_test.hpp>

#include <filesystem>
#include <fstream>

using namespace qrwell;

namespace {

store_identity store_at(const std::string& uuid, uint64_t commit_seq) {
  store_identity out;
  out.store_uuid = uuid;
  out.commit_seq = commit_seq;
  return out;
}

} // namespace

BOOST_AUTO_TEST_SUITE(watermark_suite)

BOOST_AUTO_TEST_CASE(p1_an_older_or_foreign_store_is_refused) {
  test::temp_dir dir;
  auto none = read_watermark(dir.path());
  BOOST_REQUIRE(none);
  BOOST_TEST(!none->has_value());
  BOOST_TEST(!check_watermark(dir.path(), *none, store_at("uuid-a", 0)));
  BOOST_TEST(!write_watermark(dir.path(), {"uuid-a", 100}));
  auto mark = read_watermark(dir.path());
  BOOST_REQUIRE((mark && *mark == watermark{"uuid-a", 100}));
  BOOST_TEST(!check_watermark(dir.path(), *mark, store_at("uuid-a", 100)));
  BOOST_TEST(!check_watermark(dir.path(), *mark, store_at("uuid-a", 101)));
  BOOST_TEST((code_of(check_watermark(dir.path(), *mark, store_at("uuid-a", 99))) == ec::restored_copy));
  BOOST_TEST((code_of(check_watermark(dir.path(), *mark, store_at("uuid-b", 200))) == ec::restored_copy));
}

BOOST_AUTO_TEST_CASE(what_the_file_had_reached_is_kept_while_the_store_moves_on) {
  test::temp_dir dir;
  BOOST_TEST(!write_watermark(dir.path(), {"uuid-a", 100, 90}));
  BOOST_TEST(!advance_watermark(dir.path(), store_at("uuid-a", 120)));
  BOOST_TEST((*read_watermark(dir.path()) == watermark{"uuid-a", 120, 90}));
  BOOST_TEST(!settle_watermark(dir.path(), store_at("uuid-a", 130), dir / "no store"));
  BOOST_TEST((*read_watermark(dir.path()) == watermark{"uuid-a", 130, 90}));
  BOOST_TEST(!advance_watermark(dir.path(), store_at("uuid-b", 1)));
  BOOST_TEST((*read_watermark(dir.path()) == watermark{"uuid-b", 1, 0}));
}

BOOST_AUTO_TEST_CASE(a_watermark_of_an_earlier_build_is_read) {
  test::temp_dir dir;
  std::ofstream(dir / "watermark") << "uuid-a 7\n";
  BOOST_TEST((*read_watermark(dir.path()) == watermark{"uuid-a", 7, 0}));
}

BOOST_AUTO_TEST_CASE(p1_a_marked_backup_is_refused) {
  auto store = store_at("uuid-a", 5);
  store.restored_from = "n1 at noon";
  auto refused = check_watermark("/data", std::nullopt, store);
  BOOST_TEST((code_of(refused) == ec::restored_copy));
  BOOST_TEST(render(refused).find("n1 at noon") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(p1_a_watermark_that_cannot_be_read_protects_nothing_and_is_refused) {
  test::temp_dir dir;
  for (const auto* text : {"", "uuid-a", "uuid-a many", "\n\n"}) {
    std::ofstream(dir / "watermark", std::ios::trunc) << text;
    auto mark = read_watermark(dir.path());
    BOOST_REQUIRE(!mark);
    BOOST_TEST((code_of(mark.error()) == ec::restored_copy));
    BOOST_TEST(render(mark.error()).find(dir / "watermark") != std::string::npos);
  }
}

BOOST_AUTO_TEST_CASE(a_file_that_a_checkpoint_left_half_written_is_for_its_log_to_make_whole) {
  test::temp_dir dir;
  auto file = dir / "qrwell.db";
  watermark mark{"", 1, 1};
  {
    sqlite_options options;
    options.file = file;
    auto store = sqlite_code_store::open(std::move(options));
    BOOST_REQUIRE(store);
    mark.store_uuid = (*store)->identity()->store_uuid;
  }
  std::ofstream(file + "-wal") << "a log";
  std::filesystem::resize_file(file, std::filesystem::file_size(file) - 4'096);
  BOOST_TEST(!check_file_under_log(file, mark));
}

BOOST_AUTO_TEST_SUITE_END()
