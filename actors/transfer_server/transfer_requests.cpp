#include "actors/transfer_server/transfer_requests.hpp"

#include "runtime/http/json.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>

namespace qrwell {
namespace {

constexpr uint32_t export_rows_default = 500, export_rows_max = 1'000;

caf::error wrong(std::string sentence) {
  return fail(ec::invalid_request, std::move(sentence));
}

template <class T>
bool read_number(std::string_view text, T& out) {
  auto [end, err] = std::from_chars(text.data(), text.data() + text.size(), out);
  return err == std::errc{} && end == text.data() + text.size();
}

} // namespace

caf::error check_params(const http::target& target, std::initializer_list<std::string_view> allowed) {
  for (auto param = target.params.begin(); param != target.params.end(); ++param) {
    const auto& name = param->first;
    if (std::find(allowed.begin(), allowed.end(), name) == allowed.end())
      return wrong(allowed.size() == 0 ? fmt::format("{}: this call has no parameters", name.substr(0, 64))
                                       : fmt::format("{}: not a parameter of this call; these are {}",
                                                     name.substr(0, 64), fmt::join(allowed, ", ")));
    if (std::any_of(target.params.begin(), param, [&](const auto& before) { return before.first == name; }))
      return wrong(fmt::format("{}: was sent twice; send it once", name));
  }
  return caf::none;
}

caf::error read_export_cursor(std::string_view text, code_list& out) {
  auto dot = text.find('.');
  if (dot == text.npos || !read_number(text.substr(0, dot), out.after_ms) || dot + 1 == text.size())
    return wrong("cursor: must be what Qrwell-Next-Cursor said.");
  out.after_id = text.substr(dot + 1);
  return caf::none;
}

caf::expected<code_list> read_export(const http::target& target) {
  code_list out;
  out.limit = export_rows_default;
  if (auto err = check_params(target, {"pool", "owner", "from", "to", "cursor", "limit"})) return err;
  for (const auto& [name, value] : target.params) {
    if (name == "pool") {
      out.pools = {value};
    } else if (name == "owner") {
      out.owner = value;
    } else if (name == "from" || name == "to") {
      auto written = value;
      std::replace(written.begin(), written.end(), ' ', '+'); // of an offset, not written as %2B
      auto at = http::parse_time(written);
      if (!at) return wrong(name + ": must be a time as in 2026-12-31T23:59:59Z.");
      (name == "from" ? out.from_ms : out.to_ms) = *at;
    } else if (name == "cursor") {
      if (auto err = read_export_cursor(value, out)) return err;
    } else if (!read_number(value, out.limit) || out.limit == 0 || out.limit > export_rows_max) {
      return wrong("limit: must be 1 to " + std::to_string(export_rows_max) + ".");
    }
  }
  return out;
}

std::string next_cursor(const code_page& page) {
  return page.more ? std::to_string(page.after_ms) + '.' + page.after_id : std::string();
}

std::vector<foreign_key> unknown_keys(const std::vector<foreign_key>& sent, const std::vector<foreign_key>& known) {
  std::vector<foreign_key> out;
  for (const auto& key : sent)
    if (std::find(known.begin(), known.end(), key) == known.end()) out.push_back(key);
  return out;
}

} // namespace qrwell
