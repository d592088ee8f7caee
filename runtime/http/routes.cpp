#include "runtime/http/routes.hpp"

namespace qrwell::http {
namespace {

constexpr unsigned bit(http_method m) {
  return 1u << static_cast<unsigned>(m);
}
constexpr unsigned get = bit(http_method::get) | bit(http_method::head), post = bit(http_method::post),
                   del = bit(http_method::del), patch = bit(http_method::patch);

struct row {
  std::string_view pattern; ///< * is one segment that is not empty
  unsigned methods;
  request_class cls;
  bool admin_only = false;
};

// Every call of the API, the most frequent first. A pattern stands once for each class that serves it.
constexpr row table[] = {
    {"/v1/scenes/*", get, request_class::scan},
    {"/v1/scenes", get, request_class::scan},
    {"/v1/prefetch", get, request_class::scan},
    {"/q/*", get, request_class::scan},
    {"/v1/codes", post, request_class::issue},
    {"/v1/codes", get, request_class::bulk},
    {"/v1/stats", get, request_class::bulk},
    {"/v1/codes/batch", post, request_class::batch},
    {"/v1/codes/*", get | patch | del, request_class::code},
    {"/v1/codes/*/image", get, request_class::code},
    {"/v1/export", get, request_class::transfer},
    {"/v1/import", post, request_class::transfer},
    {"/v1/exports", post, request_class::transfer},
    {"/v1/imports", post, request_class::transfer},
    {"/v1/imports/*", patch, request_class::transfer},
    {"/v1/jobs", get, request_class::transfer},
    {"/v1/jobs/*", get | del, request_class::transfer},
    {"/v1/jobs/*/resume", post, request_class::transfer},
    {"/v1/jobs/*/file", get, request_class::transfer},
    {"/v1/jobs/*/bad-rows", get, request_class::transfer},
    {"/v1/pools", get, request_class::admin},
    {"/v1/pools/*", get, request_class::admin},
    {"/v1/pools/*/pause", post, request_class::admin},
    {"/v1/pools/*/resume", post, request_class::admin},
    {"/v1/pools/*/fill", post, request_class::admin},
    {"/v1/apps", get, request_class::admin},
    {"/v1/apps/*/token/refresh", post, request_class::admin},
    {"/v1/nodes", get, request_class::admin},
    {"/v1/actors", get, request_class::admin},
    {"/openapi.json", get, request_class::admin},
    {"/v1/keys", get | post, request_class::admin, true},
    {"/v1/keys/*", del, request_class::admin, true},
    {"/v1/keys/*/rotate", post, request_class::admin, true},
    {"/v1/audit", get, request_class::admin, true},
    {"/v1/status", get, request_class::admin, true},
    {"/v1/verify", post, request_class::admin, true},
    {"/healthz", get, request_class::admin, true},
    {"/readyz", get, request_class::admin, true},
    {"/version", get, request_class::admin, true},
    {"/metrics", get, request_class::admin, true},
    {"/", get, request_class::admin, true},
};

bool matches(std::string_view pattern, std::string_view path) noexcept {
  size_t p = 0, t = 0;
  for (; p < pattern.size(); ++p) {
    if (pattern[p] != '*') {
      if (t >= path.size() || path[t] != pattern[p]) return false;
      ++t;
      continue;
    }
    auto end = std::min(path.find('/', t), path.size());
    if (end == t) return false;
    t = end;
  }
  return t == path.size();
}

std::string allow_of(unsigned methods) {
  std::string out;
  auto add = [&](http_method m, const char* name) {
    if (methods & bit(m)) out += name;
  };
  add(http_method::get, "GET, ");
  add(http_method::head, "HEAD, ");
  add(http_method::post, "POST, ");
  add(http_method::patch, "PATCH, ");
  add(http_method::del, "DELETE, ");
  return out + "OPTIONS";
}

} // namespace

std::string_view to_string(request_class c) noexcept {
  constexpr std::string_view names[request_classes] = {"scan", "issue", "batch", "code", "bulk", "transfer", "admin"};
  return names[static_cast<size_t>(c)];
}

route find_route(listener_kind listener, http_method method, std::string_view path) {
  route out;
  if (path == "*")
    return {route::verdict::wrong_method, request_class::admin, "GET, HEAD, POST, PATCH, DELETE, OPTIONS"};
  unsigned methods = 0;
  std::string_view pattern; // the first that fits, which is the narrowest
  for (const auto& r : table) {
    if ((r.admin_only && listener != listener_kind::admin) || !matches(r.pattern, path)) continue;
    if (!pattern.empty() && r.pattern != pattern) continue;
    pattern = r.pattern;
    if (r.methods & bit(method)) return {route::verdict::found, r.cls, {}};
    if (methods == 0) out.cls = r.cls;
    methods |= r.methods;
  }
  if (methods != 0) {
    out.what = route::verdict::wrong_method;
    out.allow = allow_of(methods);
  }
  return out;
}

route link_route(http_method method) {
  route out{get & bit(method) ? route::verdict::found : route::verdict::wrong_method, request_class::scan, {}};
  if (out.what == route::verdict::wrong_method) out.allow = allow_of(get);
  return out;
}

bool needs_body(http_method method, std::string_view path) noexcept {
  return method == http_method::patch ||
         (method == http_method::post && (path == "/v1/codes" || path == "/v1/keys" || is_batch(method, path)));
}

bool is_cross_origin(std::string_view path) noexcept {
  return path == "/v1/scenes" || path.starts_with("/v1/scenes/") || path == "/v1/prefetch";
}

bool is_batch(http_method method, std::string_view path) noexcept {
  if (method == http_method::patch) return path.starts_with("/v1/imports/");
  return method == http_method::post && (path == "/v1/codes/batch" || path == "/v1/import" || path == "/v1/imports");
}

} // namespace qrwell::http
