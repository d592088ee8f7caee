#include "config/loader.hpp"

#include "config/expand.hpp"
#include "config/finish.hpp"
#include "config/options.hpp"
#include "config/suggest.hpp"
#include "messages/errors.hpp"

#include <filesystem>
#include <fstream>
#include <yaml-cpp/yaml.h>

namespace qrwell {
namespace config {
namespace {

constexpr size_t file_bytes_max = 1 << 20;
constexpr size_t entries_max = 256; // apps, or pools

std::string join(const std::string& parent, const std::string& key) {
  return parent.empty() ? key : parent + "." + key;
}

int line_of(const YAML::Node& node) {
  return node.Mark().line + 1;
}

std::string sentence(const caf::error& err) {
  return err.context().match_elements<std::string>() ? err.context().get_as<std::string>(0) : render(err);
}

template <class Table>
auto* find_path(const Table& table, const std::string& path) {
  auto it = std::find_if(table.begin(), table.end(), [&](auto& row) { return row.path == path; });
  return it == table.end() ? nullptr : &*it;
}

/// Walks a document beside the option table. `pattern` is a path as in the table, `path` the one in this file.
class reader {
public:
  reader(settings& out, places& where, problems& found)
      : out_(out)
      , where_(where)
      , found_(found) {}

  void read(const YAML::Node& root) { read_map(root, "", "", record{&out_, nullptr, nullptr}); }

private:
  void read_map(const YAML::Node& map, const std::string& pattern, const std::string& path, const record& r) {
    if (!map.IsMap() && !map.IsNull())
      return found_.add_at(line_of(map), path, "this holds options", "KEY: VALUE lines");
    std::map<std::string, int> seen;
    for (auto pair : map) {
      if (!pair.first.IsScalar()) {
        found_.add_at(line_of(pair.first), path, "a key that is no word");
        continue;
      }
      auto key = pair.first.Scalar();
      auto line = line_of(pair.first);
      auto [first, is_new] = seen.emplace(key, line);
      if (is_new)
        read_pair(pair.second, key, line, pattern, path, r);
      else
        found_.add_at(line, join(path, key), fmt::format("given twice, first in line {}", first->second));
    }
    for (auto& o : options()) {
      if (!o.required || pattern.empty() || o.path.substr(0, o.path.rfind('.')) != pattern) continue;
      auto key = std::string(o.path.substr(pattern.size() + 1));
      if (seen.count(key) == 0) found_.add(join(path, key), "is missing", o.allowed());
    }
  }

  void read_pair(const YAML::Node& value, const std::string& key, int line, const std::string& pattern,
                 const std::string& path, const record& r) {
    auto here = join(path, key), below = join(pattern, key);
    where_.add(here, line);
    if (auto* o = find_path(options(), below)) return read_option(*o, value, here, r);
    if (find_path(sections(), below)) return read_map(value, below, here, r);
    if (find_path(sections(), below + "[]")) return read_list(value, here, below);
    if (auto* later = find_path(later_keys(), below))
      return found_.add(here, fmt::format("not available in this version ({})", later->says));
    found_.add(here, "unknown key" + suggest(key, pattern));
  }

  void read_list(const YAML::Node& list, const std::string& path, const std::string& pattern) {
    if (list.IsNull()) return;
    if (!list.IsSequence()) return found_.add(path, "this is no list", "- {KEY: VALUE, ...} entries");
    if (list.size() > entries_max)
      return found_.add(path, fmt::format("{} entries", list.size()), fmt::format("{} at most", entries_max));
    auto apps = pattern == "apps";
    out_.apps.resize(apps ? list.size() : out_.apps.size());
    out_.pools.resize(apps ? out_.pools.size() : list.size());
    for (size_t i = 0; i < list.size(); ++i) {
      auto here = fmt::format("{}[{}]", path, i);
      record r{&out_, apps ? &out_.apps[i] : nullptr, apps ? nullptr : &out_.pools[i]};
      set_defaults(r, pattern + "[]");
      where_.add(here, line_of(list[i]));
      read_map(list[i], pattern + "[]", here, r);
    }
  }

