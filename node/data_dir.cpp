#include "node/data_dir.hpp"

#include "runtime/ids/hash.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <sys/file.h>
#include <unistd.h>

namespace qrwell {
namespace {

constexpr size_t predecessors_max = 10'000;

caf::error failed(std::string_view what, const std::string& path) {
  return fail(errno == ENOSPC ? ec::disk_full : ec::invalid_config,
              fmt::format("node.data_dir: cannot {} {}: {}", what, path, std::strerror(errno)));
}

caf::error sync_folder(const std::string& path) {
  auto fd = ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return failed("open", path);
  auto ok = ::fsync(fd) == 0;
  ::close(fd);
  return ok ? caf::error{} : failed("sync", path);
}

// `flags` beside O_WRONLY | O_CREAT: O_APPEND, O_TRUNC or O_EXCL.
caf::error write_synced(const std::string& file, std::string_view text, int flags, mode_t mode) {
  auto fd = ::open(file.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC | flags, mode);
  if (fd < 0) return failed("write", file);
  auto ok = ::write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size()) && ::fsync(fd) == 0;
  auto err = ok ? caf::error{} : failed("write", file);
  ::close(fd);
  return err;
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

} // namespace

caf::expected<data_dir> data_dir::open(const std::string& path, const std::string& node) {
  std::error_code err;
  auto made = std::filesystem::create_directories(path, err);
  if (err) return fail(ec::invalid_config, fmt::format("node.data_dir: cannot make {}: {}", path, err.message()));
  if (made)
    std::filesystem::permissions(path, std::filesystem::perms::owner_all,
                                 err); // bindings, keys' hashes, the admin token
  data_dir out;
  out.path_ = path;
  auto lock_file = path + "/lock";
  out.lock_fd_ = ::open(lock_file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
  if (out.lock_fd_ < 0) return failed("open", lock_file);
  if (::flock(out.lock_fd_, LOCK_EX | LOCK_NB) != 0) {
    char holder[200] = {};
    auto n = ::read(out.lock_fd_, holder, sizeof holder - 1);
    std::string who(holder, n > 0 ? static_cast<size_t>(n) : 0);
    while (!who.empty() && who.back() == '\n') who.pop_back();
    return fail(
        ec::locked,
        fmt::format(
            "the data directory {} is in use by {}: stop that process first, or give this one a directory of its own",
            path, who.empty() ? "another process" : who));
  }
  out.incarnation_ = node + "." + to_hex(random_bytes(8));
  auto who = fmt::format("node {} (process {}, incarnation {})\n", node, ::getpid(), out.incarnation_);
  if (::ftruncate(out.lock_fd_, 0) != 0 ||
      ::pwrite(out.lock_fd_, who.data(), who.size(), 0) != static_cast<ssize_t>(who.size()))
    return failed("write", lock_file);

  out.predecessors_ = read_incarnations(path + "/incarnations");
  // A line of its own, even after one that a power cut left half written.
  auto start = ends_in_line_break(path + "/incarnations") ? "" : "\n";
  if (auto bad = write_synced(path + "/incarnations", start + out.incarnation_ + "\n", O_APPEND, 0644)) return bad;

  auto token_file = path + "/admin.token";
  if (::access(token_file.c_str(), F_OK) != 0)
    if (auto bad = write_synced(token_file, to_hex(random_bytes(32)) + "\n", O_EXCL, 0600)) return bad;
  auto token = read_admin_token(path);
  if (!token) return std::move(token.error());
  out.admin_token_ = std::move(*token);
  if (auto bad = sync_folder(path)) return bad;
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

caf::error data_dir::check_watermark(const std::string& store_uuid, uint64_t commit_seq) const {
  std::ifstream in(path_ + "/watermark");
  std::string uuid;
  uint64_t seen = 0;
  if (!(in >> uuid >> seen)) return {};
  if (uuid != store_uuid)
    return fail(
        ec::restored_copy,
        fmt::format(
            "the store ({}) is not the one that this data directory {} belongs to ({}): bring the right one, or "
            "start with an empty data directory",
            store_uuid, path_, uuid));
  if (commit_seq < seen)
    return fail(ec::restored_copy, fmt::format("the store is older than what this node has committed (commit {} of "
                                               "{}): codes that were sold since would be sold again. "
                                               "Bring back the newest copy",
                                               commit_seq, seen));
  return {};
}

caf::error data_dir::write_watermark(const std::string& store_uuid, uint64_t commit_seq) const {
  auto part = path_ + "/watermark.part", file = path_ + "/watermark";
  if (auto bad = write_synced(part, fmt::format("{} {}\n", store_uuid, commit_seq), O_TRUNC, 0644)) return bad;
  if (::rename(part.c_str(), file.c_str()) != 0) return failed("rename", part);
  return sync_folder(path_);
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
