#include "actors/batch_server/batch_request.hpp"

#include "runtime/codes/issue_request.hpp"
#include "runtime/http/json.hpp"
#include "runtime/ids/hash.hpp"

#include <boost/json/monotonic_resource.hpp>

namespace qrwell {
namespace {

namespace json = boost::json;

caf::error wrong(std::string sentence) {
  return fail(ec::invalid_request, std::move(sentence));
}

caf::error read_key(std::string& into, json::object& members) {
  auto* member = members.if_contains("idempotency_key");
  if (!member) return caf::none;
  auto* text = member->if_string();
  if (!text) return wrong("idempotency_key: must be a string of 1 to 128 visible ASCII characters, or left out.");
  into.assign(text->data(), text->size());
  if (auto err = check_idempotency_key(into)) return wrong("idempotency_key: of " + sentence_of(err));
  members.erase("idempotency_key");
  return caf::none;
}

caf::error read_one(issue_item& into, json::value& item, const std::string& derived_key, int64_t wall_ms,
                    const target_limits& limits) {
  auto* members = item.if_object();
  if (!members) return wrong("An item must be a JSON object, e.g. {\"path\": \"pages/house/detail\"}.");
  into.idempotency_key = derived_key;
  if (auto err = read_key(into.idempotency_key, *members)) return err;
  auto issue = read_issue(item, wall_ms, !into.idempotency_key.empty(), limits);
  if (!issue) return std::move(issue.error());
  into.pool = std::move(issue->pool);
  into.path = std::move(issue->path);
  into.query = std::move(issue->query);
  into.tags = std::move(issue->tags);
  into.expires_ms = issue->expires_ms;
  into.expires_after_s = issue->expires_after_s;
  into.reuse_hash = issue->reuse_hash;
  into.body_hash = issue->body_hash;
  into.on_empty_told = issue->on_empty.has_value();
  into.on_empty = issue->on_empty.value_or(0);
  return caf::none;
}

} // namespace

caf::expected<std::vector<read_item>> read_batch(std::string_view body, std::string_view header_key, size_t items_max,
                                                 int64_t wall_ms, const target_limits& limits) {
  constexpr auto example = R"(e.g. {"items": [{"path": "pages/house/detail"}]}.)";
  if (body.empty()) return wrong(std::string("The body is empty; send a JSON object, ") + example);
  json::monotonic_resource memory;
  auto value = http::parse_json(body, &memory);
  if (!value) return std::move(value.error());
  auto* members = value->if_object();
  if (!members) return wrong(std::string("The body must be a JSON object, ") + example);
  for (const auto& member : *members)
    if (member.key() != "items")
      return wrong("'" + std::string(member.key().data(), std::min<size_t>(64, member.key().size())) +
                   "' is not a field of this call; the only one is items.");
  auto* found = members->if_contains("items");
  auto* items = found ? found->if_array() : nullptr;
  if (!items || items->empty() || items->size() > items_max)
    return wrong("items: must be an array of 1 to " + std::to_string(items_max) + " requests, " + example);
  std::string prefix;
  if (!header_key.empty()) prefix = to_hex(sha256(header_key)).substr(0, 32) + '.';
  std::vector<read_item> out(items->size());
  for (size_t i = 0; i < out.size(); ++i)
    out[i].wrong =
        read_one(out[i].asked, (*items)[i], prefix.empty() ? "" : prefix + std::to_string(i), wall_ms, limits);
  return out;
}

} // namespace qrwell
