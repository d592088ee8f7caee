#include "node/private_files.hpp"

#include "node/small_files.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

namespace qrwell {
namespace {

constexpr mode_t rights_of_others = S_IRWXG | S_IRWXO;

std::string name_of(uid_t user) {
  const auto* entry = ::getpwuid(user);
  return entry ? fmt::format("{} ({})", entry->pw_name, user) : fmt::format("uid {}", user);
}

caf::error close_to_others(std::string_view option, const std::string& path, std::vector<std::string>& changed) {
  if (auto bad = check_owner(option, path)) return bad;
  struct stat info {};
  if (::stat(path.c_str(), &info) != 0 || (info.st_mode & rights_of_others) == 0) return {};
  auto before = info.st_mode & 07777, after = before & ~rights_of_others;
  if (::chmod(path.c_str(), after) != 0) return file_failure("change the permissions of", path);
  changed.push_back(fmt::format("{} ({:04o} -> {:04o})", path, before, after));
  return {};
}

} // namespace

caf::error check_owner(std::string_view option, const std::string& path) {
  struct stat info {};
  if (::stat(path.c_str(), &info) != 0 || info.st_uid == ::geteuid()) return {};
  return fail(
      ec::invalid_config,
      fmt::format("{}: {} belongs to user {}, and this process runs as {}: run it as that user, or name a place "
                  "that belongs to this one (in a volume of somebody else's, a folder that qrwell makes itself)",
                  option, path, name_of(info.st_uid), name_of(::geteuid())));
}

caf::expected<std::vector<std::string>> make_private(const settings& cfg) {
  std::vector<std::string> changed;
  const auto& dir = cfg.node.data_dir;
  if (auto bad = close_to_others("node.data_dir", dir, changed)) return bad;
  for (const auto* name : {"lock", "incarnations", "admin.token", "watermark", "jobs"})
    if (auto bad = close_to_others("node.data_dir", dir + "/" + name, changed)) return bad;
  for (const auto* end : {"", "-wal", "-shm"})
    if (auto bad = close_to_others("store.sqlite", cfg.store.sqlite + end, changed)) return bad;
  const auto& keys = cfg.keys.mac_file;
  struct stat info {};
  if (::stat(keys.c_str(), &info) == 0 && info.st_uid != ::geteuid() && !keys.starts_with(dir + "/")) {
    if ((info.st_mode & S_IRWXO) != 0)
      changed.push_back(fmt::format("{} ({:04o}, belongs to user {}: left as it is)", keys, info.st_mode & 07777,
                                    name_of(info.st_uid)));
  } else if (auto bad = close_to_others("keys.mac_file", keys, changed)) {
    return bad;
  }
  return changed;
}

} // namespace qrwell
