#include "node/open_store.hpp"

#include "node/watermark.hpp"
#include "runtime/logging/log.hpp"
#include "runtime/stores/sqlite/sqlite_code_store.hpp"

#include <fmt/format.h>

#include <filesystem>

namespace qrwell {
namespace {

const log::voice voice{"node"};

// Somebody has to learn what is missing and where it is looked for, not that a file cannot be opened.
caf::error none_there(const settings& cfg, const std::string& signs) {
  const auto& file = cfg.store.sqlite;
  std::error_code ignored;
  const auto* what = std::filesystem::exists(file, ignored) ? "is empty" : "is not there";
  if (signs.empty())
    return fail(ec::not_found, fmt::format("store.sqlite: {} {}: `qrwell serve` makes a store at its first start. Does "
                                           "-c name the right configuration?",
                                           file, what));
  return fail(ec::not_found,
              fmt::format("store.sqlite: {} {}, but the data directory {} has had a store before ({} tell so). Bring "
                          "the newest copy back; no new one is made, since no printed code would resolve. To begin "
                          "anew with nothing, name an empty node.data_dir",
                          file, what, cfg.node.data_dir, signs));
}

caf::expected<std::unique_ptr<code_store>> open(const settings& cfg, sqlite_options options) {
  options.file = cfg.store.sqlite;
  auto signs = signs_of_earlier_life(cfg.node.data_dir);
  options.may_make = options.may_make && signs.empty();
  options.on_migrate = [file = options.file](uint32_t from, uint32_t to) {
    voice.info("the store is brought to another schema; this may take minutes",
               {{"file", file}, {"from", from}, {"to", to}, {"copy", fmt::format("{}.schema{}", file, from)}});
  };
  auto store = sqlite_code_store::open(std::move(options));
  if (!store && code_of(store.error()) == ec::not_found) return none_there(cfg, signs);
  return store;
}

// `mark` was read before: beside a running node both move on.
caf::expected<std::unique_ptr<code_store>> open_newest(const settings& cfg, const std::optional<watermark>& mark,
                                                       sqlite_options options) {
  options.may_make = options.may_migrate = false;
  auto store = open(cfg, std::move(options));
  if (!store) return store;
  auto identity = (*store)->identity();
  if (!identity) return std::move(identity.error());
  if (auto bad = check_watermark(cfg.node.data_dir, mark, *identity)) return bad;
  return store;
}

} // namespace

caf::expected<std::unique_ptr<code_store>> open_store_for_node(const settings& cfg, const data_dir& dir,
                                                               store_clock clock) {
  std::error_code ignored;
  auto folder = std::filesystem::path(cfg.store.sqlite).parent_path();
  if (std::filesystem::create_directories(folder, ignored))
    std::filesystem::permissions(folder, std::filesystem::perms::owner_all, ignored);
  auto mark = read_watermark(dir.path());
  if (!mark) return std::move(mark.error());
  if (auto bad = check_file_under_log(cfg.store.sqlite, *mark)) return bad;
  sqlite_options options;
  options.clock = std::move(clock);
  return open(cfg, std::move(options));
}

caf::expected<std::unique_ptr<code_store>> open_store_for_command(const settings& cfg, const data_dir& dir) {
  auto mark = read_watermark(dir.path());
  if (!mark) return std::move(mark.error());
  if (auto bad = check_file_under_log(cfg.store.sqlite, *mark)) return bad;
  return open_newest(cfg, *mark, {});
}

caf::expected<store_to_recover> open_store_to_recover(const settings& cfg, const data_dir& dir) {
  store_to_recover out;
  auto mark = read_watermark(dir.path());
  if (!mark)
    out.refused = mark.error();
  else if (auto bad = check_file_under_log(cfg.store.sqlite, *mark))
    return bad; // a mixture of two stores: nothing makes that whole
  sqlite_options options;
  options.may_make = false;
  auto store = open(cfg, std::move(options));
  if (!store) return std::move(store.error());
  auto identity = (*store)->identity();
  if (!identity) return std::move(identity.error());
  if (!out.refused) out.refused = check_watermark(dir.path(), *mark, *identity);
  out.store = std::move(*store);
  return out;
}

caf::expected<std::unique_ptr<code_store>> open_store_to_look(const settings& cfg) {
  auto mark = read_watermark(cfg.node.data_dir);
  if (!mark) return std::move(mark.error());
  sqlite_options options;
  options.read_only = true;
  return open_newest(cfg, *mark, std::move(options));
}

} // namespace qrwell
