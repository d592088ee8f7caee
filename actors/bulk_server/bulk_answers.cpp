#include "actors/bulk_server/bulk_answers.hpp"

#include "actors/bulk_server/list_cursor.hpp"
#include "actors/bulk_server/stats_request.hpp"
#include "runtime/codes/code_json.hpp"
#include "runtime/http/json.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

namespace qrwell {
namespace {

namespace json = boost::json;

json::object row_json(const stats_row& row, uint8_t by) {
  json::object out;
  if (by & stats_by_hour) out["hour"] = http::format_time(row.at_ms);
  if (by & stats_by_day) out["day"] = http::format_time(row.at_ms);
  if (by & stats_by_pool) out["pool"] = row.pool;
  if (by & stats_by_owner) out["owner"] = row.owner;
  if (by & stats_by_tag) out["tag"] = row.tag;
  if (by & stats_by_launch) out["launch"] = row.launch;
  out["issued"] = row.issued;
  out["scanned"] = row.scanned;
  return out;
}

} // namespace

std::string list_json(const code_list& asked, const code_page& page, std::string_view public_url) {
  code_context context;
  context.public_url = public_url;
  context.now_ms = page.now_ms;
  std::string out = "{\"codes\":[";
  for (const auto& code : page.codes) {
    if (out.back() != '[') out += ',';
    append_code_json(out, code, context);
  }
  // base64url needs no escaping
  out += page.more ? "],\"next_cursor\":\"" + write_cursor(asked, page) + "\"}" : "],\"next_cursor\":null}";
  return out;
}

std::string stats_json(const stats_query& asked, const stats_rows& rows) {
  json::array by, list;
  for (const auto& [word, bit] : stats_words)
    if (asked.by & bit) by.push_back(json::string(json::string_view(word.data(), word.size())));
  for (const auto& row : rows.rows) list.push_back(row_json(row, asked.by));
  return http::json_text(json::object{{"from", http::format_time(asked.from_ms)},
                                      {"to", http::format_time(asked.to_ms)},
                                      {"by", std::move(by)},
                                      {"rows", std::move(list)},
                                      {"cut", rows.cut}});
}

} // namespace qrwell
