#include "tools/qrwell/recover_stock.hpp"

#include "config/loader.hpp"
#include "node/open_store.hpp"
#include "node/watermark.hpp"
#include "runtime/http/json.hpp"
#include "tools/qrwell/commands.hpp"
#include "tools/qrwell/output.hpp"

#include <boost/json/object.hpp>

#include <fmt/format.h>

namespace qrwell::cli {
namespace {

namespace json = boost::json;

struct plan {
  std::string refused; ///< why a node does not start; empty: it would
  code_store::stock_voided stock;
  uint64_t codes = 0;
  bool done = false;
};

void show(const plan& p, const settings& cfg) {
  print(p.refused.empty()
            ? "A node would start on this store as it is. Go on only if the whole data directory is a copy "
              "that is older than what was issued: that cannot be told from the outside."
            : "A node does not start on this store: " + p.refused + ".");
  print(p.stock.newest_bound_ms == 0
            ? "No code of it is bound."
            : fmt::format("Its newest code was bound at {}; codes that were bound later are not in it: they do not "
                          "resolve, and a retry of their requests gets another code.",
                          http::format_time(p.stock.newest_bound_ms)));
  for (const auto& [pool, count] : p.stock.codes)
    print(fmt::format("{} {} codes in stock of pool {}, which may have been issued since: they are never issued again.",
                      p.done ? "Voided" : "To be voided:", count, pool));
  if (p.codes == 0) print("Nothing is in stock.");
  for (const auto& app : cfg.apps)
    print(
        fmt::format("App {}: the calls of the past minute are not known, so {} count as made; stocking begins about a "
                    "minute after {}.",
                    app.name, app.per_minute, p.done ? "now" : "that"));
}

int end(const plan& p, const settings& cfg, bool as_json, bool changed) {
  if (as_json) {
    json::object pools;
    for (const auto& [pool, count] : p.stock.codes) pools[pool] = count;
    print(http::json_text(json::object{
        {"done", p.done},
        {"refused", p.refused},
        {"codes", p.codes},
        {"pools", std::move(pools)},
        {"newest_bound_at", p.stock.newest_bound_ms == 0 ? json::value(nullptr)
                                                         : json::value(http::format_time(p.stock.newest_bound_ms))}}));
  } else {
    if (changed || !p.done) show(p, cfg);
    if (!p.done)
      print("Nothing was changed. Keep a copy of the data directory, then say it again with --yes.");
    else if (changed)
      print("The store has another uuid now and belongs to this data directory. Start the node.");
    else
      print("A node would start on this store, and nothing is in stock: nothing was changed.");
  }
  return p.done ? exit_ok : exit_failed;
}

} // namespace

int void_stock(const std::string& config_file, bool yes, bool as_json) {
  auto cfg = load_settings(config_file);
  if (!cfg) return complain(cfg.error());
  auto dir = data_dir::visit(cfg->node.data_dir, "qrwell recover");
  if (!dir) return complain(dir.error());
  auto opened = open_store_to_recover(*cfg, *dir);
  if (!opened) return complain(opened.error());
  auto& store = *opened->store;
  plan p;
  if (opened->refused) p.refused = sentence_of(opened->refused);
  code_store::stock_void order{"recover --void-stock", p.refused.empty() ? "asked for" : "refused at start", {}, true};
  auto found = store.void_stock(order);
  if (!found) return complain(found.error());
  p.stock = std::move(*found);
  for (const auto& [pool, count] : p.stock.codes) p.codes += count;
  p.done = yes;
  if (!yes || (p.refused.empty() && p.codes == 0)) return end(p, *cfg, as_json, false);
  for (const auto& app : cfg->apps) {
    if (auto known = store.ensure_app(app.name, app.appid); !known) return complain(known.error());
    order.limits.emplace_back(app.name, app.per_minute);
  }
  order.only_count = false;
  if (auto done = store.void_stock(order); !done) return complain(done.error());
  auto identity = store.identity();
  if (!identity) return complain(identity.error());
  opened->store.reset(); // which brings the log into the file
  // Last: whoever is interrupted before finds a store that is refused as another one, and does this again.
  if (auto bad = write_watermark(dir->path(), {identity->store_uuid, identity->commit_seq})) return complain(bad);
  return end(p, *cfg, as_json, true);
}

} // namespace qrwell::cli
