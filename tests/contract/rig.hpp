#pragma once

#include "runtime/stores/code_store.hpp"

#include <boost/test/unit_test.hpp>

namespace qrwell::test {

/// The value, or the test ends with the error's sentence.
template <class T>
T must(caf::expected<T> x) {
  BOOST_REQUIRE_MESSAGE(x, render(x ? caf::error{} : x.error()));
  return std::move(*x);
}
inline void must(caf::expected<void> x) {
  BOOST_REQUIRE_MESSAGE(x, render(x ? caf::error{} : x.error()));
}

template <class T>
ec refused(const caf::expected<T>& x) {
  return x ? ec::none : code_of(x.error());
}

struct manual_clock {
  int64_t wall = 1'790'000'000'000, lease = 5'000'000;
  std::string server = "boot-1";

  store_clock view() {
    return {[this] { return wall; }, [this] { return lease; }, [this] { return server; }};
  }
  void pass(int64_t ms) {
    wall += ms;
    lease += ms;
  }
};

/// A store with an app, a pool and a generation, and the steps that tests repeat. Works on any code_store.
class rig {
public:
  rig(code_store& store, manual_clock& clock);

  /// Through the whole protocol: lease, grant, images, close. The ids.
  std::vector<std::string> stock(size_t count, uint32_t lot_size = 10, const std::string& holder = {});

  /// An open grant of these ids, of the lease that `holder` has.
  grant_open opened(const std::vector<std::string>& ids, const std::string& holder = "n1-a");
  grant_close close_of(const grant_open& open, uint32_t lot_size = 10) const;

  std::vector<std::string> fresh_ids(size_t count);
  stocked_code image_of(const std::string& id) const;

  bind_request request(const std::string& id, const std::string& owner = "shop");
  bind_request keyed(const std::string& id, const std::string& key, uint8_t body = 1,
                     const std::string& owner = "shop");
  std::vector<bind_result> bind(std::vector<bind_request> requests);
  bind_result bind(const bind_request& request) { return bind(std::vector{request}).at(0); }

  std::vector<claimed_lot> claim(uint32_t lots, const std::string& holder = "n1-a");
  stock_level level(uint32_t of_gen = 0);

  /// Fails the test with the words of every finding that is not well.
  void verify_clean(uint32_t limit = 5'000);

  code_store& store;
  manual_clock& clock;
  std::string pool = "default", lease = "app:homes";
  uint32_t app_id = 0, gen_id = 0;
  uint64_t epoch = 0, seq = 0, ticket = 0, minted = 0;
};

template <class Home>
struct contract {
  manual_clock clock;
  Home home{clock.view()};
  std::unique_ptr<code_store> store = home.open();
  rig well{*store, clock};
};

} // namespace qrwell::test
