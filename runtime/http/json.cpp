#include "runtime/http/json.hpp"

#include "runtime/http/words.hpp"

#include <boost/json/basic_parser_impl.hpp>
#include <boost/json/value_stack.hpp>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <set>

namespace qrwell::http {
namespace {

namespace json = boost::json;
using view = json::string_view;
using code = json::error_code;

constexpr size_t depth_max = 32;

// Builds the value as Boost's own parser does, and counts the members that the text has: if the tree has fewer, a key
// came twice.
struct builder {
  static constexpr size_t max_object_size = json::object::max_size();
  static constexpr size_t max_array_size = json::array::max_size();
  static constexpr size_t max_key_size = json::string::max_size();
  static constexpr size_t max_string_size = json::string::max_size();

  json::value_stack stack;
  json::storage_ptr where;
  size_t members = 0;

  bool on_document_begin(code&) {
    stack.reset(where);
    return true;
  }
  bool on_document_end(code&) { return true; }
  bool on_object_begin(code&) { return true; }
  bool on_object_end(size_t n, code&) {
    members += n;
    stack.push_object(n);
    return true;
  }
  bool on_array_begin(code&) { return true; }
  bool on_array_end(size_t n, code&) {
    stack.push_array(n);
    return true;
  }
  bool on_key_part(view s, size_t, code&) {
    stack.push_chars(s);
    return true;
  }
  bool on_key(view s, size_t, code&) {
    stack.push_key(s);
    return true;
  }
  bool on_string_part(view s, size_t, code&) {
    stack.push_chars(s);
    return true;
  }
  bool on_string(view s, size_t, code&) {
    stack.push_string(s);
    return true;
  }
  bool on_number_part(view, code&) { return true; }
  bool on_int64(int64_t i, view, code&) {
    stack.push_int64(i);
    return true;
  }
  bool on_uint64(uint64_t u, view, code&) {
    stack.push_uint64(u);
    return true;
  }
  // Boost 1.81 may be wrong in the last bit; the canonical form must not be.
  bool on_double(double rough, view text, code& err) {
    double exact = 0;
    auto end = text.data() + text.size();
    auto [stop, failure] = std::from_chars(text.data(), end, exact);
    if (failure == std::errc::result_out_of_range && std::abs(rough) < 1) failure = {}; // too small: 0
    if (failure != std::errc() || stop != end || !std::isfinite(exact)) {
      err = json::error::exponent_overflow;
      return false;
    }
    stack.push_double(exact);
    return true;
  }
  bool on_bool(bool b, code&) {
    stack.push_bool(b);
    return true;
  }
  bool on_null(code&) {
    stack.push_null();
    return true;
  }
  bool on_comment_part(view, code&) { return true; }
  bool on_comment(view, code&) { return true; }
};

// Only run on a text that has a key twice, to say which.
struct key_finder : builder {
  std::vector<std::set<std::string, std::less<>>> open;
  std::string part, twice;

