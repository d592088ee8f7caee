#include "runtime/qr/link_text.hpp"

#include "runtime/ids/code_id.hpp"

#include <algorithm>

namespace qrwell {
namespace {

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  c = static_cast<char>(c | 0x20);
  return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

// What is no escape stays as it is: this reads what others wrote.
std::string decode_once(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (size_t i = 0; i < text.size(); ++i) {
    auto high = i + 2 < text.size() ? hex_digit(text[i + 1]) : -1, low = high >= 0 ? hex_digit(text[i + 2]) : -1;
    if (text[i] == '%' && low >= 0) {
      out += static_cast<char>(high * 16 + low);
      i += 2;
    } else {
      out += text[i];
    }
  }
  return out;
}

bool is_id_char(char c) {
  return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '-' || c == '_';
}

// The last of it is an id, and a whole word: not the end of a longer one.
std::optional<std::string> id_at_end(std::string_view text) {
  while (!text.empty() && text.back() == '/') text.remove_suffix(1);
  if (text.size() < code_id_length) return std::nullopt;
  auto begin = text.size() - code_id_length;
  auto id = text.substr(begin);
  if (!std::all_of(id.begin(), id.end(), is_id_char) || (begin > 0 && is_id_char(text[begin - 1]))) return std::nullopt;
  return std::string(id);
}

} // namespace

std::optional<std::string> id_of_link(std::string_view q) {
  auto text = decode_once(decode_once(q));
  text.resize(std::min(text.size(), text.find('#')));
  // A prefix may end within a query; but what others hang behind our link is not ours.
  auto before_query = id_at_end(std::string_view(text).substr(0, text.find('?')));
  return before_query ? before_query : id_at_end(std::string_view(text).substr(0, text.find('&')));
}

} // namespace qrwell
