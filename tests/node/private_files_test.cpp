#include "node/private_files.hpp"

#include "config/options.hpp"
#include "tests/support/temp_dir.hpp"

#include <boost/test/unit_test.hpp>

#include <filesystem>
#include <fstream>
#include <sys/stat.h>
#include <unistd.h>

using namespace qrwell;
namespace fs = std::filesystem;

namespace {

unsigned mode_of(const std::string& path) {
  struct stat info {};
  return ::stat(path.c_str(), &info) == 0 ? info.st_mode & 07777 : 0;
}

struct fixture {
  test::temp_dir dir;
  settings cfg = config::default_settings();

  fixture() {
    cfg.node.data_dir = dir / "data";
    cfg.store.sqlite = dir / "data/qrwell.db";
    cfg.keys.mac_file = dir / "data/mac.keys";
    fs::create_directory(cfg.node.data_dir);
    for (const auto* name : {"qrwell.db", "qrwell.db-wal", "mac.keys", "admin.token"}) put(name, 0600);
    ::chmod(cfg.node.data_dir.c_str(), 0700);
  }
  void put(const std::string& name, mode_t mode) {
    auto file = dir / ("data/" + name);
    std::ofstream{file} << "x";
    ::chmod(file.c_str(), mode);
  }
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(private_files_suite, fixture)

BOOST_AUTO_TEST_CASE(files_that_are_private_are_left_alone) {
  auto told = make_private(cfg);
  BOOST_REQUIRE(told);
  BOOST_TEST(told->empty());
}

BOOST_AUTO_TEST_CASE(what_an_earlier_start_or_a_hand_left_open_is_closed_and_told) {
  ::chmod(cfg.node.data_dir.c_str(), 0755);
  for (const auto* name : {"qrwell.db", "qrwell.db-wal", "mac.keys", "admin.token", "watermark"}) put(name, 0644);
  auto told = make_private(cfg);
  BOOST_REQUIRE(told);
  BOOST_TEST(told->size() == 6u);
  BOOST_TEST(told->front() == cfg.node.data_dir + " (0755 -> 0700)");
  BOOST_TEST(mode_of(cfg.node.data_dir) == 0700u);
  for (const auto* name : {"qrwell.db", "qrwell.db-wal", "mac.keys", "admin.token", "watermark"})
    BOOST_TEST(mode_of(dir / ("data/" + std::string(name))) == 0600u, name);
  BOOST_TEST(make_private(cfg)->empty());
}

BOOST_AUTO_TEST_CASE(files_of_somebody_else_are_refused) {
  if (::geteuid() != 0) return; // only root can give a file away
  BOOST_REQUIRE(::chown(cfg.store.sqlite.c_str(), 12'345, 12'345) == 0);
  auto refused = make_private(cfg);
  BOOST_REQUIRE(!refused);
  BOOST_TEST((code_of(refused.error()) == ec::invalid_config));
  for (const auto* words : {"store.sqlite", "qrwell.db", "12345"})
    BOOST_TEST(render(refused.error()).find(words) != std::string::npos, render(refused.error()));
}

BOOST_AUTO_TEST_CASE(keys_that_somebody_else_manages_elsewhere_are_only_told_of) {
  if (::geteuid() != 0) return;
  cfg.keys.mac_file = dir / "mac.keys";
  std::ofstream{cfg.keys.mac_file} << "x";
  BOOST_REQUIRE(::chown(cfg.keys.mac_file.c_str(), 12'345, 12'345) == 0);
  ::chmod(cfg.keys.mac_file.c_str(), 0640);
  BOOST_TEST(make_private(cfg)->empty());
  ::chmod(cfg.keys.mac_file.c_str(), 0644);
  auto told = make_private(cfg);
  BOOST_REQUIRE((told && told->size() == 1u));
  BOOST_TEST(told->front().find("left as it is") != std::string::npos);
  BOOST_TEST(mode_of(cfg.keys.mac_file) == 0644u);
}

BOOST_AUTO_TEST_SUITE_END()
