#include "tools/wechat-sim/fault_plan.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>

namespace qrwell::sim {

namespace json = boost::json;

namespace {

constexpr std::array kinds{
    std::pair{fault_kind::error, std::string_view{"error"}},
    std::pair{fault_kind::error_as_text, std::string_view{"error_as_text"}},
    std::pair{fault_kind::json_as_image, std::string_view{"json_as_image"}},
    std::pair{fault_kind::http_status, std::string_view{"http_status"}},
    std::pair{fault_kind::gateway_html, std::string_view{"gateway_html"}},
    std::pair{fault_kind::delay, std::string_view{"delay"}},
    std::pair{fault_kind::reset_on_accept, std::string_view{"reset_on_accept"}},
    std::pair{fault_kind::reset, std::string_view{"reset"}},
    std::pair{fault_kind::reset_mid_head, std::string_view{"reset_mid_head"}},
    std::pair{fault_kind::reset_mid_body, std::string_view{"reset_mid_body"}},
    std::pair{fault_kind::truncated, std::string_view{"truncated"}},
    std::pair{fault_kind::short_body, std::string_view{"short_body"}},
    std::pair{fault_kind::black_hole, std::string_view{"black_hole"}},
    std::pair{fault_kind::slow_body, std::string_view{"slow_body"}},
    std::pair{fault_kind::empty_body, std::string_view{"empty_body"}},
    std::pair{fault_kind::image_as_json, std::string_view{"image_as_json"}},
    std::pair{fault_kind::garbage, std::string_view{"garbage"}},
    std::pair{fault_kind::corrupt, std::string_view{"corrupt"}},
    std::pair{fault_kind::wrong_size, std::string_view{"wrong_size"}},
    std::pair{fault_kind::same_bytes, std::string_view{"same_bytes"}},
    std::pair{fault_kind::refuse_ampersand, std::string_view{"refuse_ampersand"}},
    std::pair{fault_kind::steal_token, std::string_view{"steal_token"}},
    std::pair{fault_kind::expire_token, std::string_view{"expire_token"}},
};

bool is_about_images(fault_kind kind) {
  using enum fault_kind;
  constexpr std::array image_kinds{json_as_image, image_as_json, garbage,          corrupt,     wrong_size,
                                   same_bytes,    steal_token,   refuse_ampersand, expire_token};
  return std::ranges::find(image_kinds, kind) != image_kinds.end();
}

constexpr std::array fields_known{"kind", "rate", "count", "code", "ms", "on", "app", "host"};

constexpr std::array points{std::pair{fault_point::code, std::string_view{"code"}},
                            std::pair{fault_point::token, std::string_view{"token"}},
                            std::pair{fault_point::accept, std::string_view{"accept"}}};

std::string_view name_of(fault_point point) {
  return std::ranges::find(points, point, [](const auto& entry) { return entry.first; })->second;
}

std::string names_of_kinds() {
  std::string out;
  for (const auto& entry : kinds) out += fmt::format("{}{}", out.empty() ? "" : ", ", entry.second);
  return out;
}

bool is_meant(const fault& f, const fault_target& target) {
  if (f.on != target.on || (!f.app.empty() && f.app != target.app)) return false;
  auto name = target.host.substr(0, target.host.rfind(':'));
  return f.host.empty() || f.host == target.listener || f.host == target.host || f.host == name;
}

/// A whole number of the object, or `otherwise`; nullopt if it is something else or outside the bounds.
std::optional<int64_t> whole_number(const json::object& fields, std::string_view name, int64_t otherwise, int64_t min,
                                    int64_t max) {
  const auto* value = fields.if_contains(name);
  if (value == nullptr) return otherwise;
  if (!value->is_int64() || value->get_int64() < min || value->get_int64() > max) return std::nullopt;
  return value->get_int64();
}

} // namespace

std::string_view name_of(fault_kind kind) {
  return std::ranges::find(kinds, kind, [](const auto& entry) { return entry.first; })->second;
}

std::variant<fault, std::string> fault_plan::parse(const json::object& fields) {
  for (const auto& field : fields)
    if (std::ranges::find(fields_known, field.key()) == fields_known.end())
      return fmt::format("a fault has no field '{}'; it has kind, rate, count, code, ms, on, app, host",
                         std::string_view{field.key()});
  const auto* kind = fields.if_contains("kind");
  if (kind == nullptr || !kind->is_string()) return std::string{"kind: must be a string"};
  std::string_view kind_name = kind->get_string();
  auto known = std::ranges::find(kinds, kind_name, [](const auto& entry) { return entry.second; });
  if (known == kinds.end())
    return fmt::format("kind: there is no fault '{}'; there are {}, and latency, limit, ip_list, none", kind_name,
                       names_of_kinds());
  fault out;
  out.kind = known->first;
  if (const auto* rate = fields.if_contains("rate")) {
    if (!rate->is_number()) return std::string{"rate: must be a number from 0 to 1"};
    out.rate = rate->to_number<double>();
    if (!(out.rate >= 0 && out.rate <= 1)) return std::string{"rate: must be a number from 0 to 1"};
  }
  auto count = whole_number(fields, "count", 0, 0, 1'000'000'000);
  if (!count) return std::string{"count: must be a whole number from 0 (for ever) to 1000000000"};
  out.count = static_cast<uint64_t>(*count);
  auto code = whole_number(fields, "code", -1, -100'000, 10'000'000);
  if (out.kind == fault_kind::http_status) code = whole_number(fields, "code", 503, 400, 599);
  if (out.kind == fault_kind::gateway_html) code = whole_number(fields, "code", 200, 200, 599);
  if (!code)
    return std::string{"code: must be an error code; a status from 400 to 599 for http_status, from 200 to 599 for "
                       "gateway_html"};
  out.code = static_cast<int>(*code);
  auto ms = whole_number(fields, "ms", 5000, 0, 600'000);
  if (!ms) return std::string{"ms: must be a whole number from 0 to 600000"};
  out.ms = *ms;
  if (const auto* on = fields.if_contains("on")) {
    if (*on != "code" && *on != "token") return std::string{"on: must be \"code\" or \"token\""};
    out.on = *on == "token" ? fault_point::token : fault_point::code;
  }
  if (out.kind == fault_kind::reset_on_accept) {
    if (fields.contains("on") || fields.contains("app"))
      return std::string{"reset_on_accept strikes before anything is read: it has no 'on' and no 'app'"};
    out.on = fault_point::accept;
  }
  if (out.on == fault_point::token && is_about_images(out.kind))
    return fmt::format("on: a token call cannot have the fault '{}'", kind_name);
  if (const auto* app = fields.if_contains("app")) {
    if (!app->is_string()) return std::string{"app: must be an appid"};
    out.app = std::string{app->get_string()};
  }
  if (const auto* host = fields.if_contains("host")) {
    if (!host->is_string()) return std::string{"host: must be a host name, or HOST:PORT of a listener"};
    out.host = std::string{host->get_string()};
  }
  return out;
}

std::variant<fault, std::string> fault_plan::parse_text(std::string_view text) {
  boost::system::error_code failed;
  auto parsed = json::parse(text, failed);
  if (failed || !parsed.is_object()) return std::string{R"(a fault is a JSON object, such as {"kind":"reset"})"};
  return parse(parsed.get_object());
}

uint64_t fault_plan::add(fault f) {
  if (faults_.size() == faults_max) return 0;
  f.id = ++last_id_;
  faults_.push_back(std::move(f));
  return last_id_;
}

void fault_plan::remove(uint64_t id) {
  std::erase_if(faults_, [id](const fault& f) { return f.id == id; });
}

void fault_plan::clear() {
  faults_.clear();
}

std::optional<fault> fault_plan::strike(const fault_target& target) {
  for (auto it = faults_.begin(); it != faults_.end(); ++it) {
    if (!is_meant(*it, target)) continue;
    if (it->rate < 1 && std::uniform_real_distribution<>{0, 1}(random_) >= it->rate) continue;
    auto hit = *it;
    ++hits_[hit.kind];
    if (it->count > 0 && --it->count == 0) faults_.erase(it);
    return hit;
  }
  return std::nullopt;
}

json::array fault_plan::list() const {
  json::array out;
  for (const auto& f : faults_) {
    json::object item{{"kind", name_of(f.kind)}, {"rate", f.rate}, {"count", f.count}, {"code", f.code}, {"ms", f.ms},
                      {"on", name_of(f.on)},     {"app", f.app},   {"host", f.host}};
    out.emplace_back(std::move(item));
  }
  return out;
}

json::object fault_plan::hits() const {
  json::object out;
  for (const auto& [kind, count] : hits_) out[name_of(kind)] = count;
  return out;
}

} // namespace qrwell::sim
