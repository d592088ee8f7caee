#include "actors/transfer_server/transfer_requests.hpp"

#include "runtime/http/params.hpp"

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
      auto at = read_time(target, name, 0);
      if (!at) return std::move(at.error());
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

std::string shared_characters(const std::vector<foreign_key>& keys) {
  std::string out;
  for (const auto& key : keys)
    if (out.find(key.key_char) == out.npos && std::any_of(keys.begin(), keys.end(), [&](const foreign_key& other) {
          return other.key_char == key.key_char && other.fingerprint != key.fingerprint;
        }))
      out += key.key_char;
  return out;
}

std::string characters_of_others(const std::vector<import_row>& rows, const mac_keys& ours) {
  std::string out;
  for (const auto& row : rows)
    if (ours.check(row.id) == id_verdict::forged && out.find(row.id[0]) == out.npos) out += row.id[0];
  return out;
}

} // namespace qrwell
