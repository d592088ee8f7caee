#include "node/check_files.hpp"

#include "runtime/http/link_prefixes.hpp"
#include "runtime/logging/log.hpp"

#include <filesystem>
#include <fstream>

namespace qrwell {
namespace {

namespace fs = std::filesystem;

const log::voice voice{"node"};

constexpr size_t file_bytes_max = 4'096, files_max = 64;

/// Empty: it was read into `content`.
std::string why_not(const fs::path& file, std::string& content) {
  std::error_code err;
  // A link may lead anywhere; what it leads to is nobody's check file.
  if (!fs::is_regular_file(fs::symlink_status(file, err))) return "it is no plain file";
  std::ifstream in(file, std::ios::binary);
  content.resize(file_bytes_max + 1);
  in.read(content.data(), static_cast<std::streamsize>(content.size()));
  content.resize(static_cast<size_t>(in.gcount()));
  if (content.size() > file_bytes_max) return "it has more than 4 KiB";
  return in.eof() ? "" : "it cannot be read";
}

void read_folder(const pool_settings& pool, check_files& out) {
  auto leave_out = [&](const std::string& file, std::string_view why) {
    voice.warn("check file left out", {{"pool", pool.name}, {"file", file}, {"why", why}});
  };
  std::error_code err;
  size_t files = 0;
  for (fs::directory_iterator at(pool.link_verify_dir, err), end; !err && at != end; at.increment(err)) {
    auto name = at->path().filename().string();
    if (!http::is_check_file_name(name)) continue;
    if (++files > files_max) return leave_out(name, "the folder has more than 64");
    std::string content;
    if (auto why = why_not(at->path(), content); !why.empty()) {
      leave_out(name, why);
      continue;
    }
    for (const auto& prefix : pool.link_prefixes) out[http::check_file_folder(prefix) + name] = content;
  }
  if (err) leave_out(pool.link_verify_dir, err.message());
}

} // namespace

check_files_ptr read_check_files(const settings& cfg) {
  auto out = std::make_shared<check_files>();
  for (const auto& pool : cfg.pools)
    if (!pool.link_verify_dir.empty()) read_folder(pool, *out);
  return out;
}

} // namespace qrwell
