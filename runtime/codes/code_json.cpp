#include "runtime/codes/code_json.hpp"

#include "runtime/codes/query_text.hpp"
#include "runtime/http/json.hpp"
#include "runtime/ids/hash.hpp"

#include <boost/json/serialize.hpp>

namespace qrwell {
namespace {

void put_text(std::string& out, std::string_view name, std::string_view text) {
  out += ",\"";
  out += name;
  out += "\":";
  append_json_string(out, text);
}

void put_time(std::string& out, std::string_view name, int64_t ms) {
  out += ",\"";
  out += name;
  out += "\":";
  if (ms == 0) {
    out += "null";
  } else {
    out += '"';
    out += http::format_time(ms);
    out += '"';
  }
}

// `json` is JSON already: it was checked when it was stored.
void put_json(std::string& out, std::string_view name, std::string_view json, std::string_view otherwise) {
  out += ",\"";
  out += name;
  out += "\":";
  out += json.empty() ? otherwise : json;
}

void put_number(std::string& out, std::string_view name, uint64_t number) {
  out += ",\"";
  out += name;
  out += "\":";
  out += std::to_string(number);
}

// What a change replaced is stored with times as numbers; clients see times as everywhere else.
std::string shown_change(const std::string& doc) {
  if (doc.find("expires_ms") == doc.npos) return doc;
  auto value = http::parse_json(doc);
  auto* members = value ? value->if_object() : nullptr;
  auto* expires = members ? members->if_contains("expires_ms") : nullptr;
  if (!expires) return doc;
  boost::json::value shown = nullptr;
  if (expires->is_int64()) shown = boost::json::string(http::format_time(expires->get_int64()));
  members->erase("expires_ms");
  members->insert_or_assign("expires_at", std::move(shown));
  return boost::json::serialize(*value);
}

void put_everything(std::string& out, const code_view& code, const code_record& record) {
  put_text(out, "url", target_url(code.path, code.query));
  put_text(out, "owner", code.owner);
  put_number(out, "generation", code.gen_id);
  put_time(out, "changed_at", code.changed_ms);
  put_time(out, "stocked_at", code.stocked_ms);
  put_time(out, "fetched_at", code.fetched_ms);
  if (!code.reason.empty()) put_text(out, "reason", code.reason);
  if (!code.image_format.empty()) {
    out += ",\"image\":{\"type\":\"";
    out += image_type(code.image_format);
    out += '"';
    put_number(out, "bytes", code.image_bytes);
    put_text(out, "sha256", to_hex(code.image_sha));
    out += '}';
  }
  uint64_t total = 0;
  for (const auto& scan : record.scans) total += scan.count;
  out += ",\"scans\":{\"total\":" + std::to_string(total) + ",\"by_launch\":{";
  bool first = true;
  for (const auto& scan : record.scans) {
    out += first ? "\"" : ",\"";
    first = false;
    out += std::to_string(scan.launch) + "\":" + std::to_string(scan.count);
  }
  out += "}},\"history\":[";
  first = true;
  for (const auto& entry : record.history) {
    out += first ? "{\"version\":" : ",{\"version\":";
    first = false;
    out += std::to_string(entry.version);
    put_text(out, "op", entry.op);
    put_time(out, "at", entry.at_ms);
    put_text(out, "actor", entry.actor);
    put_text(out, "request_id", entry.request_id);
    put_json(out, "change", shown_change(entry.doc), "null");
    out += '}';
  }
  out += ']';
}

} // namespace

std::string_view image_type(std::string_view format) noexcept {
  return format == "png" ? "image/png" : "image/jpeg";
}

std::string_view kind_word(code_kind kind) noexcept {
  switch (kind) {
  case code_kind::wxacode:
    return "wxacode";
  case code_kind::link:
    return "link";
  case code_kind::imported:
    return "imported";
  }
  return "unknown";
}

std::string_view state_word(const code_view& code, int64_t now_ms) noexcept {
  switch (code.state) {
  case code_state::stocked:
    return "stocked";
  case code_state::bound:
    return code.expires_ms != 0 && code.expires_ms <= now_ms ? "expired" : "bound";
  case code_state::revoked:
    return "revoked";
  case code_state::dead:
    return "dead";
  }
  return "unknown";
}

void append_code_json(std::string& out, const code_view& code, const code_context& context) {
  out += "{\"id\":\"";
  out += code.id; // [-0-9A-Z_a-z]
  out += '"';
  put_text(out, "pool", code.pool);
  put_text(out, "kind", kind_word(code.kind));
  put_text(out, "state", state_word(code, context.now_ms));
  put_number(out, "version", code.version);
  put_text(out, "path", code.path);
  put_json(out, "query", code.query, "null");
  put_json(out, "tags", code.tags, "[]");
  out += ",\"image_url\":\"";
  out += context.public_url;
  out += "/v1/codes/";
  out += code.id;
  out += "/image\"";
  if (!code.link_prefix.empty()) put_text(out, "scan_url", code.link_prefix + code.id);
  if (!context.rung.empty()) put_text(out, "rung", context.rung);
  put_time(out, "created_at", code.bound_ms);
  put_time(out, "expires_at", code.expires_ms);
  if (context.record) put_everything(out, code, *context.record);
  out += '}';
}

} // namespace qrwell
