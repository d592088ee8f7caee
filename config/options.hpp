#pragma once

#include "config/settings.hpp"

#include <span>
#include <variant>

// The one table of options. From it come the loader, `qrwell config reference`, docs/configuration.md and
// config/qrwell.example.yaml: an option exists when it has a row here, and has no other description anywhere.

namespace qrwell::config {

enum class kind : uint8_t {
  text,
  integer,
  boolean,
  size,     ///< bytes, written with B, KiB, MiB or GiB
  duration, ///< milliseconds, written with ms, s, min, h or d
  choice,   ///< one of `words`
  choices,  ///< a list without repeats of `words`
  texts,    ///< a list of strings
  endpoint, ///< HOST:PORT
  color,    ///< #RRGGBB
  secret,
};

/// The struct that a row's value belongs to: `pools[].x` lives in a pool, `apps[].x` in an app, all else in settings.
struct record {
  settings* all = nullptr;
  app_settings* app = nullptr;
  pool_settings* pool = nullptr;
};

/// Where a value is kept.
using slot = std::variant<std::string*, qrwell::secret*, bool*, uint32_t*, uint64_t*, std::vector<std::string>*,
                          qrwell::endpoint*, rgb*>;

/// A row.
struct option {
  std::string_view path{}; ///< as in "pools[].stock.low"
  kind type = kind::text;
  slot (*at)(const record&) = nullptr;
  std::string_view fallback{};    ///< the default as it would be written; see also `derived`
  std::string_view derived{};     ///< said instead of `fallback` when the default follows from other options
  std::string_view sample{};      ///< what the example file shows, when that is not the default
  uint64_t least = 0, most = 0;   ///< range in the unit of the kind, both ends inclusive
  std::string_view words{};       ///< allowed words of a choice, separated by spaces
  std::string_view later_words{}; ///< words that are known and refused: no engine for them in this version
  std::string (*check)(std::string_view) = nullptr; ///< of a text, or of each text of a list
  std::string_view form{};                          ///< what `check` allows, in words
  uint32_t items_max = 64;                          ///< of a list
  bool required = false, reloadable = false, secret = false;
  bool commented_out = false; ///< in the example file, since it stands beside an alternative
  std::string_view unit{};
  std::string_view says{}; ///< one sentence

  /// What is allowed, in words; the end of every error about this option.
  std::string allowed() const;
};

std::span<const option> options();

/// Maps that hold options, in the order of the example file; `says` heads them there.
struct section {
  std::string_view path; ///< as in "pools[]" or "pools[].stock"
  std::string_view says;
};

std::span<const section> sections();

/// Keys that belong to the design and for which this version has no engine.
struct later_key {
  std::string_view path, says;
};

std::span<const later_key> later_keys();

/// A value from the text of a scalar, or the sentence that says what is wrong. Lists are read by `put_items`.
std::string put(const option& o, const slot& where, const std::string& text);
std::string put_items(const option& o, const slot& where, const std::vector<std::string>& items);

/// The value as it would be written; "***" for a secret that is not empty.
std::string show(const option& o, const slot& where);

/// Sets what the table says, but for defaults that are derived from other options.
void set_defaults(const record& r, std::string_view prefix);

/// What a file with nothing in it would give; derived defaults included.
settings default_settings();
app_settings default_app();
pool_settings default_pool();

} // namespace qrwell::config
