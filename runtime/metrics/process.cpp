#include "runtime/metrics/metrics.hpp"

#include <dirent.h>
#include <fstream>
#include <sstream>
#include <sys/resource.h>
#include <unistd.h>

// Names and meanings as in Prometheus' own client libraries, so that common dashboards fit.

namespace qrwell {
namespace {

double open_descriptors() {
  auto* dir = ::opendir("/proc/self/fd");
  if (dir == nullptr) return 0;
  double count = -3; // ".", ".." and the descriptor of this look
  while (::readdir(dir) != nullptr) ++count;
  ::closedir(dir);
  return count;
}

double seconds(const timeval& t) {
  return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6;
}

/// Fields of /proc/self/stat that count from 3 on (proc(5)), behind the program's name, which may hold anything.
struct process_stat {
  double threads = 0, start_ticks = 0, virtual_bytes = 0, resident_pages = 0;
};

process_stat read_stat() {
  std::ifstream file("/proc/self/stat");
  std::string text;
  std::getline(file, text);
  auto behind_name = text.rfind(')');
  process_stat out;
  if (behind_name == std::string::npos) return out;
  std::istringstream in(text.substr(behind_name + 1));
  std::string word;
  for (int number = 3; in >> word; ++number) {
    auto value = std::strtod(word.c_str(), nullptr);
    if (number == 20) out.threads = value;
    if (number == 22) out.start_ticks = value;
    if (number == 23) out.virtual_bytes = value;
    if (number == 24) out.resident_pages = value;
  }
  return out;
}

double boot_time_s() {
  std::ifstream file("/proc/stat");
  for (std::string line; std::getline(file, line);)
    if (line.starts_with("btime ")) return std::strtod(line.c_str() + 6, nullptr);
  return 0;
}

void refresh(metrics& to) {
  rusage used{};
  ::getrusage(RUSAGE_SELF, &used);
  to.counter(metric::process_cpu).advance_to(seconds(used.ru_utime) + seconds(used.ru_stime));
  auto stat = read_stat();
  to.gauge(metric::process_memory).set(stat.resident_pages * static_cast<double>(::sysconf(_SC_PAGESIZE)));
  to.gauge(metric::process_virtual_memory).set(stat.virtual_bytes);
  to.gauge(metric::process_threads).set(stat.threads);
  to.gauge(metric::process_start).set(boot_time_s() + stat.start_ticks / static_cast<double>(::sysconf(_SC_CLK_TCK)));
  to.gauge(metric::process_descriptors).set(open_descriptors());
  rlimit most{};
  ::getrlimit(RLIMIT_NOFILE, &most);
  to.gauge(metric::process_descriptors_max).set(static_cast<double>(most.rlim_cur));
}

} // namespace

void add_process_metrics(metrics& to) {
  to.on_render(refresh);
}

} // namespace qrwell
