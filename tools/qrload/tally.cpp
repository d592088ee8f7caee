#include "tools/qrload/tally.hpp"

#include <boost/json.hpp>

namespace qrwell::load {
namespace {

constexpr std::array<std::string_view, 2> kind_names{"issue", "scan"};
constexpr std::array<std::pair<std::string_view, double>, 4> parts{
    {{"p50", 0.5}, {"p90", 0.9}, {"p99", 0.99}, {"p99.9", 0.999}}};

double ms(uint64_t time_ns) {
  return static_cast<double>(time_ns) / 1e6;
}

std::string row(std::string_view name, uint64_t sent, uint64_t ok, double elapsed_s, const histogram& times) {
  auto out = fmt::format("{:<6} {:>10} {:>10} {:>9} {:>10.0f}", name, sent, ok, sent - ok,
                         elapsed_s > 0 ? static_cast<double>(ok) / elapsed_s : 0);
  for (auto& [label, part] : parts) out += fmt::format(" {:>9.3f}", ms(times.at(part)));
  return out + fmt::format(" {:>9.3f}\n", ms(times.max_ns()));
}

} // namespace

uint64_t kind_tally::failed() const {
  uint64_t out = 0;
  for (auto& [word, count] : errors) out += count;
  return out;
}

std::string tally::text() const {
  auto out = fmt::format("{:.1f} s, {} connections, {}\n\n", elapsed_s, connections,
                         rate_per_s > 0 ? fmt::format("open loop at {:.0f}/s", rate_per_s) : "closed loop");
  out += fmt::format("{:<6} {:>10} {:>10} {:>9} {:>10} {:>9} {:>9} {:>9} {:>9} {:>9}\n", "kind", "sent", "ok", "not ok",
                     "ok/s", "p50 ms", "p90", "p99", "p99.9", "max");
  for (size_t i = 0; i < kinds.size(); ++i)
    if (kinds[i].times.count() > 0) out += row(kind_names[i], kinds[i].sent, kinds[i].ok, elapsed_s, kinds[i].times);
  for (size_t i = 0; i < kinds.size(); ++i) {
    for (auto& [status, count] : kinds[i].by_status)
      out += fmt::format("\n{} status {}: {}", kind_names[i], status, count);
    for (auto& [word, count] : kinds[i].errors) out += fmt::format("\n{} {}: {}", kind_names[i], word, count);
  }
  out += '\n';
  if (unsent > 0)
    out +=
        fmt::format("\n{} requests were due and could not be sent: the target did not keep up, and the times above are "
                    "lower bounds.\n",
                    unsent);
  if (elapsed_s > 0 && busy_s / elapsed_s > 0.9)
    out += fmt::format("\nThis program used {:.0f} % of a core: it may be the limit.\n", 100 * busy_s / elapsed_s);
  return out;
}

std::string tally::json() const {
  boost::json::object out{{"elapsed_s", elapsed_s}, {"connections", connections}, {"rate_per_s", rate_per_s},
                          {"unsent", unsent},       {"reconnects", reconnects},   {"busy_s", busy_s}};
  for (size_t i = 0; i < kinds.size(); ++i) {
    auto& k = kinds[i];
    boost::json::object statuses, errors, times;
    for (auto& [status, count] : k.by_status) statuses[std::to_string(status)] = count;
    for (auto& [word, count] : k.errors) errors[word] = count;
    for (auto& [label, part] : parts) times[label] = ms(k.times.at(part));
    times["max"] = ms(k.times.max_ns());
    out[kind_names[i]] = {
        {"sent", k.sent},        {"ok", k.ok},
        {"failed", k.failed()},  {"ok_per_s", elapsed_s > 0 ? static_cast<double>(k.ok) / elapsed_s : 0},
        {"by_status", statuses}, {"errors", errors},
        {"times_ms", times}};
  }
  return boost::json::serialize(out) + "\n";
}

} // namespace qrwell::load
