#include "node/data_dir.hpp"

#include "node/private_files.hpp"
#include "node/small_files.hpp"
#include "runtime/ids/hash.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <cstdio>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

namespace qrwell {
namespace {

constexpr size_t predecessors_max = 10'000;

bool exists(const std::string& file) {
  return ::access(file.c_str(), F_OK) == 0;
}

bool ends_in_line_break(const std::string& file) {
  std::ifstream in(file, std::ios::ate);
  if (!in || in.tellg() == std::ifstream::pos_type(0)) return true;
  in.seekg(-1, std::ios::end);
  return in.get() == '\n';
}

std::vector<std::string> read_incarnations(const std::string& file) {
  std::vector<std::string> out;
  std::ifstream in(file);
  std::string line;
  while (std::getline(in, line)) {
    // A last line that a power cut left half written names no incarnation that ever wrote a lease.
    if (line.size() > 17 && line[line.size() - 17] == '.') out.push_back(line);
    if (out.size() > predecessors_max) out.erase(out.begin());
  }
  return out;
}

// Only its owner may look in: bindings, keys' hashes, the admin token.
caf::error make_folder(const std::string& path) {
  std::error_code err;
  auto parent = std::filesystem::path(path).parent_path();
  if (!parent.empty()) std::filesystem::create_directories(parent, err);
  if (err) return fail(ec::invalid_config, fmt::format("node.data_dir: cannot make {}: {}", path, err.message()));
  if (::mkdir(path.c_str(), 0700) != 0 && errno != EEXIST) return file_failure("make", path);
  if (!std::filesystem::is_directory(path, err))
    return fail(ec::invalid_config, fmt::format("node.data_dir: {} is not a folder", path));
  return {};
}

// Whole or not at all: a power cut must not leave an empty one, with which no node would start.
caf::expected<secret> make_admin_token(const std::string& path) {
  auto part = path + "/admin.token.part", file = path + "/admin.token";
  ::unlink(part.c_str());
  if (auto bad = write_synced(part, to_hex(random_bytes(32)) + "\n", O_EXCL)) return bad;
  if (::rename(part.c_str(), file.c_str()) != 0) return file_failure("rename", part);
  return read_admin_token(path);
}

} // namespace

caf::error data_dir::lock(const std::string& who) {
  auto file = path_ + "/lock";
  lock_fd_ = ::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (lock_fd_ < 0) return file_failure("open", file);
  if (::flock(lock_fd_, LOCK_EX | LOCK_NB) != 0) {
    char holder[200] = {};
    auto n = ::read(lock_fd_, holder, sizeof holder - 1);
    std::string now(holder, n > 0 ? static_cast<size_t>(n) : 0);
    while (!now.empty() && now.back() == '\n') now.pop_back();
    return fail(
        ec::locked,
        fmt::format(
            "the data directory {} is in use by {}: stop that process first, or give this one a directory of its own",
            path_, now.empty() ? "another process" : now));
  }
  auto line =
      fmt::format("{} (process {}{})\n", who, ::getpid(), incarnation_.empty() ? "" : ", incarnation " + incarnation_);
  if (::ftruncate(lock_fd_, 0) != 0 ||
      ::pwrite(lock_fd_, line.data(), line.size(), 0) != static_cast<ssize_t>(line.size()))
    return file_failure("write", file);
  return {};
}

caf::expected<data_dir> data_dir::open(const std::string& path, const std::string& node) {
  if (auto bad = make_folder(path)) return bad;
  if (auto bad = check_owner("node.data_dir", path)) return bad;
  data_dir out;
  out.path_ = path;
  out.incarnation_ = node + "." + to_hex(random_bytes(8));
  if (auto bad = out.lock("node " + node)) return bad;
  out.predecessors_ = read_incarnations(path + "/incarnations");
  auto token = read_admin_token(path);
  if (!token) token = make_admin_token(path);
  if (!token) return std::move(token.error());
  out.admin_token_ = std::move(*token);
  if (auto bad = sync_folder(path)) return bad;
  return out;
}

caf::expected<data_dir> data_dir::visit(const std::string& path, const std::string& who) {
  std::error_code ignored;
  if (!std::filesystem::is_directory(path, ignored))
    return fail(ec::not_found, fmt::format("node.data_dir: there is no folder {}: `qrwell serve` makes it at its first "
                                           "start. Does -c name the right configuration?",
                                           path));
  if (auto bad = check_owner("node.data_dir", path)) return bad;
  data_dir out;
  out.path_ = path;
  if (auto bad = out.lock(who)) return bad;
  return out;
}

data_dir::data_dir(data_dir&& other) noexcept {
  *this = std::move(other);
}

data_dir& data_dir::operator=(data_dir&& other) noexcept {
  std::swap(path_, other.path_);
  std::swap(incarnation_, other.incarnation_);
  std::swap(predecessors_, other.predecessors_);
  std::swap(admin_token_, other.admin_token_);
  std::swap(lock_fd_, other.lock_fd_);
  return *this;
}

data_dir::~data_dir() {
  if (lock_fd_ >= 0) ::close(lock_fd_);
}

caf::error data_dir::begin() const {
  auto file = path_ + "/incarnations";
  // A line of its own, even after one that a power cut left half written.
  auto start = ends_in_line_break(file) ? "" : "\n";
  if (auto bad = write_synced(file, start + incarnation_ + "\n", O_APPEND)) return bad;
  return sync_folder(path_);
}

caf::error data_dir::check_held() const {
  auto file = path_ + "/lock";
  struct stat held {
  }, there{};
  if (::fstat(lock_fd_, &held) != 0) return file_failure("look at", file);
  if (::stat(file.c_str(), &there) == 0 && there.st_dev == held.st_dev && there.st_ino == held.st_ino) return {};
  return fail(ec::locked, fmt::format("{} was deleted or replaced while this node holds it: a second node could start "
                                      "on the same directory. Restart this one, and never delete that file: a dead "
                                      "process's lock is gone by itself",
                                      file));
}

std::string signs_of_earlier_life(const std::string& path) {
  std::string out;
  auto add = [&](std::string_view name) { out.append(out.empty() ? "" : ", ").append(name); };
  if (exists(path + "/watermark")) add("watermark");
  if (!read_incarnations(path + "/incarnations").empty()) add("incarnations");
  if (exists(path + "/mac.keys")) add("mac.keys");
  return out;
}

caf::expected<secret> read_admin_token(const std::string& path) {
  auto file = path + "/admin.token";
  std::ifstream in(file);
  std::string token;
  if (!(in >> token) || token.size() != 64)
    return fail(
        ec::invalid_config,
        fmt::format("cannot read the admin token from {}: run this as the user of the node, on its machine", file));
  return secret(std::move(token));
}

} // namespace qrwell
