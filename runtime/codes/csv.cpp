#include "runtime/codes/csv.hpp"

#include <algorithm>

namespace qrwell {

csv_reader::csv_reader(std::string_view text)
    : text_(text) {
  if (text_.starts_with("\xef\xbb\xbf")) at_ = 3;
}

caf::expected<std::optional<csv_record>> csv_reader::next() {
  while (at_ < text_.size() && (text_[at_] == '\n' || text_[at_] == '\r')) line_ += text_[at_++] == '\n' ? 1 : 0;
  if (at_ >= text_.size()) return std::optional<csv_record>();
  csv_record out;
  out.line = record_line_ = line_;
  for (;;) {
    if (auto err = field(out.fields.emplace_back())) {
      skip_line();
      return err;
    }
    if (at_ < text_.size() && text_[at_] == ',') {
      ++at_;
      continue;
    }
    if (at_ < text_.size() && text_[at_] == '\r') ++at_;
    if (at_ < text_.size() && text_[at_] == '\n') {
      ++at_;
      ++line_;
    }
    return std::optional<csv_record>(std::move(out));
  }
}

caf::error csv_reader::field(std::string& out) {
  if (at_ >= text_.size() || text_[at_] != '"') {
    auto end = std::min(text_.find_first_of(",\n", at_), text_.size());
    auto bare = text_.substr(at_, end - at_);
    if (!bare.empty() && bare.back() == '\r') bare.remove_suffix(1);
    if (bare.find('"') != bare.npos)
      return fail(ec::invalid_request, "a quote stands within a field that has none around it: double it, and put the "
                                       "field in quotes");
    out = bare;
    at_ += bare.size();
    return caf::none;
  }
  for (++at_; at_ < text_.size(); ++at_) {
    if (text_[at_] == '\n') ++line_;
    if (text_[at_] != '"') {
      out += text_[at_];
    } else if (at_ + 1 < text_.size() && text_[at_ + 1] == '"') {
      out += '"';
      ++at_;
    } else {
      ++at_;
      if (at_ < text_.size() && text_[at_] != ',' && text_[at_] != '\n' && text_[at_] != '\r')
        return fail(ec::invalid_request, "something stands behind the closing quote of a field");
      return caf::none;
    }
  }
  return fail(ec::invalid_request, "a field's quote is not closed");
}

void csv_reader::skip_line() {
  at_ = std::min(text_.find('\n', at_), text_.size());
}

std::optional<size_t> csv_record_end(std::string_view text, bool last) {
  enum class within : uint8_t { nothing, bare, quotes, closed, spoilt } where = within::nothing;
  size_t at = 0;
  while (at < text.size() && (text[at] == '\n' || text[at] == '\r')) ++at;
  for (; at < text.size(); ++at) {
    auto c = text[at];
    if (where == within::quotes) {
      if (c == '"') where = within::closed;
    } else if (c == '\n') {
      return at + 1;
    } else if (where == within::spoilt) {
      continue; // the reader gives such a line up
    } else if (c == ',') {
      where = within::nothing;
    } else if (c == '"') {
      // One behind a closing quote was doubled, one within a bare field is wrong.
      where = where == within::bare ? within::spoilt : within::quotes;
    } else if (where == within::closed) {
      where = c == '\r' ? within::closed : within::spoilt;
    } else {
      where = within::bare;
    }
  }
  if (last && at > 0 && where != within::quotes) return at;
  return std::nullopt;
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
