#include "runtime/images/image_directory.hpp"

#include "runtime/core/file_handle.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <set>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

namespace qrwell {
namespace {

constexpr size_t image_bytes_max = 4 << 20;

caf::error failed(std::string_view what, const std::string& path) {
  auto code = errno == ENOSPC || errno == EDQUOT ? ec::disk_full : ec::store_failed;
  auto help = code == ec::disk_full ? "; free some space there, stocking goes on by itself" : "";
  return fail(code, fmt::format("images: cannot {} {}: {}{}", what, path, std::strerror(errno), help));
}

// Ids come from clients too: nothing that could leave the folder.
bool is_plain(const std::string& text) {
  return !text.empty() && text.size() <= 64 &&
         text.find_first_not_of("-_0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz") ==
             std::string::npos;
}

bool write_all(int fd, const bytes& data) {
  size_t done = 0;
  while (done < data.size()) {
    auto n = ::write(fd, data.data() + done, data.size() - done);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return false;
    done += static_cast<size_t>(n);
  }
  return true;
}

// Two levels below the root; a client's id of another length lies nowhere.
std::pair<std::string, std::string> shard_of(const std::string& id) {
  return id.size() >= 5 ? std::pair(id.substr(1, 2), id.substr(3, 2))
                        : std::pair(std::string("short"), std::string("short"));
}

std::string path_of(const std::string& root, const std::string& id, const std::string& format) {
  auto [outer, inner] = shard_of(id);
  return root + "/" + outer + "/" + inner + "/" + id + "." + format;
}

caf::error sync_folder(const std::string& path) {
  file_handle dir(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!dir || ::fsync(dir.get()) != 0) return failed("sync", path);
  return {};
}

} // namespace

caf::expected<std::unique_ptr<image_directory>> image_directory::open(const std::string& root) {
  std::error_code err;
  std::filesystem::create_directories(root, err);
  if (err) return fail(ec::invalid_config, fmt::format("images.dir: cannot make {}: {}", root, err.message()));
  if (::access(root.c_str(), W_OK | X_OK) != 0)
    return fail(ec::invalid_config, fmt::format("images.dir: cannot write to {}: {}", root, std::strerror(errno)));
  std::filesystem::remove_all(root + "/tmp", err);
  if (!std::filesystem::create_directory(root + "/tmp", err))
    return fail(ec::invalid_config, fmt::format("images.dir: cannot make {}/tmp: {}", root, err.message()));
  return std::unique_ptr<image_directory>(new image_directory(root));
}

caf::expected<void> image_directory::put(const images_put& images) {
  std::set<std::string> to_sync;
  struct pending {
    std::string from, to;
    std::unique_ptr<file_handle> file;
  };
  std::vector<pending> batch;
  for (const auto& image : images.images) {
    if (!is_plain(image.id) || !is_plain(image.format))
      return fail(ec::internal, "images: an id or a format is not a plain word: " + image.id);
    auto [outer, inner] = shard_of(image.id);
    auto folder = root_ + "/" + outer;
    if (::mkdir(folder.c_str(), 0755) == 0) to_sync.insert(root_);
    if (::mkdir((folder + "/" + inner).c_str(), 0755) == 0) to_sync.insert(folder);
    to_sync.insert(folder + "/" + inner);
    auto to = path_of(root_, image.id, image.format);
    auto from = root_ + "/tmp/" + image.id + "." + image.format;
    auto file = std::make_unique<file_handle>(::open(from.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644));
    if (!*file) return failed("make", from);
    if (!write_all(file->get(), image.data)) {
      auto err = failed("write", from);
      ::unlink(from.c_str());
      for (const auto& written : batch) ::unlink(written.from.c_str());
      return err;
    }
    batch.push_back({std::move(from), std::move(to), std::move(file)});
  }
  // All data is written before the first sync waits: the disk may then take the whole batch in one go.
  for (const auto& image : batch)
    if (::fdatasync(image.file->get()) != 0) return failed("sync", image.from);
  for (const auto& image : batch)
    if (::rename(image.from.c_str(), image.to.c_str()) != 0) return failed("rename", image.from);
  for (const auto& folder : to_sync)
    if (auto err = sync_folder(folder)) return err;
  return caf::unit;
}

caf::expected<image_data> image_directory::get(const image_get& query) {
  if (!is_plain(query.id) || !is_plain(query.format)) return image_data{};
  auto path = path_of(root_, query.id, query.format);
  file_handle file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file) {
    if (errno == ENOENT) return image_data{};
    return failed("open", path);
  }
  struct stat info {};
  if (::fstat(file.get(), &info) != 0) return failed("read", path);
  if (info.st_size < 0 || static_cast<size_t>(info.st_size) > image_bytes_max)
    return fail(ec::store_failed,
                fmt::format("images: {} has {} bytes, more than an image may have", path, info.st_size));
  image_data out{true, bytes(static_cast<size_t>(info.st_size))};
  size_t done = 0;
  while (done < out.data.size()) {
    auto n = ::read(file.get(), out.data.data() + done, out.data.size() - done);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return failed("read", path);
    done += static_cast<size_t>(n);
  }
  return out;
}

caf::expected<void> image_directory::drop(const images_drop& images) {
  for (const auto& id : images.ids) {
    if (!is_plain(id)) continue;
    for (const auto* format : {"jpeg", "png"}) {
      auto path = path_of(root_, id, format);
      if (::unlink(path.c_str()) != 0 && errno != ENOENT) return failed("remove", path);
    }
  }
  return caf::unit;
}

caf::expected<free_space> image_directory::space() {
  struct statvfs info {};
  if (::statvfs(root_.c_str(), &info) != 0) return failed("ask the free space of", root_);
  return free_space{static_cast<uint64_t>(info.f_bavail) * info.f_frsize};
}

} // namespace qrwell
