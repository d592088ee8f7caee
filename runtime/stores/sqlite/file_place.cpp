#include "runtime/stores/sqlite/file_place.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <sys/stat.h>

namespace qrwell::sqlite {

std::string log_of(const std::string& file) {
  std::error_code unknown;
  auto real = std::filesystem::canonical(file, unknown);
  return (unknown ? file : real.string()) + "-wal";
}

file_place::file_place(std::string file)
    : store_{file, look(file)}
    , log_{log_of(file), look(log_of(file))} {}

std::optional<file_place::identity> file_place::look(const std::string& path) {
  struct stat info {};
  if (::stat(path.c_str(), &info) != 0) return std::nullopt;
  return identity{info.st_dev, info.st_ino};
}

std::string file_place::difference(const place& p) {
  errno = 0;
  auto now = look(p.path);
  if (now && now == p.known) return {};
  auto why = now               ? std::string{"it was replaced"}
             : errno == ENOENT ? std::string{"it was deleted or moved away"}
                               : fmt::format("it cannot be looked at: {}", std::strerror(errno));
  return fmt::format("store: {} is not the file any more that this node has open ({})", p.path, why);
}

caf::error file_place::check() {
  only_log_is_gone_ = false;
  if (auto gone = difference(store_); !gone.empty())
    return fail(ec::unavailable, gone +
                                     ". Nothing is written until it is back, since it would be lost; scans are still "
                                     "answered from the open file. docs/operating.md says how to save what is in "
                                     "it, before the node is stopped");
  // SQLite makes the log when it first needs it.
  if (!log_.known) log_.known = look(log_.path);
  if (!log_.known) return {};
  auto gone = difference(log_);
  if (gone.empty()) return {};
  only_log_is_gone_ = true;
  return fail(ec::unavailable,
              gone + ". What it held is brought into the store, and nothing more is written: restart the node");
}

} // namespace qrwell::sqlite
