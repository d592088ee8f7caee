#include "config/reference.hpp"

#include "config/options.hpp"

#include <boost/json.hpp>

namespace qrwell {
namespace {

using namespace config;

std::string_view kind_name(kind type) {
  switch (type) {
  case kind::text:
    return "text";
  case kind::integer:
    return "whole number";
  case kind::boolean:
    return "true or false";
  case kind::size:
    return "size";
  case kind::duration:
    return "duration";
  case kind::choice:
    return "word";
  case kind::choices:
    return "list of words";
  case kind::texts:
    return "list of texts";
  case kind::endpoint:
    return "HOST:PORT";
  case kind::color:
    return "colour";
  case kind::secret:
    return "secret";
  }
  return "";
}

std::string default_text(const option& o) {
  if (o.required) return "none, required";
  if (!o.derived.empty()) return std::string(o.derived);
  return o.fallback.empty() ? "none" : std::string(o.fallback);
}

std::string_view change_text(const option& o) {
  return o.reloadable ? "SIGHUP" : "restart";
}

std::string_view parent(std::string_view path) {
  return path.substr(0, path.rfind('.'));
}

std::string_view leaf(std::string_view path) {
  return path.substr(path.rfind('.') + 1);
}

std::string_view says_of(std::string_view path) {
  for (auto& s : sections())
    if (s.path == path) return s.says;
  return "";
}

std::string in_cell(std::string_view text) {
  std::string out;
  for (char c : text) {
    if (c == '|') out += '\\';
    out += c;
  }
  return out;
}

void comment(std::string& out, const std::string& indent, std::string_view text) {
  constexpr size_t columns = 100;
  while (!text.empty()) {
    auto room = columns - indent.size() - 2;
    auto cut = text.size() <= room ? text.size() : text.rfind(' ', room);
    if (cut == std::string_view::npos) cut = text.size();
    out += fmt::format("{}# {}\n", indent, text.substr(0, cut));
    text.remove_prefix(std::min(cut + 1, text.size()));
  }
}

// The value that the example shows: the sample, or the default, also when that is derived.
std::string example_value(const option& o) {
  if (!o.sample.empty()) return std::string(o.sample);
  if (o.derived.empty()) return o.type == kind::color ? fmt::format("\"{}\"", o.fallback) : std::string(o.fallback);
  auto all = default_settings();
  auto app = default_app();
  auto pool = default_pool();
  return show(o, o.at(record{&all, &app, &pool}));
}

/// Writes the example in the order of the table, a section's head whenever the section changes.
class example_writer {
public:
  std::string write() {
    out_ = "# All options of qrwell, each with its default or an example. Durations take ms, s, min, h or d, sizes B,\n"
           "# KiB, MiB or GiB. ${NAME} stands for a variable of the environment, $${ for a plain ${. Relative paths\n"
           "# count from the working directory. `qrwell config check` says what is wrong with a file.\n";
    for (auto& o : options()) {
      enter(parent(o.path));
      write_option(o);
    }
    return std::move(out_);
  }

private:
  void enter(std::string_view section_path) {
    if (section_path == section_) return;
    section_ = section_path;
    auto nested = section_path.find("[].") != std::string_view::npos;
    auto list = section_path.ends_with("[]");
    indent_ = nested ? "      " : list ? "    " : "  ";
    if (!nested) out_ += '\n';
    comment(out_, nested ? "    " : "", says_of(section_path));
    auto head = nested ? leaf(section_path) : list ? section_path.substr(0, section_path.size() - 2) : section_path;
    out_ += fmt::format("{}{}:\n", nested ? "    " : "", head);
    first_of_entry_ = list;
  }

  void write_option(const option& o) {
    auto dash = std::exchange(first_of_entry_, false);
    std::string about = fmt::format("{} {}: {}.", o.says, o.required ? "Required" : "Default",
                                    o.required ? o.allowed() : default_text(o));
    if (!o.required) about += fmt::format(" Allowed: {}.", o.allowed());
    if (o.reloadable) about += " SIGHUP applies a change.";
    comment(out_, dash ? "  " : indent_, about);
    auto off = o.commented_out || (o.sample.empty() && !o.derived.empty());
    out_ += fmt::format("{}{}{}: {}\n", dash ? "  - " : indent_, off ? "# " : "", leaf(o.path), example_value(o));
  }

  std::string out_, indent_;
  std::string_view section_;
  bool first_of_entry_ = false;
};

} // namespace

std::string reference_text() {
  std::string out;
  for (auto& o : options()) {
    out += fmt::format("{}\n    {}\n    {}; default: {}; a change needs: {}\n", o.path, o.says, kind_name(o.type),
                       default_text(o), change_text(o));
    out += fmt::format("    allowed: {}\n\n", o.allowed());
  }
  return out;
}

std::string reference_json() {
  boost::json::array out;
  for (auto& o : options())
    out.push_back({{"path", o.path},
                   {"type", kind_name(o.type)},
                   {"required", o.required},
                   {"default", default_text(o)},
                   {"allowed", o.allowed()},
                   {"unit", o.unit},
                   {"change", change_text(o)},
                   {"secret", o.secret},
                   {"description", o.says}});
  return boost::json::serialize(out) + "\n";
}

std::string reference_markdown() {
  std::string out =
      "# Configuration\n\n"
      "<!-- Made by `qrwell config reference --markdown` from the option table in config/options.cpp. -->\n\n"
      "One YAML file, read strictly: an unknown key, a wrong type or a value out of range names file, line and key, "
      "all\n"
      "at once, and the node does not start. `qrwell config check -c FILE` says the same without starting anything.\n\n"
      "- Durations are whole numbers with `ms`, `s`, `min`, `h` or `d`; sizes with `B`, `KiB`, `MiB` or `GiB`.\n"
      "- `${NAME}` in a value stands for a variable of the environment; `$${` for a plain `${`.\n"
      "- Relative paths count from the working directory of the process.\n"
      "- SIGHUP reads the file again and applies what is marked so; other differences wait for a restart, and "
      "`status`\n"
      "  says so.\n"
      "- `config/qrwell.example.yaml` shows every option.\n";
  std::string_view section_path;
  for (auto& o : options()) {
    if (parent(o.path) != section_path) {
      section_path = parent(o.path);
      out += fmt::format("\n## {}\n\n{}\n\n| option | what it is | type | default | allowed | a change needs |\n"
                         "|---|---|---|---|---|---|\n",
                         section_path, says_of(section_path));
    }
    out += fmt::format("| `{}` | {} | {} | {} | {} | {} |\n", leaf(o.path), in_cell(o.says), kind_name(o.type),
                       in_cell(default_text(o)), in_cell(o.allowed()), change_text(o));
  }
  out += "\n## Known, and not in this version\n\nThese keys are refused with a sentence that says so:\n\n";
  for (auto& key : later_keys()) out += fmt::format("- `{}`: {}\n", key.path, key.says);
  return out;
}

std::string example_file() {
  return example_writer().write();
}

} // namespace qrwell
