#include "config/options.hpp"
#include "config/values.hpp"

#include "messages/errors.hpp"

// Between the text of a value and the field it belongs to.

namespace qrwell::config {
namespace {

template <class T>
T& as(const slot& where) {
  return *std::get<T*>(where);
}

std::string sentence(const caf::error& err) {
  return err.context().match_elements<std::string>() ? err.context().get_as<std::string>(0) : render(err);
}

bool has_word(std::string_view words, std::string_view word) {
  while (!words.empty()) {
    auto end = words.find(' ');
    if (words.substr(0, end) == word) return true;
    words.remove_prefix(end == std::string_view::npos ? words.size() : end + 1);
  }
  return false;
}

std::string check_word(const option& o, const std::string& word) {
  if (has_word(o.words, word)) return "";
  if (has_word(o.later_words, word)) return fmt::format("\"{}\" is not available in this version", word);
  return fmt::format("\"{}\" is unknown", word);
}

std::string put_number(const option& o, const slot& where, const caf::expected<uint64_t>& value) {
  if (!value) return sentence(value.error());
  auto narrow = std::holds_alternative<uint32_t*>(where);
  if (*value < o.least || *value > o.most || (narrow && *value > UINT32_MAX)) return "out of range";
  if (narrow)
    as<uint32_t>(where) = static_cast<uint32_t>(*value);
  else
    as<uint64_t>(where) = *value;
  return "";
}

uint64_t number(const slot& where) {
  return std::holds_alternative<uint32_t*>(where) ? as<uint32_t>(where) : as<uint64_t>(where);
}

std::string put_secret(qrwell::secret& where, const std::string& text) {
  auto visible = std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c < 127; });
  if (text.empty() || text.size() > 256 || !visible) return "the secret is empty, too long or has invisible characters";
  where = qrwell::secret(text);
  return "";
}

// The list of a default, as in the table: [a, "b c"].
std::vector<std::string> split_list(std::string_view text) {
  std::vector<std::string> out;
  std::string item;
  bool quoted = false;
  for (char c : text.substr(1, text.size() - 2)) {
    if (c == '"')
      quoted = !quoted;
    else if (c == ',' && !quoted)
      out.push_back(std::exchange(item, {}));
    else if (c != ' ' || quoted)
      item += c;
  }
  if (!item.empty()) out.push_back(item);
  return out;
}

std::string show_list(const std::vector<std::string>& items, bool quoted) {
  std::string out = "[";
  for (auto& item : items) {
    if (out.size() > 1) out += ", ";
    out += quoted ? "\"" + item + "\"" : item;
  }
  return out + "]";
}

bool belongs(std::string_view path, std::string_view prefix) {
  return prefix.empty() ? !path.starts_with("apps[]") && !path.starts_with("pools[]") : path.starts_with(prefix);
}

} // namespace

std::string option::allowed() const {
  switch (type) {
  case kind::integer:
    return fmt::format("{} to {}{}{}", least, most, unit.empty() ? "" : " ", unit);
  case kind::size:
    return fmt::format("{} to {}", show_size(least), show_size(most));
  case kind::duration:
    return fmt::format("{} to {}", show_duration(least), show_duration(most));
  case kind::boolean:
    return "true or false";
  case kind::choice:
  case kind::choices: {
    auto list = std::string(words);
    for (size_t gap = 0; (gap = list.find(' ', gap)) != std::string::npos; gap += 2) list.replace(gap, 1, ", ");
    return type == kind::choice ? "one of " + list : "a list of " + list;
  }
  case kind::texts:
    return "a list of " + std::string(form);
  case kind::text:
  case kind::endpoint:
  case kind::color:
  case kind::secret:
    break;
  }
  return std::string(form);
}

std::string put(const option& o, const slot& where, const std::string& text) {
  switch (o.type) {
  case kind::integer:
    return put_number(o, where, read_integer(text));
  case kind::size:
    return put_number(o, where, read_size(text));
  case kind::duration:
    return put_number(o, where, read_duration(text));
  case kind::secret:
    return put_secret(as<qrwell::secret>(where), text);
  case kind::boolean: {
    auto value = read_boolean(text);
    if (!value) return sentence(value.error());
    as<bool>(where) = *value;
    return "";
  }
  case kind::endpoint: {
    auto value = read_endpoint(text);
    if (!value) return sentence(value.error());
    as<endpoint>(where) = *value;
    return "";
  }
  case kind::color: {
    auto value = read_color(text);
    if (!value) return sentence(value.error());
    as<rgb>(where) = *value;
    return "";
  }
  case kind::choice:
  case kind::text: {
    auto problem = o.type == kind::choice ? check_word(o, text) : o.check ? o.check(text) : "";
    if (problem.empty()) as<std::string>(where) = text;
    return problem;
  }
  case kind::choices:
  case kind::texts:
    break;
  }
  return "this is a list";
}

std::string put_items(const option& o, const slot& where, const std::vector<std::string>& items) {
  if (o.type != kind::choices && o.type != kind::texts) return "this is no list";
  if (items.size() > o.items_max) return fmt::format("{} entries, and {} are the most", items.size(), o.items_max);
  for (size_t i = 0; i < items.size(); ++i) {
    auto problem = o.type == kind::choices ? check_word(o, items[i]) : o.check ? o.check(items[i]) : "";
    if (!problem.empty()) return problem;
    if (std::find(items.begin(), items.begin() + static_cast<ptrdiff_t>(i), items[i]) !=
        items.begin() + static_cast<ptrdiff_t>(i))
      return fmt::format("\"{}\" stands here twice", items[i]);
  }
  as<std::vector<std::string>>(where) = items;
  return "";
}

std::string show(const option& o, const slot& where) {
  switch (o.type) {
  case kind::integer:
    return std::to_string(number(where));
  case kind::size:
    return show_size(number(where));
  case kind::duration:
    return show_duration(number(where));
  case kind::boolean:
    return as<bool>(where) ? "true" : "false";
  case kind::endpoint:
    return to_string(as<endpoint>(where));
  case kind::color:
    return show_color(as<rgb>(where));
  case kind::secret:
    return as<qrwell::secret>(where).empty() ? "" : "***";
  case kind::choices:
    return show_list(as<std::vector<std::string>>(where), false);
  case kind::texts:
    return show_list(as<std::vector<std::string>>(where), true);
  case kind::choice:
  case kind::text:
    break;
  }
  return as<std::string>(where);
}

void set_defaults(const record& r, std::string_view prefix) {
  for (auto& o : options()) {
    if (!belongs(o.path, prefix) || o.fallback.empty()) continue;
    auto where = o.at(r);
    if (o.fallback.starts_with('['))
      put_items(o, where, split_list(o.fallback));
    else
      put(o, where, std::string(o.fallback));
  }
}

} // namespace qrwell::config
