#include "runtime/codes/transfer_csv.hpp"

#include "runtime/codes/code_json.hpp"
#include "runtime/codes/owner.hpp"
#include "runtime/http/json.hpp"
#include "runtime/http/utf8.hpp"
#include "runtime/ids/hash.hpp"

#include <boost/json/string.hpp>

#include <algorithm>
#include <array>
#include <charconv>

namespace qrwell {
namespace {

namespace json = boost::json;

constexpr size_t id_bytes_max = 32; ///< of a scene
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

bool is_pool_name(std::string_view text) {
  return !text.empty() && text.size() <= 32 && http::is_utf8(text) && std::all_of(text.begin(), text.end(), [](char c) {
    return static_cast<unsigned char>(c) > 0x20 && c != 0x7f;
  });
}

caf::expected<int64_t> time_of(std::string_view name, const std::string& text) {
  auto at = http::parse_time(text);
  if (!at) return wrong(std::string(name) + ": must be a time as in 2026-12-31T23:59:59.000Z");
  return *at;
}

// JSON may have line ends between its parts. All others come from quotes that are not where they should be.
bool has_stray_line_end(const row_fields& f) {
  for (size_t i = 0; i < f.size(); ++i)
    if (f[i].find('\n') != std::string::npos && ((i != query && i != tags) || !http::parse_json(f[i]))) return true;
  return false;
}

// Of a column that is ignored, and may have line ends: one that lies between two stray quotes would take rows along.
bool holds_rows(const std::string& field, size_t row_fields_count) {
  return field.find('\n') != std::string::npos &&
         static_cast<size_t>(std::count(field.begin(), field.end(), ',')) + 1 >= row_fields_count;
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

caf::error read_row(import_row& out, const row_fields& f, const target_limits& limits, int64_t now_ms) {
  if (!is_id(f[id])) return wrong("id: must be 1 to 32 of 0-9, A-Z, a-z, - and _");
  if (f[state] != "bound" && f[state] != "expired" && f[state] != "revoked")
    return wrong("state: must be bound, expired or revoked");
  if (!is_pool_name(f[pool])) return wrong("pool: must be 1 to 32 bytes of UTF-8 without spaces");
  if (!is_owner(f[owner])) return wrong("owner: must be " + std::string(owner_rule));
  if (!http::is_utf8(f[path])) return wrong("path: must be UTF-8");
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
  // Only its time says of a code that it has expired: without one that is over it would resolve again.
  if (f[state] == "expired" && (out.expires_ms == 0 || out.expires_ms > now_ms))
    return wrong("expires_at: of an expired code must be a time that is over");
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

caf::expected<transfer_rows> transfer_rows::of(const std::vector<std::string>& header, const target_limits& limits,
                                               int64_t now_ms) {
  auto places = places_of(header);
  if (!places) return std::move(places.error());
  transfer_rows out;
  out.places_ = *places;
  out.columns_ = header.size();
  out.limits_ = limits;
  out.now_ms_ = now_ms;
  return out;
}

bool transfer_rows::take(transfer_part& out, csv_record record) const {
  auto& sent = record.fields;
  auto fault = [&](const caf::error& why) { out.faults.push_back({record.line, sentence_of(why)}); };
  if (sent.size() != columns_) {
    fault(wrong("the row has " + std::to_string(sent.size()) + " fields, the header line " + std::to_string(columns_)));
    return std::none_of(sent.begin(), sent.end(), [](const auto& x) { return x.find('\n') != x.npos; });
  }
  for (size_t i = 0; i < sent.size(); ++i)
    if (i != places_[query] && i != places_[tags] && holds_rows(sent[i], columns_)) {
      fault(wrong("a field has as many commas as a row, and line ends: is a quote not closed?"));
      return false;
    }
  row_fields f;
  for (size_t i = 0; i < columns.size(); ++i) f[i] = std::move(sent[places_[i]]);
  if (has_stray_line_end(f)) {
    fault(wrong("a line end stands in a field that has none: is a quote not closed?"));
    return false;
  }
  if (f[kind] == "mac_key") {
    auto key = read_key(f);
    if (key) {
      out.keys.push_back(*key);
      return true;
    }
    fault(key.error());
    return true;
  }
  import_row row;
  row.line = record.line;
  if (auto err = read_row(row, f, limits_, now_ms_))
    fault(err);
  else
    out.rows.push_back(std::move(row));
  return true;
}

caf::expected<transfer_part> read_transfer(std::string_view text, const target_limits& limits, int64_t now_ms) {
  csv_reader reader(text);
  auto header = reader.next();
  if (!header) return wrong("The header line cannot be read: " + sentence_of(header.error()));
  if (!*header) return wrong("The body is empty; send CSV with a header line.");
  auto rows = transfer_rows::of((*header)->fields, limits, now_ms);
  if (!rows) return std::move(rows.error());
  transfer_part out;
  for (size_t records = 0;;) {
    auto record = reader.next();
    if (record && !*record) return out;
    if (++records > transfer_rows_max)
      return wrong("There are more than " + std::to_string(transfer_rows_max) + " rows; send fewer at once.");
    if (!record)
      out.faults.push_back({reader.line(), sentence_of(record.error())});
    else if (!rows->take(out, std::move(**record)))
      reader.back_to_second_line();
  }
}

} // namespace qrwell
