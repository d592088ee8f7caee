#include "actors/transfer_server/import_reader.hpp"

#include "runtime/codes/csv.hpp"

#include <algorithm>

namespace qrwell {
namespace {

uint64_t line_ends(std::string_view text) {
  return static_cast<uint64_t>(std::count(text.begin(), text.end(), '\n'));
}

// Empty lines stand before a record; it begins behind them.
size_t blank_before(std::string_view record) {
  return std::min(record.find_first_not_of("\r\n"), record.size());
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

std::vector<std::string> fields_of(std::string_view record) {
  auto read = csv_reader(record).next();
  if (!read || !*read) return {};
  return std::move((*read)->fields);
}

} // namespace

std::string_view import_slice::record(uint64_t line) const {
  auto found = std::find_if(places.begin(), places.end(), [&](const place& p) { return p.line == line; });
  return found == places.end() ? std::string_view() : std::string_view(text).substr(found->at, found->size);
}

import_reader::import_reader(std::string header, uint64_t line, const target_limits& limits)
    : header_(std::move(header))
    , header_lines_(line_ends(header_))
    , line_(line)
    , limits_(limits) {}

std::optional<import_slice> import_reader::next(size_t records_max) {
  std::string_view rest(waiting_);
  rest.remove_prefix(at_);
  if (skipping_) {
    // The tail of a line that was too long.
    auto end = rest.find('\n');
    if (end == rest.npos && !ended_) {
      import_slice out;
      out.bytes = rest.size();
      waiting_.clear();
      at_ = 0;
      if (out.bytes == 0) return std::nullopt;
      return out;
    }
    skipping_ = false;
    import_slice out;
    out.bytes = end == rest.npos ? rest.size() : end + 1;
    out.lines = end == rest.npos ? 0 : 1;
    at_ += out.bytes;
    line_ += out.lines;
    return out;
  }
  import_slice out;
  size_t size = 0;
  while (out.records < std::min(records_max, transfer_rows_max) && size < rest.size()) {
    auto one = rest.substr(size);
    auto end = csv_record_end(one.substr(0, record_bytes_max + 1), ended_ && one.size() <= record_bytes_max);
    if (!end) {
      // What lies before it goes first.
      if (size == 0 && one.size() > record_bytes_max)
        return one_line("the record has more than 64 KiB: is a quote not closed?");
      if (size == 0 && ended_) return one_line("a field's quote is not closed");
      break;
    }
    auto blank = blank_before(one.substr(0, *end));
    if (blank < *end) {
      out.places.push_back({line_ + out.lines + line_ends(one.substr(0, blank)), size + blank, *end - blank});
      ++out.records;
    }
    out.lines += line_ends(one.substr(0, *end));
    size += *end;
  }
  if (size == 0) {
    // Nothing whole is there: make room for more.
    waiting_.erase(0, at_);
    at_ = 0;
    return std::nullopt;
  }
  out.text = rest.substr(0, size);
  out.bytes = size;
  auto whole = header_ + out.text; // a part, as by a call
  if (auto part = read_transfer(whole, limits_)) {
    out.part = std::move(*part);
  } else { // the header was good when the file came: what a file without records says
    for (const auto& p : out.places)
      out.part.faults.push_back({p.line + header_lines_ + 1 - line_, sentence_of(part.error())});
  }
  auto to_file = [&](uint64_t& line) { line = line - header_lines_ + line_ - 1; };
  for (auto& row : out.part.rows) to_file(row.line);
  for (auto& fault : out.part.faults) to_file(fault.line);
  at_ += size;
  line_ += out.lines;
  if (at_ == waiting_.size()) {
    waiting_.clear();
    at_ = 0;
  }
  return out;
}

std::optional<import_slice> import_reader::one_line(std::string why) {
  std::string_view rest(waiting_);
  rest.remove_prefix(at_);
  import_slice out;
  out.records = 1;
  auto blank = blank_before(rest);
  auto line = line_ + line_ends(rest.substr(0, blank));
  auto end = rest.find('\n', blank);
  auto here = end != rest.npos;
  out.text = rest.substr(0, here ? end + 1 : rest.size());
  out.bytes = out.text.size();
  out.lines = line_ends(out.text);
  out.places.push_back({line, blank, std::min<size_t>(out.text.size() - blank, 1'024)});
  out.part.faults.push_back({line, std::move(why)});
  skipping_ = !here;
  at_ += out.bytes;
  line_ += out.lines;
  return out;
}

caf::expected<import_header> read_import_header(std::string_view text, bool whole, const target_limits& limits) {
  import_header out;
  if (text.starts_with("\xef\xbb\xbf")) out.bytes = 3;
  auto rest = text.substr(out.bytes, import_reader::record_bytes_max);
  auto end = csv_record_end(rest, whole);
  auto blank = blank_before(rest.substr(0, end.value_or(0)));
  if (!end || blank == *end)
    return fail(ec::invalid_request, "The body must begin with the whole header line of the CSV file.");
  out.text = rest.substr(blank, *end - blank);
  out.bytes += *end;
  out.lines = line_ends(rest.substr(0, *end));
  if (out.text.back() != '\n') out.text += "\r\n";
  auto part = read_transfer(out.text, limits);
  if (!part) return std::move(part.error());
  return out;
}

std::string bad_rows_header(std::string_view header) {
  std::string out;
  for (const auto& name : fields_of(header)) {
    append_csv_field(out, name);
    out += ',';
  }
  return out + "line,column,why\r\n";
}

std::string bad_row(std::string_view header, std::string_view record, const import_fault& fault) {
  std::string out;
  auto columns = fields_of(header).size();
  auto fields = fields_of(record);
  fields.resize(columns); // what has too many or cannot be read is told by its line
  for (const auto& field : fields) {
    append_csv_field(out, field);
    out += ',';
  }
  out += std::to_string(fault.line);
  out += ',';
  out += column_of(header, fault.why);
  out += ',';
  append_csv_field(out, fault.why);
  return out + "\r\n";
}

} // namespace qrwell
