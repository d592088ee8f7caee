#include "tools/qrwell/child_process.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

namespace qrwell::cli {

caf::expected<child_process> child_process::start(const std::vector<std::string>& command, int wait_ms) {
  int pipe_ends[2];
  if (::pipe2(pipe_ends, O_CLOEXEC) != 0)
    return fail(ec::internal, fmt::format("cannot make a pipe: {}", std::strerror(errno)));
  child_process out;
  out.out_ = pipe_ends[0];
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, pipe_ends[1], 1);
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  sigset_t none;
  sigemptyset(&none);
  posix_spawnattr_setsigmask(&attributes, &none);
  posix_spawnattr_setpgroup(&attributes, 0); // a Ctrl-C at the terminal is for us; we end the child ourselves
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETPGROUP);
  std::vector<std::string> words = command;
  std::vector<char*> args;
  for (auto& word : words) args.push_back(word.data());
  args.push_back(nullptr);
  auto failed = ::posix_spawn(&out.pid_, args[0], &actions, &attributes, args.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  posix_spawnattr_destroy(&attributes);
  ::close(pipe_ends[1]);
  if (failed != 0) {
    out.pid_ = -1;
    return fail(ec::unavailable, fmt::format("cannot start {}: {}", command[0], std::strerror(failed)));
  }
  pollfd ready{out.out_, POLLIN, 0};
  char c = 0;
  while (out.first_line_.size() < 1'000 && ::poll(&ready, 1, wait_ms) > 0 && ::read(out.out_, &c, 1) == 1) {
    if (c == '\n') return out;
    out.first_line_ += c;
  }
  return fail(ec::timeout, fmt::format("{} did not say that it is ready", command[0]));
}

child_process::child_process(child_process&& other) noexcept {
  *this = std::move(other);
}

child_process& child_process::operator=(child_process&& other) noexcept {
  std::swap(pid_, other.pid_);
  std::swap(out_, other.out_);
  std::swap(first_line_, other.first_line_);
  return *this;
}

child_process::~child_process() {
  if (pid_ > 0) {
    ::kill(pid_, SIGTERM);
    for (int i = 0; i < 200; ++i) {
      if (::waitpid(pid_, nullptr, WNOHANG) != 0) break;
      ::usleep(10'000);
      if (i == 199) ::kill(pid_, SIGKILL);
    }
  }
  if (out_ >= 0) ::close(out_);
}

std::string own_folder() {
  char path[4096];
  auto n = ::readlink("/proc/self/exe", path, sizeof path);
  std::string text(path, n > 0 ? static_cast<size_t>(n) : 0);
  return text.substr(0, text.rfind('/') + 1);
}

} // namespace qrwell::cli
