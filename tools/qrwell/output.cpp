#include "tools/qrwell/output.hpp"

#include "runtime/http/json.hpp"
#include "tools/qrwell/commands.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>

#include <unistd.h>

namespace qrwell::cli {

void print(std::string_view line) {
  std::fwrite(line.data(), 1, line.size(), stdout);
  std::fputc('\n', stdout);
  std::fflush(stdout);
}

progress_line::progress_line()
    : seen_(::isatty(STDERR_FILENO) == 1) {}

progress_line::~progress_line() {
  if (shown_) fmt::print(stderr, "\r\033[K");
}

void progress_line::show(std::string_view text) {
  if (!seen_) return;
  fmt::print(stderr, "\r\033[K{}", text);
  shown_ = true;
}

int complain(const caf::error& err) {
  auto sentence = sentence_of(err).empty() ? render(err) : sentence_of(err);
  std::fprintf(stderr, "qrwell: %s\n", sentence.c_str());
  switch (code_of(err)) {
  case ec::invalid_config:
  case ec::invalid_request:
    return exit_usage;
  case ec::locked:
  case ec::unavailable:
  case ec::timeout:
    return exit_unreachable;
  default:
    return exit_failed;
  }
}

void print_table(const std::vector<std::vector<std::string>>& rows) {
  std::vector<size_t> widths;
  for (const auto& row : rows)
    for (size_t i = 0; i < row.size(); ++i) {
      if (i >= widths.size()) widths.push_back(0);
      widths[i] = std::max(widths[i], row[i].size());
    }
  for (const auto& row : rows) {
    std::string line;
    for (size_t i = 0; i < row.size(); ++i)
      line += row[i] + (i + 1 == row.size() ? "" : std::string(widths[i] - row[i].size() + 2, ' '));
    print(line);
  }
}

std::string cell(const boost::json::object& from, std::string_view member) {
  const auto* value = from.if_contains(member);
  if (!value || value->is_null()) return "-";
  if (value->is_string()) return std::string(value->get_string());
  if (value->is_array()) {
    std::string out;
    for (const auto& entry : value->get_array())
      out += (out.empty() ? "" : ",") + (entry.is_string() ? std::string(entry.get_string()) : http::json_text(entry));
    return out.empty() ? "-" : out;
  }
  return http::json_text(*value);
}

void print_former(const boost::json::object& pool) {
  const auto* former = pool.if_contains("former");
  if (!former || !former->is_array()) return;
  for (const auto& value : former->get_array()) {
    const auto& one = value.as_object();
    std::string look;
    if (const auto* spec = one.if_contains("look"); spec && spec->is_object())
      look = fmt::format(": {}, {}, {} px", cell(spec->get_object(), "page"), cell(spec->get_object(), "env_version"),
                         cell(spec->get_object(), "width"));
    print(fmt::format("  pool {}: {} codes of a former look (generation {}{}) are kept until {} in case the change is "
                      "taken back; then they are dead",
                      cell(pool, "name"), cell(one, "codes"), cell(one, "generation"), look, cell(one, "kept_until")));
  }
}

} // namespace qrwell::cli
