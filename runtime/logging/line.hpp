#pragma once

#include "messages/secret.hpp"

#include <concepts>
#include <span>
#include <string>
#include <string_view>
#include <variant>

// One line of the log, as data and as text. No threads, no files, no clock.

namespace qrwell::log {

enum class level : uint8_t { trace, debug, info, warn, error, off };

/// trace, debug, info, warn or error; anything else gives info.
level to_level(std::string_view word) noexcept;
std::string_view to_string(level x) noexcept;

enum class format : uint8_t { json, text, colored_text };

/// What can be a field's value. A `secret` is none of these, and nothing converts to one by accident (promise P8).
template <class T>
concept loggable = std::same_as<T, bool> || std::integral<T> || std::floating_point<T> ||
    std::convertible_to<const T&, std::string_view>;

/// A name and a value. Keeps views: it lives as long as the call that it is an argument of.
class field {
public:
  template <loggable T>
  field(std::string_view key, const T& value)
      : key_(key)
      , value_(to_value(value)) {}
  field(std::string_view key, const secret& value) = delete;

  std::string_view key() const noexcept { return key_; }

  /// Adds the value in JSON; longer texts than `value_bytes_max` are cut and end in "...".
  void append_json(std::string& out) const;
  /// Adds the value for people: quoted only where its end would not be clear.
  void append_text(std::string& out) const;

  static constexpr size_t value_bytes_max = 4'096;

private:
  using any_value = std::variant<bool, int64_t, uint64_t, double, std::string_view>;

  template <class T>
  static any_value to_value(const T& x) {
    if constexpr (std::same_as<T, bool>)
      return x;
    else if constexpr (std::signed_integral<T>)
      return static_cast<int64_t>(x);
    else if constexpr (std::unsigned_integral<T>)
      return static_cast<uint64_t>(x);
    else if constexpr (std::floating_point<T>)
      return static_cast<double>(x);
    else
      return std::string_view(x);
  }

  std::string_view key_;
  any_value value_;
};

/// What a line says.
struct line {
  int64_t unix_ms = 0;
  level severity = level::info;
  std::string_view message;
  std::span<const field> origin; ///< who says it: actor, pool
  std::span<const field> fields;
};

/// The line without a line end, whatever its parts contain: control characters are escaped, and what is not UTF-8
/// becomes U+FFFD.
std::string to_json(const line& x);
std::string to_text(const line& x, bool colored);
std::string render(const line& x, format how);

/// Adds `text` as a JSON string with its quotes.
void append_quoted(std::string& out, std::string_view text);

} // namespace qrwell::log
