#include "runtime/images/image_directory.hpp"
#include "tests/support/temp_dir.hpp"

#include <boost/test/unit_test.hpp>

#include <filesystem>
#include <fstream>

using namespace qrwell;

namespace {

struct fixture {
  test::temp_dir dir;
  std::unique_ptr<image_directory> store = std::move(*image_directory::open(dir / "images"));

  size_t files() {
    size_t n = 0;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(dir.path())) n += entry.is_regular_file();
    return n;
  }
};

const bytes picture{0xFF, 0xD8, 0xFF, 0x00, 0x01};

} // namespace

BOOST_FIXTURE_TEST_SUITE(image_directory_suite, fixture)

BOOST_AUTO_TEST_CASE(what_was_put_is_got_also_after_a_new_start) {
  BOOST_REQUIRE(store->put({{{"aXYZ0123456789abcdef", "jpeg", picture}, {"bXYZ0123456789abcdef", "png", {1, 2}}}}));
  store = std::move(*image_directory::open(dir / "images"));
  auto got = store->get({"aXYZ0123456789abcdef", "jpeg"});
  BOOST_REQUIRE(got);
  BOOST_TEST(got->found);
  BOOST_TEST((got->data == picture));
  BOOST_TEST(!store->get({"aXYZ0123456789abcdef", "png"})->found);
}

BOOST_AUTO_TEST_CASE(what_is_not_there_is_said_to_be_not_there) {
  auto got = store->get({"cXYZ0123456789abcdef", "jpeg"});
  BOOST_REQUIRE(got);
  BOOST_TEST(!got->found);
}

BOOST_AUTO_TEST_CASE(a_repeat_is_harmless) {
  images_put batch{{{"aXYZ0123456789abcdef", "jpeg", picture}}};
  BOOST_REQUIRE(store->put(batch));
  BOOST_REQUIRE(store->put(batch));
  BOOST_TEST(files() == 1u);
}

BOOST_AUTO_TEST_CASE(leftovers_of_a_crash_go_at_the_next_start) {
  BOOST_REQUIRE(store->put({{{"aXYZ0123456789abcdef", "jpeg", picture}}}));
  std::ofstream(dir / "images/tmp/dXYZ0123456789abcdef.jpeg") << "half";
  BOOST_TEST(files() == 2u);
  store = std::move(*image_directory::open(dir / "images"));
  BOOST_TEST(files() == 1u);
}

BOOST_AUTO_TEST_CASE(dropped_images_are_gone_and_a_second_drop_is_harmless) {
  BOOST_REQUIRE(store->put({{{"aXYZ0123456789abcdef", "jpeg", picture}}}));
  BOOST_REQUIRE(store->drop({{"aXYZ0123456789abcdef", "eXYZ0123456789abcdef"}}));
  BOOST_REQUIRE(store->drop({{"aXYZ0123456789abcdef"}}));
  BOOST_TEST(files() == 0u);
}

BOOST_AUTO_TEST_CASE(no_id_leaves_the_folder) {
  std::ofstream(dir / "secret.jpeg") << "x";
  BOOST_TEST(!store->get({"../secret", "jpeg"})->found);
  BOOST_TEST(!store->put({{{"../evil", "jpeg", picture}}}));
  BOOST_REQUIRE(store->drop({{"../secret"}}));
  BOOST_TEST(std::filesystem::exists(dir / "secret.jpeg"));
}

BOOST_AUTO_TEST_CASE(a_folder_that_cannot_be_made_is_named) {
  std::ofstream(dir / "file") << "x";
  auto opened = image_directory::open(dir / "file/images");
  BOOST_REQUIRE(!opened);
  BOOST_TEST(render(opened.error()).find("file/images") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(free_space_is_told) {
  BOOST_TEST(store->space()->free_bytes > 0u);
}

BOOST_AUTO_TEST_SUITE_END()