  void read_option(const option& o, const YAML::Node& value, const std::string& path, const record& r) {
    auto list = o.type == kind::texts || o.type == kind::choices;
    if (value.IsNull()) return found_.add(path, "has no value", o.allowed());
    if (list != value.IsSequence() || value.IsMap())
      return found_.add(path, list ? "this is no list" : "this is no single value", o.allowed());
    auto problem = list ? read_items(o, value, path, r) : read_scalar(o, value, path, r);
    if (!problem.empty()) found_.add(path, problem, o.allowed());
  }

  std::string read_scalar(const option& o, const YAML::Node& value, const std::string& path, const record& r) {
    auto text = expand(value.Scalar());
    if (!text) return sentence(text.error());
    if (o.secret && *text == value.Scalar())
      found_.warn(path, "the secret stands in the file itself; secret_file or ${NAME} keeps it out");
    return put(o, o.at(r), *text);
  }

  std::string read_items(const option& o, const YAML::Node& value, const std::string& path, const record& r) {
    std::vector<std::string> items;
    for (size_t i = 0; i < value.size(); ++i) {
      if (!value[i].IsScalar()) return fmt::format("entry {} is no single value", i + 1);
      auto text = expand(value[i].Scalar());
      if (!text) return sentence(text.error());
      items.push_back(std::move(*text));
      where_.add(fmt::format("{}[{}]", path, i), line_of(value[i]));
    }
    return put_items(o, o.at(r), items);
  }

  // The nearest key at this place; failing that, where a key of this name belongs.
  static std::string suggest(const std::string& key, const std::string& pattern) {
    std::vector<std::string> here;
    std::string elsewhere;
    auto add = [&](std::string_view path) {
      auto dot = path.rfind('.');
      auto leaf = path.substr(dot == std::string_view::npos ? 0 : dot + 1);
      auto parent = dot == std::string_view::npos ? std::string_view{} : path.substr(0, dot);
      if (leaf.ends_with("[]")) leaf.remove_suffix(2);
      if (parent == pattern)
        here.emplace_back(leaf);
      else if (leaf == key)
        elsewhere = fmt::format(", did you mean \"{}\"?", path);
    };
    for (auto& s : sections()) add(s.path);
    for (auto& o : options()) add(o.path);
    auto near = did_you_mean(key, here);
    return near.empty() ? elsewhere : near;
  }

  settings& out_;
  places& where_;
  problems& found_;
};

} // namespace
} // namespace config

caf::expected<settings> parse_settings(const std::string& text, const std::string& name) {
  using namespace config;
  settings out;
  out.file = name;
  places where;
  problems found(name, where);
  try {
    auto documents = YAML::LoadAll(text);
    if (documents.size() > 1) found.add_at(line_of(documents[1]), "", "a second document", "one document in a file");
    set_defaults(record{&out, nullptr, nullptr}, "");
    if (!documents.empty()) reader(out, where, found).read(documents[0]);
  } catch (const YAML::Exception& e) {
    found.add_at(e.mark.line + 1, "", "not YAML: " + e.msg);
    return fail(ec::invalid_config, found.wrong());
  }
  derive(out, where);
  check_all(out, where, found);
  out.warnings = found.warnings();
  if (!found.none()) return fail(ec::invalid_config, found.wrong());
  return out;
}

caf::expected<settings> load_settings(const std::string& path) {
  auto cannot = [&](std::string_view why) {
    return fail(ec::invalid_config, fmt::format("{}: cannot read this configuration file: {}", path, why));
  };
  std::error_code err;
  if (std::filesystem::is_directory(path, err)) return cannot("it is a folder");
  std::ifstream file(path, std::ios::binary);
  if (!file) return cannot(std::strerror(errno));
  std::string text(config::file_bytes_max + 1, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (file.bad()) return cannot("reading failed");
  text.resize(static_cast<size_t>(file.gcount()));
  if (text.size() > config::file_bytes_max) return cannot("it is larger than 1 MiB");
  return parse_settings(text, path);
}

} // namespace qrwell
