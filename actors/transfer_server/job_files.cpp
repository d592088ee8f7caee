#include "actors/transfer_server/job_files.hpp"

#include "runtime/core/file_handle.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

namespace qrwell {
namespace {

caf::error failed(std::string_view what, const std::string& path) {
  auto full = errno == ENOSPC || errno == EDQUOT;
  return fail(full ? ec::disk_full : ec::store_failed,
              fmt::format("jobs: cannot {} {}: {}{}", what, path, std::strerror(errno),
                          full ? "; free some space there and resume the job" : ""));
}

} // namespace

caf::expected<job_files> job_files::open(const std::string& folder, uint64_t min_free_bytes) {
  if (::mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST) return failed("make", folder);
  if (::access(folder.c_str(), W_OK | X_OK) != 0) return failed("write to", folder);
  job_files out;
  out.folder_ = folder;
  out.min_free_bytes_ = min_free_bytes;
  return out;
}

caf::error job_files::write(const std::string& name, uint64_t at, std::string_view data) const {
  auto path = folder_ + "/" + name;
  struct statvfs disk {};
  if (::statvfs(folder_.c_str(), &disk) != 0) return failed("ask the free space of", folder_);
  if (uint64_t{disk.f_bavail} * disk.f_frsize < min_free_bytes_ + data.size())
    return fail(ec::disk_full, fmt::format("jobs: {} has less room left than images.min_free_bytes ({} bytes) and {} "
                                           "more; free some space there and resume the job",
                                           folder_, min_free_bytes_, data.size()));
  file_handle file(::open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
  if (!file) return failed("write", path);
  struct stat info {};
  if (::fstat(file.get(), &info) != 0) return failed("read", path);
  if (static_cast<uint64_t>(info.st_size) < at)
    return fail(ec::store_failed,
                fmt::format("jobs: {} has {} bytes, and {} were written down: it was cut", path, info.st_size, at));
  if (::ftruncate(file.get(), static_cast<off_t>(at)) != 0) return failed("cut", path);
  for (size_t done = 0; done < data.size();) {
    auto n = ::pwrite(file.get(), data.data() + done, data.size() - done, static_cast<off_t>(at + done));
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) {
      if (n == 0) errno = ENOSPC;
      return failed("write", path);
    }
    done += static_cast<size_t>(n);
  }
  return caf::none;
}

caf::error job_files::sync(const std::string& name) const {
  for (const auto& path : {folder_ + "/" + name, folder_}) {
    file_handle file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!file || ::fsync(file.get()) != 0) return failed("sync", path);
  }
  return caf::none;
}

caf::expected<std::string> job_files::read(const std::string& name, uint64_t at, uint64_t size_max) const {
  auto path = folder_ + "/" + name;
  file_handle file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file) return failed("read", path);
  std::string out(size_max, '\0');
  size_t done = 0;
  while (done < out.size()) {
    auto n = ::pread(file.get(), out.data() + done, out.size() - done, static_cast<off_t>(at + done));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return failed("read", path);
    if (n == 0) break;
    done += static_cast<size_t>(n);
  }
  out.resize(done);
  return out;
}

bool job_files::has(const std::string& name) const {
  return ::access((folder_ + "/" + name).c_str(), F_OK) == 0;
}

caf::error job_files::remove(const std::string& name) const {
  auto path = folder_ + "/" + name;
  if (::unlink(path.c_str()) != 0 && errno != ENOENT) return failed("remove", path);
  return caf::none;
}

std::vector<std::string> job_files::list() const {
  std::vector<std::string> out;
  std::error_code err;
  for (std::filesystem::directory_iterator it(folder_, err), end; !err && it != end; it.increment(err))
    out.push_back(it->path().filename());
  return out;
}

} // namespace qrwell
