#include "tools/qrload/workload.hpp"

#include <fstream>

namespace qrwell::load {

workload::workload(const load_options& options, std::string authority, std::string tag, uint64_t seed)
    : mix_(options.mix)
    , scan_share_(options.scan_share)
    , idempotency_(options.idempotency)
    , authority_(std::move(authority))
    , tag_(std::move(tag))
    , pool_(options.pool.empty() ? "" : fmt::format(R"("pool":"{}",)", options.pool))
    , key_(options.key)
    , random_(seed) {}

order workload::next() {
  auto want_scan =
      mix_ == mix::scan || (mix_ == mix::both && std::generate_canonical<double, 32>(random_) < scan_share_);
  return want_scan && !codes_.empty() ? scan() : issue();
}

order workload::issue() {
  order out;
  auto number = issued_++;
  out.path = fmt::format("pages/load/{}-{}", tag_, number);
  auto body = fmt::format(R"({{{}"path":"{}","query":{{"from":"qrload","n":{}}}}})", pool_, out.path, number);
  auto has_key = idempotency_ > 0 && std::generate_canonical<double, 32>(random_) < idempotency_;
  out.bytes =
      fmt::format("POST /v1/codes HTTP/1.1\r\nHost: {}\r\nAuthorization: Bearer {}\r\n"
                  "Content-Type: application/json\r\n{}Content-Length: {}\r\n\r\n{}",
                  authority_, key_.reveal(),
                  has_key ? fmt::format("Idempotency-Key: {}-{}\r\n", tag_, number) : std::string(), body.size(), body);
  return out;
}

order workload::scan() {
  auto& code = codes_[random_() % codes_.size()];
  return {kind::scan, fmt::format("GET /v1/scenes/{} HTTP/1.1\r\nHost: {}\r\n\r\n", code.id, authority_), code.path};
}

std::string_view workload::judge(const order& o, int status, std::string_view body, known_code& learned) const {
  if (o.kind == kind::scan) {
    if (status != 200) return "refused";
    return o.path.empty() || find_text(body, "path") == o.path ? "" : "wrong_target";
  }
  if (status != 200 && status != 201) return "refused";
  auto id = find_text(body, "id");
  if (id.empty()) return "no_id";
  if (find_text(body, "path") != o.path) return "wrong_target";
  if (status == 201) learned = {std::string(id), o.path};
  return "";
}

void workload::remember(known_code code) {
  if (codes_.size() < ids_max) {
    codes_.push_back(std::move(code));
    return;
  }
  codes_[oldest_] = std::move(code);
  oldest_ = (oldest_ + 1) % ids_max;
}

std::string_view find_text(std::string_view json, std::string_view name) {
  auto mark = fmt::format("\"{}\":\"", name);
  auto at = json.find(mark);
  if (at == std::string_view::npos) return {};
  auto begin = at + mark.size();
  auto end = json.find('"', begin);
  if (end == std::string_view::npos) return {};
  auto value = json.substr(begin, end - begin);
  return value.find('\\') == std::string_view::npos ? value : std::string_view{};
}

std::vector<known_code> read_ids(const std::string& file) {
  std::vector<known_code> out;
  std::ifstream in(file);
  for (std::string line; out.size() < workload::ids_max && std::getline(in, line);) {
    auto gap = line.find(' ');
    // A process that was killed may have left half a line: an id has 20 characters.
    if (gap != 20 && line.size() != 20) continue;
    out.push_back({line.substr(0, 20), gap == 20 ? line.substr(21) : ""});
  }
  return out;
}

} // namespace qrwell::load
