#include "runtime/logging/line.hpp"

#include "runtime/http/utf8.hpp"

#include <cmath>
#include <ctime>

namespace qrwell::log {
namespace {

constexpr std::array<std::string_view, 6> names{"trace", "debug", "info", "warn", "error", "off"};

void append_time(std::string& out, int64_t unix_ms, bool with_date) {
  auto seconds = static_cast<std::time_t>(unix_ms / 1'000);
  std::tm t{};
  ::gmtime_r(&seconds, &t);
  if (with_date) out += fmt::format("{:04}-{:02}-{:02}T", t.tm_year + 1'900, t.tm_mon + 1, t.tm_mday);
  out += fmt::format("{:02}:{:02}:{:02}.{:03}{}", t.tm_hour, t.tm_min, t.tm_sec, unix_ms % 1'000, with_date ? "Z" : "");
}

template <class Number>
void append_number(std::string& out, Number x) {
  char digits[32];
  auto [end, err] = std::to_chars(digits, digits + sizeof(digits), x);
  out.append(digits, end);
}

// At most value_bytes_max, cut where a character begins.
std::string_view cut(std::string_view text) {
  if (text.size() <= field::value_bytes_max) return text;
  auto size = field::value_bytes_max;
  while (size > field::value_bytes_max - 4 && (static_cast<unsigned char>(text[size]) & 0xc0u) == 0x80u) --size;
  return text.substr(0, size);
}

void append_escaped(std::string& out, std::string_view text) {
  constexpr std::string_view hex = "0123456789abcdef";
  auto shown = cut(text);
  for (auto rest = shown; !rest.empty();) {
    auto c = static_cast<unsigned char>(rest[0]);
    auto size = http::utf8_length(rest);
    if (c == '"' || c == '\\')
      (out += '\\') += rest[0];
    else if (c == '\n')
      out += "\\n";
    else if (c == '\r')
      out += "\\r";
    else if (c == '\t')
      out += "\\t";
    else if (c < 0x20 || c == 0x7f)
      ((out += "\\u00") += hex[c >> 4]) += hex[c & 15];
    else if (size == 0)
      out += "\xef\xbf\xbd";
    // C1 controls and the line separators end a line, or steer a terminal, in some readers.
    else if (size == 2 && c == 0xc2 && static_cast<unsigned char>(rest[1]) < 0xa0)
      ((out += "\\u00") += hex[static_cast<unsigned char>(rest[1]) >> 4]) +=
          hex[static_cast<unsigned char>(rest[1]) & 15];
    else if (rest.starts_with("\xe2\x80\xa8"))
      out += "\\u2028";
    else if (rest.starts_with("\xe2\x80\xa9"))
      out += "\\u2029";
    else
      out += rest.substr(0, size);
    rest.remove_prefix(size == 0 ? 1 : size);
  }
  if (shown.size() < text.size()) out += "...";
}

bool needs_quotes(std::string_view text) {
  return text.empty() || std::any_of(text.begin(), text.end(), [](char c) {
           auto u = static_cast<unsigned char>(c);
           return u <= ' ' || u >= 0x7f || c == '"' || c == '\\' || c == '=';
         });
}

std::string_view color_of(level x) {
  switch (x) {
  case level::error:
    return "\x1b[31m";
  case level::warn:
    return "\x1b[33m";
  case level::info:
    return "\x1b[32m";
  default:
    return "\x1b[90m";
  }
}

} // namespace

level to_level(std::string_view word) noexcept {
  for (size_t i = 0; i < names.size(); ++i)
    if (names[i] == word) return static_cast<level>(i);
  return level::info;
}

std::string_view to_string(level x) noexcept {
  return names[static_cast<size_t>(x)];
}

void append_quoted(std::string& out, std::string_view text) {
  out += '"';
  append_escaped(out, text);
  out += '"';
}

void field::append_json(std::string& out) const {
  std::visit(
      [&](auto x) {
        if constexpr (std::same_as<decltype(x), bool>)
          out += x ? "true" : "false";
        else if constexpr (std::same_as<decltype(x), std::string_view>)
          append_quoted(out, x);
        else if constexpr (std::same_as<decltype(x), double>)
          std::isfinite(x) ? append_number(out, x) : static_cast<void>(out += "null");
        else
          append_number(out, x);
      },
      value_);
}

void field::append_text(std::string& out) const {
  auto text = std::get_if<std::string_view>(&value_);
  if (text != nullptr && !needs_quotes(*text))
    out += cut(*text);
  else
    append_json(out);
}

std::string to_json(const line& x) {
  std::string out;
  out.reserve(192);
  out += R"({"ts":")";
  append_time(out, x.unix_ms, true);
  (out += R"(","level":")") += to_string(x.severity);
  out += R"(","msg":)";
  append_quoted(out, x.message);
  for (auto part : {x.origin, x.fields}) {
    for (auto& f : part) {
      out += ',';
      append_quoted(out, f.key());
      out += ':';
      f.append_json(out);
    }
  }
  return out += '}';
}

std::string to_text(const line& x, bool colored) {
  std::string out;
  out.reserve(160);
  append_time(out, x.unix_ms, false);
  out += ' ';
  if (colored) out += color_of(x.severity);
  out += fmt::format("{:<5}", to_string(x.severity));
  if (colored) out += "\x1b[0m";
  out += ' ';
  append_escaped(out, x.message);
  for (auto part : {x.origin, x.fields}) {
    for (auto& f : part) {
      out += colored ? " \x1b[36m" : " ";
      append_escaped(out, f.key());
      out += colored ? "=\x1b[0m" : "=";
      f.append_text(out);
    }
  }
  return out;
}

std::string render(const line& x, format how) {
  return how == format::json ? to_json(x) : to_text(x, how == format::colored_text);
}

} // namespace qrwell::log
