#include "tools/qrload/driver.hpp"

#include <csignal>
#include <cstdio>
#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

namespace {

using namespace qrwell::load;

volatile std::sig_atomic_t stop = 0;

int complain(const std::string& sentence) {
  fmt::print(stderr, "qrload: {}\n", sentence);
  return 2;
}

void raise_descriptor_limit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
}

int run(const load_options& options) {
  std::string problem;
  auto to = find_target(options.url, problem);
  if (!to) return complain(problem);
  if (!to->loopback && !options.any_host)
    return complain(fmt::format("{} is another machine; say --i-own-this-host if you may load it", options.url));
  auto saved = -1;
  if (!options.save_ids.empty()) {
    saved = ::open(options.save_ids.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
    if (saved < 0) return complain(fmt::format("--save-ids {}: {}", options.save_ids, std::strerror(errno)));
  }
  raise_descriptor_limit();
  auto now = static_cast<uint64_t>(std::chrono::system_clock::now().time_since_epoch().count());
  auto tag = fmt::format("{:x}-{:x}", now / 1'000'000, ::getpid());
  workload work(options, to->authority, tag, now);
  if (!options.ids_file.empty()) {
    for (auto& code : read_ids(options.ids_file)) work.remember(std::move(code));
    if (work.known() == 0) return complain(fmt::format("--ids {}: no line \"ID PATH\" in it", options.ids_file));
  }
  driver drive(*to, options.connections, work, saved);
  if (options.mix != mix::issue && work.known() == 0) {
    work.restrict_to(mix::issue);
    auto filled = drive.run({0, 60, options.prefill, options.timeout_for_ms}, stop);
    if (work.known() == 0) return complain(fmt::format("no code could be issued to be scanned:\n{}", filled.text()));
    work.restrict_to(options.mix);
  }
  auto result = drive.run({options.rate_per_s, options.duration_s, options.count, options.timeout_for_ms}, stop);
  if (saved >= 0) ::close(saved);
  fmt::print("{}", options.json ? result.json() : result.text());
  return result.ok() > 0 ? 0 : 1;
}

} // namespace

int main(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);
  for (auto signal : {SIGINT, SIGTERM}) std::signal(signal, [](int) { stop = 1; });
  try {
    auto parsed = parse_options(argc, argv);
    return parsed.options ? run(*parsed.options) : parsed.exit_code;
  } catch (const std::exception& e) {
    return complain(e.what());
  }
}
