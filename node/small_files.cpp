#include "node/small_files.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <unistd.h>

namespace qrwell {

caf::error file_failure(std::string_view what, const std::string& path) {
  return fail(errno == ENOSPC || errno == EDQUOT ? ec::disk_full : ec::invalid_config,
              fmt::format("node.data_dir: cannot {} {}: {}", what, path, std::strerror(errno)));
}

caf::error write_synced(const std::string& file, std::string_view text, int flags) {
  auto fd = ::open(file.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC | flags, 0600);
  if (fd < 0) return file_failure("write", file);
  auto n = ::write(fd, text.data(), text.size());
  if (n >= 0 && static_cast<size_t>(n) < text.size()) errno = ENOSPC; // what a short write means
  auto ok = n == static_cast<ssize_t>(text.size()) && ::fsync(fd) == 0;
  auto err = ok ? caf::error{} : file_failure("write", file);
  ::close(fd);
  return err;
}

caf::error sync_folder(const std::string& path) {
  auto fd = ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return file_failure("open", path);
  auto err = ::fsync(fd) == 0 ? caf::error{} : file_failure("sync", path);
  ::close(fd);
  return err;
}

} // namespace qrwell
