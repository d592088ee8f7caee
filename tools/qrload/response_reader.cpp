#include "tools/qrload/response_reader.hpp"

#include <charconv>
#include <strings.h>

namespace qrwell::load {
namespace {

bool same_word(std::string_view a, std::string_view b) {
  return a.size() == b.size() && ::strncasecmp(a.data(), b.data(), a.size()) == 0;
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

template <class Number>
bool to_number(std::string_view text, Number& out) {
  auto [end, err] = std::from_chars(text.data(), text.data() + text.size(), out);
  return err == std::errc{} && end == text.data() + text.size();
}

} // namespace

response_reader::state response_reader::feed(std::string_view piece) {
  buffer_ += piece;
  return read();
}

response_reader::state response_reader::read() {
  if (head_bytes_ == 0) {
    auto end = buffer_.find("\r\n\r\n", searched_ < 3 ? 0 : searched_ - 3);
    if (end == std::string::npos) {
      searched_ = buffer_.size();
      return buffer_.size() > head_bytes_max ? state::bad : state::more;
    }
    head_bytes_ = end + 4;
    if (!read_head()) return state::bad;
  }
  return buffer_.size() >= head_bytes_ + body_bytes_ ? state::done : state::more;
}

bool response_reader::read_head() {
  auto head = std::string_view(buffer_).substr(0, head_bytes_ - 2);
  if (!head.starts_with("HTTP/1.1 ") || head.size() < 14 || !to_number(head.substr(9, 3), status_)) return false;
  auto has_length = false;
  head.remove_prefix(head.find("\r\n") + 2);
  while (!head.empty()) {
    auto end = head.find("\r\n");
    auto line = head.substr(0, end);
    head.remove_prefix(end + 2);
    auto colon = line.find(':');
    if (colon == std::string_view::npos) return false;
    auto name = line.substr(0, colon), value = trimmed(line.substr(colon + 1));
    if (same_word(name, "content-length"))
      has_length = to_number(value, body_bytes_);
    else if (same_word(name, "connection"))
      keep_alive_ = !same_word(value, "close");
    else if (same_word(name, "transfer-encoding"))
      return false;
  }
  return (has_length || status_ == 204 || status_ == 304) && body_bytes_ <= body_bytes_max;
}

bool response_reader::next() {
  buffer_.erase(0, head_bytes_ + body_bytes_);
  head_bytes_ = body_bytes_ = searched_ = 0;
  status_ = 0;
  keep_alive_ = true;
  return !buffer_.empty();
}

} // namespace qrwell::load
