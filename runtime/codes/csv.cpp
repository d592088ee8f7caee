#include "runtime/codes/csv.hpp"

#include <algorithm>

namespace qrwell {
namespace {

uint64_t line_ends(std::string_view text) {
  return static_cast<uint64_t>(std::count(text.begin(), text.end(), '\n'));
}

} // namespace

size_t csv_extent::first_line_end(std::string_view text) const {
  return std::min(text.find('\n', begin), end - 1) + 1;
}

std::optional<csv_extent> first_csv_record(std::string_view text, bool last) {
  csv_extent out;
  out.begin = out.end = std::min(text.find_first_not_of("\r\n"), text.size());
  if (out.begin == text.size()) return out;
  auto rest = text.substr(out.begin);
  auto wrong = [&](std::string_view why) -> std::optional<csv_extent> {
    auto end = rest.find('\n');
    if (end == rest.npos && !last && rest.size() <= csv_record_bytes_max) return std::nullopt;
    out.end = end == rest.npos ? text.size() : out.begin + end + 1;
    out.wrong = why;
    return out;
  };
  enum class within : uint8_t { nothing, bare, quotes, closed, end } where = within::nothing;
  auto size = std::min(rest.size(), csv_record_bytes_max);
  for (size_t at = 0; at < size; ++at) {
    auto c = rest[at];
    if (where == within::quotes) {
      if (c == '"') where = within::closed;
    } else if (c == '\n') {
      out.end += at + 1;
      return out;
    } else if (where == within::end) {
      return wrong("something stands behind the closing quote of a field");
    } else if (c == ',') {
      where = within::nothing;
    } else if (c == '"') {
      if (where == within::bare)
        return wrong("a quote stands within a field that has none around it: double it, and put the field in quotes");
      where = within::quotes; // also one behind a closing quote, which was doubled
    } else if (where == within::closed) {
      if (c != '\r') return wrong("something stands behind the closing quote of a field");
      where = within::end;
    } else {
      where = within::bare;
    }
  }
  if (rest.size() > csv_record_bytes_max) return wrong("the record has more than 64 KiB: is a quote not closed?");
  if (!last) return std::nullopt;
  if (where == within::quotes) return wrong("a field's quote is not closed");
  out.end = text.size();
  return out;
}

std::vector<std::string> csv_fields(std::string_view record) {
  if (record.ends_with('\n')) record.remove_suffix(1);
  if (record.ends_with('\r')) record.remove_suffix(1);
  std::vector<std::string> out(1);
  bool quotes = false;
  for (size_t at = 0; at < record.size(); ++at) {
    auto c = record[at];
    if (c == '"' && quotes && at + 1 < record.size() && record[at + 1] == '"')
      out.back() += record[++at];
    else if (c == '"')
      quotes = !quotes;
    else if (c == ',' && !quotes)
      out.emplace_back();
    else
      out.back() += c;
  }
  return out;
}

csv_reader::csv_reader(std::string_view text)
    : text_(text) {
  if (text_.starts_with("\xef\xbb\xbf")) at_ = 3;
}

caf::expected<std::optional<csv_record>> csv_reader::next() {
  auto rest = text_.substr(at_);
  auto found = *first_csv_record(rest, true);
  record_at_ = at_ + found.begin;
  record_line_ = line_ + line_ends(rest.substr(0, found.begin));
  at_ += found.end;
  line_ += line_ends(rest.substr(0, found.end));
  if (!found.wrong.empty()) return fail(ec::invalid_request, std::string(found.wrong));
  if (found.begin == found.end) return std::optional<csv_record>();
  return std::optional(csv_record{record_line_, csv_fields(rest.substr(found.begin, found.end - found.begin))});
}

void csv_reader::back_to_second_line() {
  at_ = csv_extent{record_at_, at_, {}}.first_line_end(text_);
  line_ = record_line_ + line_ends(text_.substr(record_at_, at_ - record_at_));
}

void append_csv_field(std::string& out, std::string_view field) {
  // Spaces at the ends too: some programs would take bare ones away.
  auto bare =
      field.find_first_of(",\"\r\n") == field.npos && (field.empty() || (field.front() != ' ' && field.back() != ' '));
  if (bare) {
    out += field;
    return;
  }
  out += '"';
  for (auto c : field) {
    if (c == '"') out += '"';
    out += c;
  }
  out += '"';
}

} // namespace qrwell
