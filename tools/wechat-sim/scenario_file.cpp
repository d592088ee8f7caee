#include "tools/wechat-sim/scenario_file.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <fstream>
#include <map>
#include <optional>
#include <utility>

#include <fmt/format.h>
#include <yaml-cpp/yaml.h>

#include "tools/wechat-sim/fault_commands.hpp"

namespace qrwell::sim {

namespace json = boost::json;

namespace {

constexpr std::size_t file_bytes_max = std::size_t{64} << 10U;
constexpr std::size_t problems_max = 20;
constexpr double longest_us = 86'400e6;
constexpr std::string_view duration_form = "a number with ms, s, m or h, at most 24h, such as 500ms or 10s";

int line_of(const YAML::Node& node) {
  return node.Mark().line + 1;
}

std::optional<int64_t> read_duration(const std::string& text) {
  static constexpr std::array units{std::pair{std::string_view{"ms"}, 1e3}, std::pair{std::string_view{"s"}, 1e6},
                                    std::pair{std::string_view{"m"}, 60e6}, std::pair{std::string_view{"h"}, 3600e6}};
  double number = 0;
  const auto* end = text.data() + text.size();
  auto [stop, failed] = std::from_chars(text.data(), end, number, std::chars_format::fixed);
  if (failed != std::errc{}) return std::nullopt;
  std::string_view unit{stop, static_cast<std::size_t>(end - stop)};
  const auto* found = std::ranges::find(units, unit, [](const auto& entry) { return entry.first; });
  if (found == units.end()) return std::nullopt;
  auto us = number * found->second;
  if (!(us >= 0 && us <= longest_us)) return std::nullopt;
  return static_cast<int64_t>(us);
}

/// A scalar as JSON has it: what is quoted is text.
json::value scalar(const YAML::Node& node) {
  const auto& text = node.Scalar();
  if (node.Tag() == "!") return json::string{text};
  if (text == "true" || text == "false") return text == "true";
  const auto* end = text.data() + text.size();
  int64_t whole = 0;
  if (auto [stop, failed] = std::from_chars(text.data(), end, whole); failed == std::errc{} && stop == end)
    return whole;
  double real = 0;
  if (auto [stop, failed] = std::from_chars(text.data(), end, real); failed == std::errc{} && stop == end) return real;
  return json::string{text};
}

bool is_setting(const json::object& what) {
  const auto& kind = what.at("kind");
  return kind == "latency" || kind == "limit" || kind == "ip_list";
}

/// Walks a document. What is wrong is collected, so that one look shows all of it.
class reader {
public:
  reader(const std::string& name, const sim_settings& settings)
      : name_(name)
      , rehearsal_(settings) {}

  void read(const YAML::Node& root) {
    if (!root.IsMap()) return complain(1, "a scenario is a map with 'steps', and 'name' if you like");
    for (const auto& [key, value] : pairs_of(root)) {
      if (key == "name" && value.IsScalar())
        script.name = value.Scalar();
      else if (key == "steps" && value.IsSequence())
        read_steps(value);
      else if (key == "name" || key == "steps")
        complain(line_of(value),
                 key == "name" ? "name: must be a text" : "steps: must be a list, '- at: 10s' and so on");
      else
        complain(line_of(value), fmt::format("there is no '{}'; allowed are name and steps", key));
    }
    if (script.steps.empty() && problems.empty())
      complain(1, "steps: there are none; each has at, what, and maybe for");
    check_overlaps();
  }

  void complain(int line, const std::string& what) {
    if (problems.size() < problems_max) problems.push_back(fmt::format("{}:{}: {}", name_, line, what));
  }

  scenario_script script;
  scenario_problems problems;

private:
  using pair = std::pair<std::string, YAML::Node>;

  std::vector<pair> pairs_of(const YAML::Node& map) {
    std::vector<pair> out;
    for (const auto& entry : map) {
      if (!entry.first.IsScalar()) {
        complain(line_of(entry.first), "a key must be a word");
        continue;
      }
      const auto& key = entry.first.Scalar();
      if (std::ranges::find(out, key, &pair::first) != out.end())
        complain(line_of(entry.first), fmt::format("'{}' is given twice", key));
      else
        out.emplace_back(key, entry.second);
    }
    return out;
  }

  void read_steps(const YAML::Node& list) {
    if (list.size() > scenario_script::steps_max)
      return complain(line_of(list), fmt::format("{} steps; {} at the most", list.size(), scenario_script::steps_max));
    for (const auto& node : list) {
      if (node.IsMap())
        read_step(node);
      else
        complain(line_of(node), "a step is a map with at, what, and maybe for");
    }
  }

