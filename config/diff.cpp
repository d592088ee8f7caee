#include "config/loader.hpp"
#include "config/options.hpp"

namespace qrwell {
namespace {

using config::option;
using config::record;

// The table reaches fields through pointers that may write; reading through them changes nothing.
record of(const settings& s, const app_settings* app = nullptr, const pool_settings* pool = nullptr) {
  return {const_cast<settings*>(&s), const_cast<app_settings*>(app), const_cast<pool_settings*>(pool)};
}

bool same(const config::slot& a, const config::slot& b) {
  return std::visit([&](auto* x) { return *x == *std::get<decltype(x)>(b); }, a);
}

// Calls visit(option, full path, record before, record after) for each option of what both sides have.
template <class Visit>
void for_each_pair(const settings& before, const settings& after, Visit visit) {
  auto entries = [&](std::string_view list, auto& olds, auto& news, auto record_of) {
    auto prefix = std::string(list) + "[].";
    for (auto& old_entry : olds) {
      auto it = std::find_if(news.begin(), news.end(), [&](auto& x) { return x.name == old_entry.name; });
      if (it == news.end()) continue;
      for (auto& o : config::options())
        if (o.path.starts_with(prefix))
          visit(o, fmt::format("{}[{}].{}", list, old_entry.name, o.path.substr(prefix.size())),
                record_of(before, old_entry), record_of(after, *it));
    }
  };
  for (auto& o : config::options())
    if (o.path.find("[].") == std::string_view::npos) visit(o, std::string(o.path), of(before), of(after));
  entries("apps", before.apps, after.apps, [](auto& s, auto& x) { return of(s, &x); });
  entries("pools", before.pools, after.pools, [](auto& s, auto& x) { return of(s, nullptr, &x); });
}

template <class T>
void came_and_went(std::string_view list, const std::vector<T>& olds, const std::vector<T>& news,
                   std::vector<settings_change>& out) {
  auto has = [](const std::vector<T>& all, const std::string& name) {
    return std::any_of(all.begin(), all.end(), [&](auto& x) { return x.name == name; });
  };
  for (auto& x : olds)
    if (!has(news, x.name)) out.push_back({fmt::format("{}[{}]", list, x.name), "present", "absent", false});
  for (auto& x : news)
    if (!has(olds, x.name)) out.push_back({fmt::format("{}[{}]", list, x.name), "absent", "present", false});
}

} // namespace

std::vector<settings_change> diff_settings(const settings& before, const settings& after) {
  std::vector<settings_change> out;
  for_each_pair(before, after,
                [&](const option& o, std::string path, const record& old_record, const record& new_record) {
                  auto was = o.at(old_record), is = o.at(new_record);
                  if (!same(was, is))
                    out.push_back({std::move(path), config::show(o, was), config::show(o, is), o.reloadable});
                });
  came_and_went("apps", before.apps, after.apps, out);
  came_and_went("pools", before.pools, after.pools, out);
  return out;
}

settings reload_settings(const settings& running, const settings& fresh) {
  auto out = running;
  out.warnings = fresh.warnings;
  for_each_pair(out, fresh, [](const option& o, const std::string&, const record& ours, const record& theirs) {
    if (!o.reloadable) return;
    std::visit([&](auto* to) { *to = *std::get<decltype(to)>(o.at(theirs)); }, o.at(ours));
  });
  return out;
}

} // namespace qrwell
