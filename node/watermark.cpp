#include "node/watermark.hpp"

#include "node/small_files.hpp"
#include "runtime/stores/sqlite/sqlite_code_store.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <unistd.h>

namespace qrwell {
namespace {

constexpr std::string_view way_on =
    "`qrwell recover --void-stock` makes it safe: what it has in stock is never issued then, and new stock is fetched";

} // namespace

caf::expected<std::optional<watermark>> read_watermark(const std::string& data_dir) {
  auto file = data_dir + "/watermark";
  auto useless = [&](std::string_view why) {
    return fail(ec::restored_copy,
                fmt::format("{} cannot be read ({}): without it an older copy of the store is not noticed, and codes "
                            "that were sold since would be sold again. If you are certain that the store is the newest "
                            "one, remove the file; if it is not, {}",
                            file, why, way_on));
  };
  if (::access(file.c_str(), F_OK) != 0 && errno == ENOENT) return std::optional<watermark>{};
  std::ifstream in(file);
  if (!in) return useless(std::strerror(errno));
  watermark out;
  if (!(in >> out.store_uuid >> out.commit_seq)) return useless("it holds no uuid and number");
  if (!(in >> out.file_seq)) out.file_seq = 0;
  return std::optional<watermark>{std::move(out)};
}

caf::error write_watermark(const std::string& data_dir, const watermark& mark) {
  auto part = data_dir + "/watermark.part", file = data_dir + "/watermark";
  auto line = fmt::format("{} {} {}\n", mark.store_uuid, mark.commit_seq, mark.file_seq);
  if (auto bad = write_synced(part, line, O_TRUNC)) return bad;
  if (::rename(part.c_str(), file.c_str()) != 0) return file_failure("rename", part);
  return sync_folder(data_dir);
}

caf::error advance_watermark(const std::string& data_dir, const store_identity& store) {
  auto before = read_watermark(data_dir);
  if (!before) return before.error();
  auto same = *before && (*before)->store_uuid == store.store_uuid;
  return write_watermark(data_dir, {store.store_uuid, store.commit_seq, same ? (*before)->file_seq : 0});
}

caf::error settle_watermark(const std::string& data_dir, const store_identity& store, const std::string& file) {
  auto before = read_watermark(data_dir);
  if (!before) return before.error();
  watermark now{store.store_uuid, store.commit_seq};
  if (*before && (*before)->store_uuid == now.store_uuid) now.file_seq = (*before)->file_seq;
  auto alone = sqlite_code_store::identity_in_file(file);
  if (alone && alone->store_uuid == now.store_uuid) now.file_seq = std::max(now.file_seq, alone->commit_seq);
  return write_watermark(data_dir, now);
}

caf::error check_watermark(const std::string& data_dir, const std::optional<watermark>& mark,
                           const store_identity& store) {
  if (!store.restored_from.empty())
    return fail(ec::restored_copy,
                fmt::format("this store is a backup of {}: codes that were sold since it was made would be sold again. "
                            "Bring back the newest copy; if there is none, {}",
                            store.restored_from, way_on));
  if (!mark) return {};
  if (mark->store_uuid != store.store_uuid)
    return fail(
        ec::restored_copy,
        fmt::format("the store ({}) is not the one that this data directory {} belongs to ({}): bring the right one, "
                    "or start with an empty data directory. If this one is to be used here from now on, {}",
                    store.store_uuid, data_dir, mark->store_uuid, way_on));
  if (store.commit_seq < mark->commit_seq)
    return fail(ec::restored_copy,
                fmt::format("the store is older than what this node has committed (commit {} of {}): codes that were "
                            "sold since would be sold again. Bring back the newest copy; if it is lost for good, {}",
                            store.commit_seq, mark->commit_seq, way_on));
  return {};
}

caf::error check_file_under_log(const std::string& file, const std::optional<watermark>& mark) {
  std::error_code none;
  if (!mark || mark->file_seq == 0 || !std::filesystem::exists(sqlite::log_of(file), none)) return {};
  if (std::filesystem::file_size(file, none) == 0 || none) return {}; // no store, which is said elsewhere
  auto alone = sqlite_code_store::identity_in_file(file);
  // Not readable without its log: a checkpoint was cut short, as any kill may do, and the log makes it whole again.
  if (!alone) return {};
  if (alone->store_uuid == mark->store_uuid && alone->commit_seq >= mark->file_seq) return {};
  return fail(ec::restored_copy,
              fmt::format("{0} is a copy (commit {1}) under the log of its successor, {0}-wal, which begins at commit "
                          "{2} or later: together they are damaged. Bring back the file that belongs to the log. If it "
                          "is lost, remove {0}-wal and {0}-shm: what is in the log is lost then too",
                          file, alone->commit_seq, mark->file_seq));
}

} // namespace qrwell
