#include "node/check_files.hpp"

#include "tests/support/temp_dir.hpp"

#include <boost/test/unit_test.hpp>

#include <filesystem>
#include <fstream>

using namespace qrwell;

namespace {

struct fixture {
  test::temp_dir dir;
  settings cfg;

  fixture() {
    std::filesystem::create_directory(dir / "verify");
    cfg.pools.resize(1);
    cfg.pools[0].name = "default";
    cfg.pools[0].link_prefixes = {"https://Q.example.cn/", "https://old.example.cn/s?c="};
    cfg.pools[0].link_verify_dir = dir / "verify";
  }
  void put(const std::string& file, const std::string& text) { std::ofstream(dir / file) << text; }
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(check_files_suite, fixture)

BOOST_AUTO_TEST_CASE(a_file_is_there_under_every_prefix_of_its_pool) {
  put("verify/aB3-_x.txt", "0123456789abcdef");
  auto all = read_check_files(cfg);
  BOOST_TEST(all->size() == 2u);
  BOOST_TEST(all->at("q.example.cn/aB3-_x.txt") == "0123456789abcdef");
  BOOST_TEST(all->at("old.example.cn/aB3-_x.txt") == "0123456789abcdef");
}

BOOST_AUTO_TEST_CASE(only_plain_small_text_files_right_in_the_folder_are_read) {
  put("outside.txt", "secret");
  put("verify/notes.md", "x");
  put("verify/two words.txt", "x");
  put("verify/large.txt", std::string(4'097, 'x'));
  put("verify/full.txt", std::string(4'096, 'x'));
  std::filesystem::create_symlink(dir / "outside.txt", dir / "verify/link.txt");
  std::filesystem::create_directory(dir / "verify/folder.txt");
  auto all = read_check_files(cfg);
  BOOST_TEST(all->size() == 2u);
  BOOST_TEST(all->at("q.example.cn/full.txt").size() == 4'096u);
}

BOOST_AUTO_TEST_CASE(a_folder_with_too_many_files_or_without_any_does_no_harm) {
  for (int i = 0; i < 70; ++i) put("verify/f" + std::to_string(i) + ".txt", "x");
  BOOST_TEST(read_check_files(cfg)->size() == 128u);
  cfg.pools[0].link_verify_dir = dir / "gone";
  BOOST_TEST(read_check_files(cfg)->empty());
  cfg.pools[0].link_verify_dir.clear();
  BOOST_TEST(read_check_files(cfg)->empty());
}

BOOST_AUTO_TEST_SUITE_END()
