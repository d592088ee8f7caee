#include "runtime/http/target.hpp"

#include "runtime/http/utf8.hpp"

#include <algorithm>

namespace qrwell::http {
namespace {

constexpr size_t segments_max = 32, params_max = 64;

int hex(char c) noexcept {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// No NUL and no bytes that are not UTF-8 get in: they would come out again in JSON, logs and file names.
bool decode(std::string_view text, bool plus_is_space, std::string& out) {
  out.clear();
  out.reserve(text.size());
  bool plain = true;
  for (size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    if (c == '%') {
      int high = i + 2 < text.size() ? hex(text[i + 1]) : -1, low = i + 2 < text.size() ? hex(text[i + 2]) : -1;
      if (high < 0 || low < 0) return false;
      c = static_cast<char>(high * 16 + low);
      i += 2;
    } else if (c == '+' && plus_is_space) {
      c = ' ';
    }
    if (c == '\0') return false;
    plain = plain && static_cast<unsigned char>(c) < 0x80;
    out += c;
  }
  return plain || is_utf8(out);
}

caf::error malformed(std::string_view what) {
  return fail(ec::invalid_request, "The request target's " + std::string(what) + ".");
}

} // namespace

std::optional<std::string_view> target::param(std::string_view name) const {
  auto found = std::find_if(params.begin(), params.end(), [&](const auto& p) { return p.first == name; });
  if (found == params.end()) return std::nullopt;
  return found->second;
}

std::string plain_target(std::string_view text) {
  auto path_end = std::min(text.find('?'), text.size());
  std::string out;
  out.reserve(text.size());
  for (size_t i = 0; i < path_end; ++i) {
    int high = text[i] == '%' && i + 2 < path_end ? hex(text[i + 1]) : -1, low = high >= 0 ? hex(text[i + 2]) : -1;
    auto c = low >= 0 ? static_cast<char>(high * 16 + low) : text[i];
    bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.' ||
                 c == '_' || c == '~';
    if (low < 0 || !plain) {
      out += text[i];
      continue;
    }
    out += c;
    i += 2;
  }
  return out.append(text.substr(path_end));
}

caf::expected<target> parse_target(std::string_view text) {
  if (text.empty() || text[0] != '/') return malformed("path does not begin with a slash");
  if (text.find('#') != text.npos)
    return malformed("fragment does not belong there: remove '#' and what follows, or write %23");
  target out;
  auto question = text.find('?');
  auto path = text.substr(1, question == text.npos ? text.npos : question - 1);
  std::string piece;
  while (text.size() > 1 && question != 1) {
    auto slash = path.find('/');
    if (!decode(path.substr(0, slash), false, piece))
      return malformed("path has a percent sequence that is not UTF-8 text");
    if (piece == "." || piece == "..") return malformed("path has a dot segment: write it without");
    if (out.segments.size() == segments_max) return malformed("path has more than 32 segments");
    out.segments.push_back(piece);
    if (slash == path.npos) break;
    path.remove_prefix(slash + 1);
  }
  if (question == text.npos) return out;
  auto query = text.substr(question + 1);
  while (!query.empty()) {
    auto amp = query.find('&');
    auto pair = query.substr(0, amp);
    if (!pair.empty()) {
      auto equals = pair.find('=');
      if (out.params.size() == params_max) return malformed("query has more than 64 parameters");
      auto& [name, value] = out.params.emplace_back();
      if (!decode(pair.substr(0, equals), true, name) ||
          (equals != pair.npos && !decode(pair.substr(equals + 1), true, value)))
        return malformed("query has a percent sequence that is not UTF-8 text");
    }
    if (amp == query.npos) break;
    query.remove_prefix(amp + 1);
  }
  return out;
}

} // namespace qrwell::http
