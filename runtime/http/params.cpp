#include "runtime/http/params.hpp"

#include "runtime/http/json.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>

namespace qrwell::http {
namespace {

caf::error wrong(std::string sentence) {
  return fail(ec::invalid_request, std::move(sentence));
}

} // namespace

caf::error check_params(const target& from, std::initializer_list<std::string_view> allowed) {
  for (auto param = from.params.begin(); param != from.params.end(); ++param) {
    const auto& name = param->first;
    if (std::find(allowed.begin(), allowed.end(), name) == allowed.end())
      return wrong(allowed.size() == 0 ? fmt::format("{}: this call has no parameters", name.substr(0, 64))
                                       : fmt::format("{}: not a parameter of this call; these are {}",
                                                     name.substr(0, 64), fmt::join(allowed, ", ")));
    if (std::any_of(from.params.begin(), param, [&](const auto& before) { return before.first == name; }))
      return wrong(fmt::format("{}: was sent twice; send it once", name));
  }
  return caf::none;
}

caf::expected<uint32_t> read_limit(const target& from, uint32_t otherwise, uint32_t most) {
  auto text = from.param("limit");
  if (!text) return otherwise;
  uint32_t out = 0;
  auto [end, err] = std::from_chars(text->data(), text->data() + text->size(), out);
  if (err != std::errc{} || end != text->data() + text->size() || out < 1 || out > most)
    return wrong(fmt::format("limit: must be a whole number from 1 to {}", most));
  return out;
}

caf::expected<int64_t> read_time(const target& from, std::string_view name, int64_t otherwise) {
  auto text = from.param(name);
  if (!text) return otherwise;
  std::string written(*text);
  std::replace(written.begin(), written.end(), ' ', '+');
  auto time = parse_time(written);
  if (!time) return wrong(fmt::format("{}: {}", name, sentence_of(time.error())));
  return *time;
}

} // namespace qrwell::http