  bool on_object_begin(code&) {
    open.emplace_back();
    return true;
  }
  bool on_object_end(size_t, code&) {
    open.pop_back();
    return true;
  }
  bool on_array_end(size_t, code&) { return true; }
  bool on_key_part(view s, size_t, code&) {
    part.append(s.data(), s.size());
    return true;
  }
  bool on_key(view s, size_t, code& err) {
    part.append(s.data(), s.size());
    if (open.back().insert(part).second) {
      part.clear();
      return true;
    }
    twice = part;
    err = json::error::extra_data;
    return false;
  }
  bool on_string_part(view, size_t, code&) { return true; }
  bool on_string(view, size_t, code&) { return true; }
  bool on_int64(int64_t, view, code&) { return true; }
  bool on_uint64(uint64_t, view, code&) { return true; }
  bool on_double(double, view, code&) { return true; }
  bool on_bool(bool, code&) { return true; }
  bool on_null(code&) { return true; }
};

json::parse_options options() {
  json::parse_options o;
  o.max_depth = depth_max;
  return o;
}

std::string place_of(std::string_view text, size_t offset) {
  auto head = text.substr(0, std::min(offset, text.size()));
  auto line = static_cast<size_t>(std::count(head.begin(), head.end(), '\n')) + 1;
  auto start = head.rfind('\n');
  auto column = start == head.npos ? head.size() + 1 : head.size() - start;
  return "line " + std::to_string(line) + ", column " + std::to_string(column);
}

size_t members_of(const json::value& v) {
  size_t n = 0;
  if (auto* o = v.if_object()) {
    n = o->size();
    for (const auto& m : *o) n += members_of(m.value());
  } else if (auto* a = v.if_array()) {
    for (const auto& x : *a) n += members_of(x);
  }
  return n;
}

caf::error duplicate(std::string_view text) {
  json::basic_parser<key_finder> parser(options());
  code err;
  auto used = parser.write_some(false, text.data(), text.size(), err);
  return fail(ec::invalid_request, "JSON: the key \"" + parser.handler().twice.substr(0, 64) +
                                       "\" comes twice in one object, at " + place_of(text, used) + ". Send it once.");
}

// -- canonical form
// ------------------------------------------------------------------------------------------------------------------------

// UTF-16 puts U+10000 and above (surrogates, D800 to DFFF) before U+E000 to U+FFFF; the order of UTF-8 bytes differs
// from it only there.
bool utf16_less(std::string_view a, std::string_view b) {
  auto [x, y] = std::mismatch(a.begin(), a.begin() + static_cast<ptrdiff_t>(std::min(a.size(), b.size())), b.begin());
  if (x == a.end() || y == b.end()) return a.size() < b.size();
  auto p = static_cast<unsigned char>(*x), q = static_cast<unsigned char>(*y);
  bool p_wide = p >= 0xf0, q_wide = q >= 0xf0;
  if (p_wide && (q == 0xee || q == 0xef)) return true;
  if (q_wide && (p == 0xee || p == 0xef)) return false;
  return p < q;
}

void put_string(std::string& out, std::string_view s) {
  out += '"';
  for (char c : s) {
    switch (c) {
    case '"':
      out += "\\\"";
      break;
    case '\\':
      out += "\\\\";
      break;
    case '\b':
      out += "\\b";
      break;
    case '\t':
      out += "\\t";
      break;
    case '\n':
      out += "\\n";
      break;
    case '\f':
      out += "\\f";
      break;
    case '\r':
      out += "\\r";
      break;
    default:
      if (static_cast<unsigned char>(c) < 0x20) {
        constexpr char digits[] = "0123456789abcdef";
        out += "\\u00";
        out += digits[c >> 4];
        out += digits[c & 15];
      } else {
        out += c;
      }
    }
  }
  out += '"';
}

// ECMAScript's Number::toString, which RFC 8785 demands. `digits` times 10^(point - digits.size()) is the number.
void put_double(std::string& out, double d) {
  if (d == 0) { // also -0
    out += '0';
    return;
  }
  char buf[32];
  auto end = std::to_chars(buf, buf + sizeof buf, d, std::chars_format::scientific).ptr;
  std::string_view text(buf, static_cast<size_t>(end - buf));
  if (text[0] == '-') {
    out += '-';
    text.remove_prefix(1);
  }
  auto e = text.find('e');
  int exponent = 0;
  auto power = text.substr(e + 1);
  if (power[0] == '+') power.remove_prefix(1);
  std::from_chars(power.data(), power.data() + power.size(), exponent);
  std::string digits(1, text[0]);
  if (e > 2) digits += text.substr(2, e - 2);
  int count = static_cast<int>(digits.size()), point = exponent + 1;
  if (count <= point && point <= 21) {
    out += digits;
    out.append(static_cast<size_t>(point - count), '0');
  } else if (0 < point && point <= 21) {
    out.append(digits, 0, static_cast<size_t>(point));
    out += '.';
    out.append(digits, static_cast<size_t>(point));
  } else if (-6 < point && point <= 0) {
    out += "0.";
    out.append(static_cast<size_t>(-point), '0');
    out += digits;
  } else {
    out += digits[0];
    if (count > 1) {
      out += '.';
      out.append(digits, 1);
    }
    out += exponent > 0 ? "e+" : "e-";
    out += std::to_string(std::abs(exponent));
  }
}

using members = std::vector<const json::key_value_pair*>;

std::string_view key_of(const json::key_value_pair* m) {
  return {m->key().data(), m->key().size()};
}

void sort_members(members& all) {
  std::sort(all.begin(), all.end(), [](auto* a, auto* b) { return utf16_less(key_of(a), key_of(b)); });
}

// In the canonical form a number is a double, as RFC 8785 says; in the other one whole numbers keep all digits.
template <class Number>
void put_whole(std::string& out, Number n, bool canonical) {
  if (canonical)
    put_double(out, static_cast<double>(n));
  else
    out += std::to_string(n);
}

void put_value(std::string& out, const json::value& v, bool canonical) {
  switch (v.kind()) {
  case json::kind::null:
    out += "null";
    break;
  case json::kind::bool_:
    out += v.get_bool() ? "true" : "false";
    break;
  case json::kind::int64:
    put_whole(out, v.get_int64(), canonical);
    break;
  case json::kind::uint64:
    put_whole(out, v.get_uint64(), canonical);
    break;
  case json::kind::double_:
    if (std::isfinite(v.get_double()))
      put_double(out, v.get_double());
    else
      out += "null"; // JSON has no word for it
    break;
  case json::kind::string:
    put_string(out, {v.get_string().data(), v.get_string().size()});
    break;
  case json::kind::array: {
    out += '[';
    bool first = true;
    for (const auto& x : v.get_array()) {
      if (!std::exchange(first, false)) out += ',';
      put_value(out, x, canonical);
    }
    out += ']';
    break;
  }
  case json::kind::object: {
    members all;
    all.reserve(v.get_object().size());
    for (const auto& m : v.get_object()) all.push_back(&m);
    if (canonical) sort_members(all);
    out += '{';
    bool first = true;
    for (auto* m : all) {
      if (!std::exchange(first, false)) out += ',';
      put_string(out, key_of(m));
      out += ':';
      put_value(out, m->value(), canonical);
    }
    out += '}';
    break;
  }
  }
}

} // namespace

caf::expected<json::value> parse_json(std::string_view text) {
  return parse_json(text, {});
}

caf::expected<json::value> parse_json(std::string_view text, json::storage_ptr where) {
  json::basic_parser<builder> parser(options());
  parser.handler().where = std::move(where);
  code err;
  auto used = parser.write_some(false, text.data(), text.size(), err);
  if (!err && used < text.size()) err = json::error::extra_data;
  if (err)
    return fail(ec::invalid_request,
                "JSON: " + err.message() + " at " + place_of(text, used) + ". Send one JSON text in UTF-8.");
  auto members = parser.handler().members;
  auto out = parser.handler().stack.release();
  if (members_of(out) != members) return duplicate(text);
  return out;
}

std::string canonical_json(const json::value& value) {
  std::string out;
  out.reserve(256);
  put_value(out, value, true);
  return out;
}

std::string json_text(const json::value& value) {
  std::string out;
  put_value(out, value, false);
  return out;
}

bool is_json_type(std::string_view content_type) noexcept {
  auto type = trim(content_type.substr(0, content_type.find(';')));
  return same_word(type, "application/json") || (type.size() > 5 && same_word(type.substr(type.size() - 5), "+json"));
}

} // namespace qrwell::http