  void read_step(const YAML::Node& node) {
    auto problems_before = problems.size();
    scenario_step step;
    step.line = line_of(node);
    bool has_at = false;
    for (const auto& [key, value] : pairs_of(node)) {
      if (key == "at") has_at = true;
      if (key == "at" || key == "for")
        read_time(key, value, step);
      else if (key == "what")
        read_what(value, step);
      else if (key == "kind")
        complain(line_of(value), "there is no 'kind' in a step; it is called what");
      else
        read_field(key, value, step);
    }
    if (!has_at) complain(step.line, fmt::format("at is missing: when the step begins, {}", duration_form));
    if (!step.what.contains("kind") && problems.size() == problems_before)
      complain(step.line, "what is missing: an error code of WeChat, or a kind of fault");
    if (problems.size() != problems_before) return;
    rehearse(step);
    if (problems.size() == problems_before) script.steps.push_back(std::move(step));
  }

  void read_time(const std::string& key, const YAML::Node& value, scenario_step& step) {
    auto us = value.IsScalar() ? read_duration(value.Scalar()) : std::nullopt;
    if (!us || (key == "for" && *us == 0))
      return complain(line_of(value), fmt::format("{}: must be {}{}", key, duration_form,
                                                  key == "for" ? ", and more than nothing" : ""));
    if (key == "at")
      step.at_us = *us;
    else
      step.for_us = us;
  }

  void read_what(const YAML::Node& value, scenario_step& step) {
    what_line_ = line_of(value);
    auto what = value.IsScalar() ? scalar(value) : json::value{};
    if (what.is_int64()) {
      step.what["kind"] = "error";
      step.what["code"] = what;
    } else if (what.is_string()) {
      step.what["kind"] = what;
    } else {
      complain(line_of(value),
               "what: must be an error code of WeChat, such as 45009, or a kind of fault, such as reset");
    }
  }

  void read_field(const std::string& key, const YAML::Node& value, scenario_step& step) {
    if (value.IsScalar()) {
      step.what[key] = scalar(value);
    } else if (value.IsSequence()) {
      json::array items;
      for (const auto& item : value) {
        if (!item.IsScalar()) return complain(line_of(item), fmt::format("{}: must be a list of plain values", key));
        items.push_back(json::string{item.Scalar()});
      }
      step.what[key] = std::move(items);
    } else {
      complain(line_of(value), fmt::format("{}: must be a plain value", key));
    }
  }

  /// Carries the step out where it does no harm.
  void rehearse(scenario_step& step) {
    const auto& kind = step.what.at("kind");
    if (step.for_us && kind == "none") return complain(step.line, "for: none ends all faults at once and has no end");
    // What is an event without an end becomes something that strikes every call until then.
    bool event = kind == "steal_token" || kind == "expire_token";
    if (step.for_us && event && !step.what.contains("rate")) step.what["rate"] = 1;
    auto done = carry_out(rehearsal_, step.what, 0);
    rehearsal_.faults.clear();
    // What a fault calls its kind, a step calls `what`.
    constexpr std::string_view of_kind = "kind: ";
    if (done.problem.starts_with(of_kind)) return complain(what_line_, "what: " + done.problem.substr(of_kind.size()));
    if (!done.problem.empty()) complain(step.line, done.problem);
  }

  /// Two settings of one kind must not be in force at once, or neither could give back what was before.
  void check_overlaps() {
    for (std::size_t i = 0; i < script.steps.size(); ++i) {
      for (std::size_t j = 0; j < script.steps.size(); ++j) {
        const auto& one = script.steps[i];
        const auto& other = script.steps[j];
        if (i == j || !is_setting(one.what) || one.what.at("kind") != other.what.at("kind") || !one.for_us) continue;
        bool meets =
            other.at_us >= one.at_us && other.at_us < one.at_us + *one.for_us && (other.at_us > one.at_us || j > i);
        if (meets)
          complain(other.line, fmt::format("{} begins before that of line {} ends; end that one earlier",
                                           std::string_view{one.what.at("kind").get_string()}, one.line));
      }
    }
  }

  const std::string& name_;
  sim_state rehearsal_;
  int what_line_ = 0; // of the step that is read
};

} // namespace

std::variant<scenario_script, scenario_problems> read_scenario(std::string_view yaml, const std::string& name,
                                                               const sim_settings& settings) {
  reader it{name, settings};
  // yaml-cpp throws for what is no YAML, and nothing of that passes from here.
  try {
    it.read(YAML::Load(std::string{yaml}));
  } catch (const YAML::Exception& e) {
    it.complain(e.mark.line + 1, fmt::format("this is not YAML: {}", e.msg));
  }
  if (!it.problems.empty()) return std::move(it.problems);
  return std::move(it.script);
}

std::variant<scenario_script, scenario_problems> read_scenario_file(const std::string& path,
                                                                    const sim_settings& settings) {
  std::ifstream file{path, std::ios::binary};
  std::string text(file_bytes_max + 1, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (!file.is_open() || file.bad())
    return scenario_problems{fmt::format("{}: cannot be read; is the path right?", path)};
  text.resize(static_cast<std::size_t>(file.gcount()));
  if (text.size() > file_bytes_max)
    return scenario_problems{fmt::format("{}: is larger than {} bytes, which no scenario is", path, file_bytes_max)};
  return read_scenario(text, path, settings);
}

} // namespace qrwell::sim
