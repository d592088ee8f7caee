#include "tools/qrwell/local_store.hpp"

#include "node/open_store.hpp"

namespace qrwell::cli {

caf::expected<local_store> open_local_store(const settings& cfg) {
  auto dir = data_dir::visit(cfg.node.data_dir, "a qrwell command");
  if (!dir) return std::move(dir.error());
  auto store = open_store_for_command(cfg, *dir);
  if (!store) return std::move(store.error());
  return local_store{std::move(*dir), std::move(*store)};
}

} // namespace qrwell::cli
