#include "actors/bulk_server/query_params.hpp"

#include "runtime/keys/key_ring.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace qrwell {
namespace {

constexpr size_t text_bytes_max = 256; // longer than any owner, pool or tag

caf::error wrong(std::string sentence) {
  return fail(ec::invalid_request, std::move(sentence));
}

caf::expected<std::string> read_text(const http::target& target, std::string_view name) {
  auto text = target.param(name);
  if (!text) return std::string();
  if (text->empty() || text->size() > text_bytes_max)
    return wrong(fmt::format("{}: must have 1 to {} bytes, or be left out", name, text_bytes_max));
  return std::string(*text);
}

} // namespace

caf::expected<std::string> read_tag(const http::target& target) {
  return read_text(target, "tag");
}

caf::expected<rows_seen> read_rows_seen(const http::target& target, const api_key& key) {
  auto owner = read_text(target, "owner");
  if (!owner) return std::move(owner.error());
  auto pool = read_text(target, "pool");
  if (!pool) return std::move(pool.error());
  rows_seen out;
  if (!pool->empty()) out.pools.push_back(*pool);
  if (is_admin(key)) {
    out.owner = std::move(*owner);
    return out;
  }
  if (auto err = permit_scope(key, scope_read)) return err;
  if (!owner->empty() && *owner != key.owner)
    return fail(ec::forbidden, fmt::format("owner: the key '{}' sees what '{}' owns; only an admin names another",
                                           key.name, key.owner));
  if (!pool->empty()) {
    if (auto err = permit_pool(key, *pool)) return err;
  } else {
    out.pools = key.pools;
  }
  out.owner = key.owner;
  return out;
}

} // namespace qrwell
