#include "runtime/codes/query_text.hpp"

#include "runtime/http/json.hpp"

namespace qrwell {
namespace {

namespace json = boost::json;

constexpr char hex_digits[] = "0123456789ABCDEF";

bool unreserved(char c) { // RFC 3986, section 2.3
  return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.' ||
         c == '_' || c == '~';
}

bool is_hex(char c) {
  return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'F') || (c >= 'a' && c <= 'f');
}

void put_encoded(std::string& out, char c) {
  auto byte = static_cast<unsigned char>(c);
  out += '%';
  out += hex_digits[byte >> 4];
  out += hex_digits[byte & 15];
}

void encode_part(std::string& out, std::string_view text) {
  for (char c : text) {
    if (unreserved(c)) {
      out += c;
    } else {
      put_encoded(out, c);
    }
  }
}

// A whole query string: what it separates and what it has encoded already stays as it is (RFC 3986, section 3.4).
void encode_whole(std::string& out, std::string_view text) {
  constexpr std::string_view kept = "!$&'()*+,;=:@/?";
  for (size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    bool escape = c == '%' && i + 2 < text.size() && is_hex(text[i + 1]) && is_hex(text[i + 2]);
    if (unreserved(c) || kept.find(c) != kept.npos || escape) {
      out += c;
    } else {
      put_encoded(out, c);
    }
  }
}

std::string_view view_of(const json::string& s) {
  return {s.data(), s.size()};
}

// Integers as they are, beyond 2^53 too; others as ECMAScript writes them.
// RFC 8259, 6: beyond 2^53 an integer is not the same for every reader, so neither would be the hash of two bodies.
bool is_exact(const json::value& value) {
  constexpr int64_t most = 1LL << 53;
  if (auto* i = value.if_int64()) return *i > -most && *i < most;
  if (auto* u = value.if_uint64()) return *u < static_cast<uint64_t>(most);
  if (auto* d = value.if_double()) return *d > -static_cast<double>(most) && *d < static_cast<double>(most);
  return true;
}

std::string number_text(const json::value& number) {
  if (auto* i = number.if_int64()) return std::to_string(*i);
  if (auto* u = number.if_uint64()) return std::to_string(*u);
  return http::canonical_json(number);
}

caf::error wrong(std::string_view name, std::string_view what) {
  return fail(ec::invalid_request, "query." + std::string(name.substr(0, 64)) + ": " + std::string(what));
}

caf::expected<query_forms> read_object(const json::object& members) {
  query_forms out;
  out.as_sent = "{";
  for (const auto& member : members) {
    std::string_view name(member.key().data(), member.key().size());
    if (name.empty()) return fail(ec::invalid_request, "query: a name must have at least one character.");
    if (out.as_sent.size() > 1) {
      out.as_sent += ',';
      out.encoded += '&';
    }
    append_json_string(out.as_sent, name);
    out.as_sent += ':';
    encode_part(out.encoded, name);
    out.encoded += '=';
    const auto& value = member.value();
    if (auto* text = value.if_string()) {
      append_json_string(out.as_sent, view_of(*text));
      encode_part(out.encoded, view_of(*text));
    } else if (value.is_number() || value.is_bool()) {
      if (!is_exact(value)) return wrong(name, "has a number that JSON readers would round; send it as a string.");
      auto text_of = value.is_bool() ? std::string(value.get_bool() ? "true" : "false") : number_text(value);
      out.as_sent += text_of;
      encode_part(out.encoded, text_of);
    } else {
      return wrong(name, "must be a string, a number or a boolean.");
    }
  }
  out.as_sent += '}';
  return out;
}

} // namespace

void append_json_string(std::string& out, std::string_view text) {
  out += '"';
  for (char c : text) {
    auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (byte >= 0x20) {
      out += c;
    } else if (c == '\n') {
      out += "\\n";
    } else if (c == '\t') {
      out += "\\t";
    } else if (c == '\r') {
      out += "\\r";
    } else {
      out += "\\u00";
      out += hex_digits[byte >> 4];
      out += hex_digits[byte & 15];
    }
  }
  out += '"';
}

caf::expected<query_forms> read_query(const json::value& query, size_t encoded_bytes_max) {
  query_forms out;
  if (auto* members = query.if_object()) {
    auto read = read_object(*members);
    if (!read) return read;
    out = std::move(*read);
  } else if (auto* text = query.if_string()) {
    auto whole = view_of(*text);
    if (whole.starts_with('?')) return fail(ec::invalid_request, "query: leave out the '?' in front of it.");
    if (whole.find('#') != whole.npos) return fail(ec::invalid_request, "query: '#' would end it; write it as %23.");
    append_json_string(out.as_sent, whole);
    encode_whole(out.encoded, whole);
  } else {
    return fail(ec::invalid_request, "query: must be an object of strings, numbers and booleans, or one query string.");
  }
  if (out.encoded.size() > encoded_bytes_max)
    return fail(ec::invalid_request, "query: has " + std::to_string(out.encoded.size()) +
                                         " bytes when it is percent-encoded; at most " +
                                         std::to_string(encoded_bytes_max) + " are allowed.");
  return out;
}

std::string encoded_query(std::string_view as_sent) {
  if (as_sent.empty()) return {};
  auto value = http::parse_json(as_sent);
  if (!value) return {};
  // What was accepted once is shown, whatever the limit is now.
  auto forms = read_query(*value, std::numeric_limits<size_t>::max());
  return forms ? std::move(forms->encoded) : std::string();
}

std::string target_url(std::string_view path, std::string_view query_as_sent) {
  std::string out(path);
  auto query = encoded_query(query_as_sent);
  if (!query.empty()) out += "?" + query;
  return out;
}

} // namespace qrwell
