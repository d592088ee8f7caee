#include "runtime/http/byte_range.hpp"

#include "runtime/http/words.hpp"

#include <algorithm>
#include <charconv>
#include <string>

namespace qrwell {
namespace {

// One that is too large for us is larger than any image.
bool read_number(std::string_view text, uint64_t& out) {
  auto [end, err] = std::from_chars(text.data(), text.data() + text.size(), out);
  if (err == std::errc::result_out_of_range) out = UINT64_MAX;
  return err != std::errc::invalid_argument && end == text.data() + text.size();
}

} // namespace

range_verdict read_range(std::string_view header, uint64_t size, byte_range& range) {
  auto equals = header.find('=');
  if (equals == header.npos || !http::same_word(header.substr(0, equals), "bytes")) return range_verdict::whole;
  auto text = http::trim(header.substr(equals + 1));
  auto dash = text.find('-');
  if (dash == std::string_view::npos || text.find(',') != std::string_view::npos) return range_verdict::whole;
  uint64_t first = 0, last = 0;
  auto has_first = read_number(text.substr(0, dash), first), has_last = read_number(text.substr(dash + 1), last);
  if ((!has_first && dash != 0) || (!has_last && dash + 1 != text.size()) || (!has_first && !has_last))
    return range_verdict::whole;
  if (!has_first) { // the last n bytes
    if (last == 0 || size == 0) return range_verdict::unsatisfiable;
    range = {size - std::min(last, size), size - 1};
    return range_verdict::part;
  }
  if (has_last && last < first) return range_verdict::whole;
  if (first >= size) return range_verdict::unsatisfiable;
  range = {first, has_last ? std::min(last, size - 1) : size - 1};
  return range_verdict::part;
}

bool range_holds(std::string_view if_range, std::string_view tag) {
  return if_range.empty() || http::trim(if_range) == tag;
}

bool matches(std::string_view if_none_match, std::string_view tag) {
  while (!if_none_match.empty()) {
    auto comma = if_none_match.find(',');
    auto one = http::trim(if_none_match.substr(0, comma));
    if (one.substr(0, 2) == "W/") one.remove_prefix(2);
    if (one == "*" || one == tag) return true;
    if (comma == std::string_view::npos) break;
    if_none_match.remove_prefix(comma + 1);
  }
  return false;
}

} // namespace qrwell
