#include "actors/scan_server/scan_ask.hpp"

#include "runtime/http/target.hpp"
#include "runtime/qr/link_text.hpp"

#include <charconv>

namespace qrwell {
namespace {

uint32_t launch_of(std::optional<std::string_view> text) {
  uint32_t launch = 0;
  if (!text || std::from_chars(text->data(), text->data() + text->size(), launch).ec != std::errc{}) return 0;
  return launch;
}

caf::expected<std::string> id_in_link(std::optional<std::string_view> q) {
  if (!q || q->empty()) return fail(ec::invalid_request, "q: must be the whole link that was scanned, percent-encoded");
  auto id = id_of_link(*q);
  if (!id) return fail(ec::unknown_code, "no code has this link: it does not end with an id");
  return *id;
}

/// WeChat hands over the page's own query as one value: "scene=<id>" of a code, "q=<link>" of a link.
caf::expected<std::string> id_in_page_query(std::string_view query) {
  auto page = http::parse_target("/?" + std::string(query));
  if (!page) return fail(ec::invalid_request, "query: cannot be read: " + sentence_of(page.error()));
  // WeChat encodes the scene of a code once more.
  if (auto scene = page->param("scene")) {
    auto decoded = http::parse_target("/?x=" + std::string(*scene));
    return std::string(decoded ? decoded->param("x").value_or("") : *scene);
  }
  if (auto q = page->param("q")) return id_in_link(q);
  return fail(ec::invalid_request, "query: must hold 'scene' or 'q', as the page gets them");
}

} // namespace

caf::expected<scan_ask> read_scan(const http_request& request, const http::link_prefixes& links) {
  auto target = http::parse_target(request.target);
  if (!target) return fail(ec::invalid_request, sentence_of(target.error()));
  scan_ask out;
  const auto& parts = target->segments;
  auto under_v1 = [&](std::string_view name, size_t size) {
    return parts.size() == size && parts[0] == "v1" && parts[1] == name;
  };
  if (under_v1("scenes", 3)) {
    out.id = parts[2];
    out.launch = launch_of(target->param("launch"));
  } else if (under_v1("scenes", 2)) {
    auto id = id_in_link(target->param("q"));
    if (!id) return std::move(id.error());
    out.id = std::move(*id);
    out.launch = launch_of(target->param("launch"));
  } else if (under_v1("prefetch", 2)) {
    auto query = target->param("query");
    if (!query) return fail(ec::invalid_request, "query: is missing; WeChat sends it with a data pre-fetch");
    auto id = id_in_page_query(*query);
    if (!id) return std::move(id.error());
    out.id = std::move(*id);
    out.launch = launch_of(target->param("scene"));
  } else if (auto file = links.file_behind(request.host, request.target)) {
    out.id = std::move(*file);
    out.form = scan_form::file;
  } else if (parts.size() == 2 && parts[0] == "q") {
    out.id = parts[1];
    out.form = scan_form::landing;
  } else if (auto id = links.id_behind(request.host, request.target)) {
    out.id = std::string(*id);
    out.form = scan_form::landing;
  } else {
    return fail(ec::not_found, "there is nothing under this path");
  }
  return out;
}

} // namespace qrwell
