#pragma once

#include "runtime/stores/faulty/faulty_code_store.hpp"
#include "runtime/stores/sqlite/sqlite_code_store.hpp"
#include "tests/support/temp_dir.hpp"

#include <boost/mpl/vector.hpp>
#include <boost/test/unit_test.hpp>

#include <filesystem>

namespace qrwell::test {

/// A place where a store lives and outlives its process. The contract is held against every home of `all_homes`: a
/// further engine is one more type in that list.
struct sqlite_home {
  explicit sqlite_home(store_clock c)
      : clock(std::move(c)) {}

  temp_dir dir;
  store_clock clock;
  std::string file = dir / "qrwell.db";

  std::unique_ptr<code_store> open(bool read_only = false) {
    sqlite_options options;
    options.file = file;
    options.clock = clock;
    options.read_only = read_only;
    options.log_beside = !read_only;
    auto store = sqlite_code_store::open(options);
    BOOST_REQUIRE_MESSAGE(store, "open: " << (store ? "" : render(store.error())));
    return std::move(*store);
  }

  /// As if the process died now: what open() finds from here on is what had reached the files, without any clean end.
  void crash() {
    auto crashed = file + "x";
    for (const auto* end : {"", "-wal"})
      if (std::filesystem::exists(file + end)) std::filesystem::copy_file(file + end, crashed + end);
    file = crashed;
  }
};

/// The decorator without faults must not be told from the store behind it.
struct faulty_home : sqlite_home {
  using sqlite_home::sqlite_home;

  std::shared_ptr<fault_plan> plan = std::make_shared<fault_plan>();

  std::unique_ptr<code_store> open(bool read_only = false) { return make_faulty(sqlite_home::open(read_only), plan); }
};

using all_homes = boost::mpl::vector<sqlite_home, faulty_home>;

} // namespace qrwell::test
