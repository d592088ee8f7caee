#include "runtime/codes/transfer_csv.hpp"

#include "runtime/codes/code_json.hpp"
#include "runtime/codes/csv.hpp"
#include "runtime/http/json.hpp"
#include "runtime/ids/hash.hpp"

#include <boost/json/string.hpp>

#include <array>
#include <charconv>

namespace qrwell {
namespace {

namespace json = boost::json;

constexpr size_t id_bytes_max = 32; ///< of a scene
constexpr size_t owner_bytes_max = 64;
constexpr std::array<std::string_view, 11> columns{"id",   "state",      "pool",       "owner",   "path", "query",
                                                   "tags", "created_at", "expires_at", "version", "kind"};
enum column : size_t { id, state, pool, owner, path, query, tags, created_at, expires_at, version, kind };

using row_fields = std::array<std::string, columns.size()>;

caf::error wrong(std::string sentence) {
  return fail(ec::invalid_request, std::move(sentence));
}

bool is_id(std::string_view text) {
  auto good = [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '-' || c == '_';
  };
  return !text.empty() && text.size() <= id_bytes_max && std::all_of(text.begin(), text.end(), good);
}

bool is_name(std::string_view text, size_t bytes_max) {
  return !text.empty() && text.size() <= bytes_max && std::all_of(text.begin(), text.end(), [](char c) {
    return static_cast<unsigned char>(c) > 0x20 && c != 0x7f;
  });
}

caf::expected<int64_t> time_of(std::string_view name, const std::string& text) {
  auto at = http::parse_time(text);
  if (!at) return wrong(std::string(name) + ": must be a time as in 2026-12-31T23:59:59.000Z");
  return *at;
}

// The place of each of our columns among the file's.
caf::expected<std::array<size_t, columns.size()>> places_of(const std::vector<std::string>& header) {
  std::array<size_t, columns.size()> out;
  for (size_t i = 0; i < columns.size(); ++i) {
    auto found = std::find(header.begin(), header.end(), columns[i]);
    if (found == header.end())
      return wrong(
          "The header line lacks the column '" + std::string(columns[i]) +
          "'; it must name id, state, pool, owner, path, query, tags, created_at, expires_at, version and kind.");
    if (std::find(found + 1, header.end(), columns[i]) != header.end())
      return wrong("The header line names the column '" + std::string(columns[i]) + "' twice.");
    out[i] = static_cast<size_t>(found - header.begin());
  }
  return out;
}

caf::expected<foreign_key> read_key(const row_fields& f) {
  foreign_key out;
  if (f[id].size() != 1 || !std::isalnum(static_cast<unsigned char>(f[id][0])))
    return wrong("id: of a mac_key row must be the one letter or digit that its ids begin with");
  out.key_char = f[id][0];
  if (f[path].size() != 2 * out.fingerprint.size())
    return wrong("path: of a mac_key row must be 64 hexadecimal digits");
  for (size_t i = 0; i < out.fingerprint.size(); ++i) {
    auto digits = f[path].data() + 2 * i;
    auto [end, err] = std::from_chars(digits, digits + 2, out.fingerprint[i], 16);
    if (err != std::errc{} || end != digits + 2) return wrong("path: of a mac_key row must be 64 hexadecimal digits");
  }
  return out;
}

caf::error read_row(import_row& out, const row_fields& f, const target_limits& limits) {
  if (!is_id(f[id])) return wrong("id: must be 1 to 32 of 0-9, A-Z, a-z, - and _");
  if (f[state] != "bound" && f[state] != "expired" && f[state] != "revoked")
    return wrong("state: must be bound, expired or revoked");
  if (!is_name(f[pool], 32)) return wrong("pool: must be 1 to 32 characters without spaces");
  if (!is_name(f[owner], owner_bytes_max)) return wrong("owner: must be 1 to 64 characters without spaces");
  out.id = f[id];
  out.state = f[state] == "revoked" ? code_state::revoked : code_state::bound;
  out.pool = f[pool];
  out.owner = f[owner];
  auto target = read_path(json::value(json::string(f[path])), limits);
  if (!target) return std::move(target.error());
  out.path = std::move(*target);
  if (!f[query].empty()) {
    auto value = http::parse_json(f[query]);
    if (!value) return wrong("query: must be JSON, an object or a string");
    auto text = read_query_field(*value, limits);
    if (!text) return std::move(text.error());
    out.query = std::move(*text);
  }
  if (!f[tags].empty()) {
    auto value = http::parse_json(f[tags]);
    if (!value) return wrong("tags: must be a JSON array of strings");
    auto text = read_tags(*value, limits);
    if (!text) return std::move(text.error());
    out.tags = std::move(*text);
  }
  auto bound = time_of("created_at", f[created_at]);
  if (!bound) return std::move(bound.error());
  out.bound_ms = *bound;
  if (!f[expires_at].empty()) {
    auto end = time_of("expires_at", f[expires_at]);
    if (!end) return std::move(end.error());
    out.expires_ms = *end;
  }
  const auto& number = f[version];
  auto [end, err] = std::from_chars(number.data(), number.data() + number.size(), out.version);
  if (err != std::errc{} || end != number.data() + number.size() || out.version == 0 || out.version > INT32_MAX)
    return wrong("version: must be a whole number of 1 or more");
  return caf::none;
}

} // namespace

void append_transfer_row(std::string& out, const code_view& code, int64_t now_ms) {
  for (auto text :
       {std::string_view(code.id), state_word(code, now_ms), std::string_view(code.pool), std::string_view(code.owner),
        std::string_view(code.path), std::string_view(code.query), std::string_view(code.tags)}) {
    append_csv_field(out, text);
    out += ',';
  }
  out += http::format_time(code.bound_ms);
  out += ',';
  out += http::format_time(code.expires_ms);
  out += ',';
  out += std::to_string(code.version);
  out += ',';
  out += kind_word(code.kind);
  out += "\r\n";
}

void append_transfer_row(std::string& out, const foreign_key& key) {
  out += key.key_char;
  out += ",,,,";
  out += to_hex(key.fingerprint);
  out += ",,,,,,mac_key\r\n";
}

caf::expected<transfer_part> read_transfer(std::string_view text, const target_limits& limits) {
  csv_reader reader(text);
  auto header = reader.next();
  if (!header) return wrong("The header line cannot be read: " + sentence_of(header.error()));
  if (!*header) return wrong("The body is empty; send CSV with a header line.");
  auto places = places_of((*header)->fields);
  if (!places) return std::move(places.error());
  transfer_part out;
  for (size_t records = 0;;) {
    auto record = reader.next();
    if (record && !*record) return out;
    if (++records > transfer_rows_max)
      return wrong("There are more than " + std::to_string(transfer_rows_max) + " rows; send fewer at once.");
    auto fault = [&](const caf::error& why) { out.faults.push_back({reader.line(), sentence_of(why)}); };
    if (!record) {
      fault(record.error());
      continue;
    }
    auto& sent = (*record)->fields;
    if (sent.size() != (*header)->fields.size()) {
      fault(wrong("the row has " + std::to_string(sent.size()) + " fields, the header line " +
                  std::to_string((*header)->fields.size())));
      continue;
    }
    row_fields f;
    for (size_t i = 0; i < columns.size(); ++i) f[i] = std::move(sent[(*places)[i]]);
    if (f[kind] == "mac_key") {
      auto key = read_key(f);
      if (key)
        out.keys.push_back(*key);
      else
        fault(key.error());
      continue;
    }
    import_row row;
    row.line = reader.line();
    if (auto err = read_row(row, f, limits))
      fault(err);
    else
      out.rows.push_back(std::move(row));
  }
}

} // namespace qrwell
