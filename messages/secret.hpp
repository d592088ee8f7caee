#pragma once

#include <caf/meta/type_name.hpp>

#include <string>
#include <type_traits>
#include <utility>

namespace caf::detail {
class stringification_inspector;
}

namespace qrwell {

/// A string that no printer can show: not operator<<, not fmt, not CAF's rendering of a message (promise P8).
/// Whoever needs the value says so with `reveal()`, which is easy to search for.
class secret {
public:
  secret() = default;
  explicit secret(std::string value)
      : value_(std::move(value)) {}

  const std::string& reveal() const noexcept { return value_; }
  bool empty() const noexcept { return value_.empty(); }

  friend bool operator==(const secret&, const secret&) = default;

  template <class Inspector>
  friend auto inspect(Inspector& f, secret& x) {
    if constexpr (std::is_same_v<std::decay_t<Inspector>, caf::detail::stringification_inspector>) {
      std::string hidden = x.empty() ? "" : "***";
      return f(caf::meta::type_name("secret"), hidden);
    } else {
      return f(caf::meta::type_name("secret"), x.value_);
    }
  }

private:
  std::string value_;
};

} // namespace qrwell
