#include "config/finish.hpp"

#include "config/expand.hpp"
#include "config/options.hpp"
#include "config/suggest.hpp"
#include "config/values.hpp"
#include "messages/errors.hpp"
#include "runtime/plan/windows.hpp"
#include "runtime/qr/link_code.hpp"

#include <filesystem>
#include <unistd.h>

namespace qrwell::config {
namespace {

std::string entry(std::string_view list, size_t index) {
  return fmt::format("{}[{}]", list, index);
}

std::string sentence(const caf::error& err) {
  return err.context().match_elements<std::string>() ? err.context().get_as<std::string>(0) : render(err);
}

void check_node(const settings& s, problems& found) {
  for (auto role : {"frontend", "request", "stock"})
    if (std::find(s.node.roles.begin(), s.node.roles.end(), role) == s.node.roles.end())
      found.add("node.roles", fmt::format("a node without the role {} is not available in this version", role),
                "[frontend, request, stock]");
  if (!is_loopback(s.node.caf_listen.host))
    found.add("node.caf_listen",
              fmt::format("{} is an address that other machines reach, and this port asks nobody who "
                          "they are",
                          s.node.caf_listen.host),
              "127.0.0.1, [::1] or localhost");
  // The nearest folder that exists decides whether the rest can be made.
  std::error_code err;
  auto dir = std::filesystem::absolute(s.node.data_dir, err).lexically_normal();
  while (dir.has_relative_path() && !std::filesystem::exists(std::filesystem::symlink_status(dir, err)))
    dir = dir.parent_path();
  if (!std::filesystem::is_directory(dir, err))
    found.add("node.data_dir", fmt::format("cannot be made, {} is no folder", dir.string()));
  else if (::access(dir.c_str(), W_OK | X_OK) != 0)
    found.add("node.data_dir", fmt::format("cannot be used, no right to write in {}", dir.string()));
}

void check_http(const settings& s, problems& found) {
  if (!is_loopback(s.http.admin_listen.host) && !s.http.admin_public)
    found.add("http.admin_listen", fmt::format("{} is an address that other machines reach", s.http.admin_listen.host),
              "127.0.0.1, [::1] or localhost, or any with http.admin_public: true");
  auto same = [](const endpoint& a, const endpoint& b) { return a.port != 0 && a == b; };
  if (same(s.http.listen, s.http.admin_listen)) found.add("http.admin_listen", "the same as http.listen");
  if (same(s.node.caf_listen, s.http.listen) || same(s.node.caf_listen, s.http.admin_listen))
    found.add("node.caf_listen", "the same as one of http");
  if (s.wechat.hosts.empty()) found.add("wechat.hosts", "the list is empty", "at least one host");
}

void read_secret(app_settings& app, const std::string& path, const places& where, problems& found) {
  auto inline_given = where.given(path + ".secret"), file_given = where.given(path + ".secret_file");
  if (inline_given == file_given) {
    found.add(inline_given ? path + ".secret_file" : path,
              inline_given ? "secret is given as well" : "the AppSecret is missing", "one of secret and secret_file");
    return;
  }
  if (!file_given || app.secret_file.empty()) return;
  auto read = read_secret_file(app.secret_file);
  if (!read) return found.add(path + ".secret_file", sentence(read.error()));
  if (!read->warning.empty()) found.warn(path + ".secret_file", read->warning);
  for (auto& o : options()) {
    if (o.path != "apps[].secret") continue;
    auto problem = put(o, slot{&app.secret}, read->value.reveal());
    if (!problem.empty()) found.add(path + ".secret_file", problem, o.form);
  }
}

void check_apps(settings& s, const places& where, problems& found) {
  for (size_t i = 0; i < s.apps.size(); ++i) {
    auto& app = s.apps[i];
    auto path = entry("apps", i);
    for (size_t j = 0; j < i; ++j) {
      if (!app.name.empty() && s.apps[j].name == app.name)
        found.add(path + ".name", fmt::format("\"{}\" is the name of {} too", app.name, entry("apps", j)),
                  "a name of its own for each app");
      // Two books over one account would spend its quota twice.
      if (!app.appid.empty() && s.apps[j].appid == app.appid)
        found.add(path + ".appid", fmt::format("{} has this appid too", entry("apps", j)), "each account once");
    }
    if (app.live_reserve >= app.per_minute)
      found.add(path + ".live_reserve",
                fmt::format("{} leaves nothing of {} to stocking", app.live_reserve, app.per_minute),
                "less than per_minute");
    read_secret(app, path, where, found);
    auto used = std::any_of(s.pools.begin(), s.pools.end(), [&](auto& pool) { return pool.app == app.name; });
    if (!used && !app.name.empty()) found.warn(path, "no pool uses this app");
  }
}

void check_windows(const pool_settings& pool, const std::string& path, problems& found) {
  if (auto zone = parse_windows({}, pool.timezone); !zone) found.add(path + ".timezone", sentence(zone.error()));
  // One by one, so that each wrong line is named with its place.
  for (size_t i = 0; i < pool.windows.size(); ++i)
    if (auto line = parse_windows({pool.windows[i]}, "UTC"); !line)
      found.add(fmt::format("{}.windows[{}]", path, i), sentence(line.error()));
}

void check_links(const pool_settings& pool, const std::string& path, problems& found) {
  auto link = std::find(pool.on_empty.begin(), pool.on_empty.end(), "link") != pool.on_empty.end();
  if (link && pool.link_prefixes.empty())
    found.add(path + ".on_empty", "\"link\" without link_prefixes: there is no text to draw",
              "link only beside link_prefixes");
  // Without stock there are no first codes that would show the look to be right, and live codes wait for these.
  if (pool.stock.high == 0 && pool.on_empty != std::vector<std::string>{"link"})
    found.add(path + ".stock.high", "0 makes a pool of link codes alone", "0 only with on_empty: [link]");
  if (!pool.link_prefixes.empty() && pool.link_prefixes.front().size() > link_prefix_bytes_small)
    found.warn(path + ".link_prefixes",
               fmt::format("\"{}\" has {} bytes: with {} or fewer a link code has 29 modules a side (version 3), with "
                           "more it has more and is harder to scan when it is printed small",
                           pool.link_prefixes.front(), pool.link_prefixes.front().size(), link_prefix_bytes_small));
  if (pool.link_verify_dir.empty()) return;
  std::error_code err;
  if (!std::filesystem::is_directory(pool.link_verify_dir, err))
    found.add(path + ".link_verify_dir", fmt::format("{} is no folder", pool.link_verify_dir),
              "a folder that is there");
  else if (pool.link_prefixes.empty())
    found.add(path + ".link_verify_dir", "without link_prefixes there is nowhere to serve it");
}

void check_pools(const settings& s, problems& found) {
  std::vector<std::string> apps;
  for (auto& app : s.apps) apps.push_back(app.name);
  for (size_t i = 0; i < s.pools.size(); ++i) {
    auto& pool = s.pools[i];
    auto path = entry("pools", i);
    for (size_t j = 0; j < i; ++j)
      if (!pool.name.empty() && s.pools[j].name == pool.name)
        found.add(path + ".name", fmt::format("\"{}\" is the name of {} too", pool.name, entry("pools", j)),
                  "a name of its own for each pool");
    if (!pool.app.empty() && s.app(pool.app) == nullptr)
      found.add(path + ".app", fmt::format("there is no app \"{}\"{}", pool.app, did_you_mean(pool.app, apps)),
                "the name of one of apps");
    auto& stock = pool.stock;
    if (stock.low > stock.high)
      found.add(path + ".stock.low", fmt::format("{} is more than stock.high, which is {}", stock.low, stock.high),
                "at most stock.high");
    if (stock.reserve > stock.low)
      found.add(path + ".stock.reserve",
                fmt::format("{} is more than stock.low, which is {}", stock.reserve, stock.low), "at most stock.low");
    check_windows(pool, path, found);
    check_links(pool, path, found);
  }
  if (s.pools.empty()) found.warn("pools", "there is no pool: this node resolves what was issued and issues nothing");
}

void check_limits(const settings& s, problems& found) {
  const auto& l = s.limits;
  if (l.batch_bytes_max < l.body_bytes_max)
    found.add("limits.batch_bytes_max", fmt::format("{} bytes are less than limits.body_bytes_max", l.batch_bytes_max),
              "at least limits.body_bytes_max");
  if (l.live_deadline_ms < l.request_deadline_ms)
    found.add("limits.live_deadline",
              fmt::format("{} ms are less than limits.request_deadline, which is {} ms", l.live_deadline_ms,
                          l.request_deadline_ms),
              "at least limits.request_deadline");
  if (l.persister_waiting_max < l.group_max)
    found.add("limits.persister_waiting_max",
              fmt::format("{} is less than limits.group_max, which is {}", l.persister_waiting_max, l.group_max),
              "at least limits.group_max");
}

} // namespace

void derive(app_settings& app, const places& where, const std::string& path) {
  if (!where.given(path + ".live_reserve")) app.live_reserve = app.per_minute / 25;
}

void derive(pool_settings& pool, const places& where, const std::string& path) {
  auto& stock = pool.stock;
  auto stock_path = path + ".stock";
  auto high_given = where.given(stock_path + ".high");
  if (!where.given(stock_path + ".low") && high_given) stock.low = std::min(stock.low, stock.high / 10);
  if (!high_given) stock.high = std::max<uint64_t>(1, stock.low * 10);
  if (!where.given(stock_path + ".reserve")) stock.reserve = stock.low / 10;
}

void derive(settings& s, const places& where) {
  auto in_data = [&](const char* path, std::string& field, const char* leaf) {
    if (!where.given(path)) field = s.node.data_dir + (s.node.data_dir.ends_with('/') ? "" : "/") + leaf;
  };
  in_data("keys.mac_file", s.keys.mac_file, "mac.keys");
  in_data("store.sqlite", s.store.sqlite, "qrwell.db");
  in_data("images.dir", s.images.dir, "images");
  if (!where.given("http.public_url")) s.http.public_url = "http://" + to_string(s.http.listen);
  for (size_t i = 0; i < s.apps.size(); ++i) derive(s.apps[i], where, entry("apps", i));
  for (size_t i = 0; i < s.pools.size(); ++i) derive(s.pools[i], where, entry("pools", i));
}

void check_all(settings& s, const places& where, problems& found) {
  check_node(s, found);
  check_http(s, found);
  check_apps(s, where, found);
  check_pools(s, found);
  check_limits(s, found);
}

settings default_settings() {
  settings s;
  set_defaults(record{&s, nullptr, nullptr}, "");
  derive(s, places{});
  return s;
}

app_settings default_app() {
  app_settings app;
  set_defaults(record{nullptr, &app, nullptr}, "apps[]");
  derive(app, places{}, "apps[0]");
  return app;
}

pool_settings default_pool() {
  pool_settings pool;
  set_defaults(record{nullptr, nullptr, &pool}, "pools[]");
  derive(pool, places{}, "pools[0]");
  return pool;
}

} // namespace qrwell::config
