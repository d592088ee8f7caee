#include "tools/qrwell/local_store.hpp"

#include "runtime/stores/sqlite/sqlite_code_store.hpp"

namespace qrwell::cli {

caf::expected<local_store> open_local_store(const settings& cfg) {
  auto dir = data_dir::open(cfg.node.data_dir, cfg.node.name);
  if (!dir) return std::move(dir.error());
  sqlite_options options;
  options.file = cfg.store.sqlite;
  auto store = sqlite_code_store::open(std::move(options));
  if (!store) return std::move(store.error());
  return local_store{std::move(*dir), std::move(*store)};
}

} // namespace qrwell::cli
