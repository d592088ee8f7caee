#include "actors/transfer_server/import_reader.hpp"

#include "runtime/codes/csv.hpp"

#include <algorithm>

namespace qrwell {
namespace {

uint64_t line_ends(std::string_view text) {
  return static_cast<uint64_t>(std::count(text.begin(), text.end(), '\n'));
}

// Reasons begin with the column's name, as in "tags: must be ..."; those of the store, with the id.
std::string_view column_of(std::string_view header, std::string_view why) {
  auto end = why.find_first_of(":[");
  if (end == why.npos) return why.find("stands for something else") != why.npos ? "id" : "";
  auto word = why.substr(0, end);
  while (header.ends_with('\n') || header.ends_with('\r')) header.remove_suffix(1);
  for (size_t at = 0; at <= header.size();) {
    auto comma = std::min(header.find(',', at), header.size());
    auto name = header.substr(at, comma - at);
    if (name == word) return name;
    at = comma + 1;
  }
  return "";
}

// None: it is no record.
std::vector<std::string> fields_of(std::string_view record) {
  auto found = first_csv_record(record, true);
  if (!found || !found->wrong.empty() || found->end != record.size()) return {};
  return csv_fields(record.substr(found->begin));
}

// Bad lines are read again and again, as far as a record may reach: how much of that one slice may have.
constexpr size_t given_up_max = 16;

} // namespace

std::string_view import_slice::record(uint64_t line) const {
  auto found = std::find_if(places.begin(), places.end(), [&](const place& p) { return p.line == line; });
  return found == places.end() ? std::string_view() : std::string_view(text).substr(found->at, found->size);
}

std::optional<import_slice> import_reader::next(size_t records_max) {
  if (skipping_) {
    if (at_ < waiting_.size()) return rest_of_line();
    skipping_ = !ended_;
    return std::nullopt;
  }
  auto rest = std::string_view(waiting_).substr(at_);
  import_slice out;
  size_t given_up = 0;
  while (out.records < std::min(records_max, transfer_rows_max) && given_up < given_up_max && out.bytes < rest.size()) {
    auto one = rest.substr(out.bytes);
    auto found = first_csv_record(one, ended_);
    if (!found) break;
    auto line = line_ + out.lines + line_ends(one.substr(0, found->begin));
    if (!found->wrong.empty()) {
      out.part.faults.push_back({line, std::string(found->wrong)});
      ++given_up;
      skipping_ = !ended_ && one[found->end - 1] != '\n';
    } else if (found->end != found->begin) {
      auto fields = csv_fields(one.substr(found->begin, found->end - found->begin));
      if (!rows_.take(out.part, {line, std::move(fields)})) {
        found->end = found->first_line_end(one);
        ++given_up;
      }
    }
    if (found->end != found->begin) {
      auto size = std::min(found->end - found->begin, csv_record_bytes_max);
      out.places.push_back({line, out.bytes + found->begin, size});
      ++out.records;
    }
    out.bytes += found->end;
    out.lines += line_ends(one.substr(0, found->end));
    if (skipping_) break;
  }
  if (out.bytes == 0) {
    // Nothing whole is there: make room for more.
    waiting_.erase(0, at_);
    at_ = 0;
    return std::nullopt;
  }
  out.text = rest.substr(0, out.bytes);
  at_ += out.bytes;
  line_ += out.lines;
  forget_what_was_given();
  return out;
}

// The tail of a line that was too long.
import_slice import_reader::rest_of_line() {
  import_slice out;
  auto end = waiting_.find('\n', at_);
  skipping_ = end == waiting_.npos && !ended_;
  out.lines = end == waiting_.npos ? 0 : 1;
  out.bytes = std::min(end, waiting_.size() - 1) + 1 - at_;
  at_ += out.bytes;
  line_ += out.lines;
  forget_what_was_given();
  return out;
}

void import_reader::forget_what_was_given() {
  if (at_ < waiting_.size()) return;
  waiting_.clear();
  at_ = 0;
}

caf::expected<import_header> read_import_header(std::string_view text, bool whole, const target_limits& limits,
                                                int64_t now_ms) {
  size_t mark = text.starts_with("\xef\xbb\xbf") ? 3 : 0;
  auto rest = text.substr(0, csv_record_bytes_max);
  whole &= rest.size() == text.size();
  rest.remove_prefix(mark);
  auto found = first_csv_record(rest, whole);
  if (!found || found->begin == found->end)
    return fail(ec::invalid_request, "The body must begin with the whole header line of the CSV file.");
  if (!found->wrong.empty())
    return fail(ec::invalid_request, "The header line cannot be read: " + std::string(found->wrong));
  auto header = rest.substr(found->begin, found->end - found->begin);
  auto rows = transfer_rows::of(csv_fields(header), limits, now_ms);
  if (!rows) return std::move(rows.error());
  import_header out{std::string(header), mark + found->end, line_ends(rest.substr(0, found->end)), std::move(*rows)};
  if (out.text.back() != '\n') out.text += "\r\n";
  return out;
}

std::string bad_rows_header(std::string_view header) {
  std::string out;
  for (const auto& name : fields_of(header)) {
    append_csv_field(out, name);
    out += ',';
  }
  return out + "line,column,why,text\r\n";
}

std::string bad_row(std::string_view header, std::string_view record, const import_fault& fault) {
  std::string out;
  auto columns = fields_of(header).size();
  auto fields = fields_of(record);
  auto whole = fields.size() == columns;
  if (!whole) fields.assign(columns, "");
  for (const auto& field : fields) {
    append_csv_field(out, field);
    out += ',';
  }
  out += std::to_string(fault.line);
  out += ',';
  out += column_of(header, fault.why);
  out += ',';
  append_csv_field(out, fault.why);
  out += ',';
  if (record.ends_with('\n')) record.remove_suffix(1);
  if (record.ends_with('\r')) record.remove_suffix(1);
  if (!whole) append_csv_field(out, record);
  return out + "\r\n";
}

} // namespace qrwell
