#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include <caf/meta/type_name.hpp>

// Conventions of every message struct: fields have defaults; a time 0 means "none"; `_ms` is Unix milliseconds unless
// the name says `_for_ms` or `_after_ms` (a duration, since deadlines cross machines as what remains of them); `==`
// compares all fields.

// inspect() and == for a struct, in one line after it: the fields in the order in which they travel.
#define QRWELL_FIELDS(type, ...)                                                                                       \
  friend bool operator==(const type&, const type&) = default;                                                          \
  template <class Inspector>                                                                                           \
  friend auto inspect(Inspector& f, type& x) {                                                                         \
    return x.fields([&](auto&... xs) { return f(caf::meta::type_name(#type), xs...); });                               \
  }                                                                                                                    \
  template <class Visit>                                                                                               \
  auto fields(Visit visit) {                                                                                           \
    return visit(__VA_ARGS__);                                                                                         \
  }

// The same for a message that says all by its name.
#define QRWELL_NO_FIELDS(type)                                                                                         \
  friend bool operator==(const type&, const type&) = default;                                                          \
  template <class Inspector>                                                                                           \
  friend auto inspect(Inspector& f, type&) {                                                                           \
    return f(caf::meta::type_name(#type));                                                                             \
  }

namespace qrwell {

using digest = std::array<uint8_t, 32>; ///< SHA-256
using nonce = std::array<uint8_t, 16>;  ///< own mark of one attempt, to recognise it after a commit of unknown outcome
using bytes = std::vector<uint8_t>;

/// The answer of a command that has nothing to say but that it was done.
struct done {
  QRWELL_NO_FIELDS(done)
};

/// Asks an actor for its state in the words of the design.
struct status_query {
  QRWELL_NO_FIELDS(status_query)
};

/// What an actor says of itself. `problem` is empty or one sentence in words for the operator; `facts` is a JSON
/// object.
struct actor_status {
  std::string kind, name, problem, facts = "{}";
  QRWELL_FIELDS(actor_status, kind, name, problem, facts)
};

} // namespace qrwell
