#include "config/loader.hpp"
#include "node/store_keys.hpp"
#include "runtime/http/json.hpp"
#include "tools/qrwell/commands.hpp"
#include "tools/qrwell/local_store.hpp"
#include "tools/qrwell/output.hpp"
#include "tools/qrwell/recover_stock.hpp"

#include <boost/json/object.hpp>

#include <fmt/format.h>

namespace qrwell::cli {
namespace {

namespace json = boost::json;

int give_up_keys(const std::string& file, bool as_json) {
  auto cfg = load_settings(file);
  if (!cfg) return complain(cfg.error());
  auto held = open_local_store(*cfg);
  if (!held) return complain(held.error());
  auto lost = give_up_lost_keys(*held->store, cfg->keys.mac_file);
  if (!lost) return complain(lost.error());
  if (as_json)
    print(http::json_text(json::object{{"lost_mac_keys", *lost}}));
  else if (lost->empty())
    print(fmt::format("{} has every key that this store's codes were signed with: nothing was changed",
                      cfg->keys.mac_file));
  else
    print(fmt::format("codes that begin with one of \"{}\" are judged by the store from now on: each of them that is "
                      "not in memory costs a look-up. Keep a copy of {} in another place",
                      *lost, cfg->keys.mac_file));
  return exit_ok;
}

} // namespace

void add_recover(CLI::App& app, int& exit_code) {
  auto* command = app.add_subcommand(
      "recover", "Goes on after a loss that a node refuses to start with. Only while the node is stopped.");
  auto file = std::make_shared<std::string>("qrwell.yaml");
  auto keys = std::make_shared<bool>(false), stock = std::make_shared<bool>(false), yes = std::make_shared<bool>(false),
       as_json = std::make_shared<bool>(false);
  command->add_option("-c,--config", *file, "the node's configuration file")->capture_default_str();
  auto* what = command->add_option_group("what is lost");
  what->require_option(1);
  what->add_flag("--lost-mac-keys", *keys,
                 "keys of keys.mac_file are lost for good: makes the file anew if it is gone, and lets the store judge "
                 "the codes of missing keys");
  auto* copy = what->add_flag("--void-stock", *stock,
                              "the newest store is lost for good and this is an older copy, or another store: what it "
                              "has in stock may have been issued, and is never issued again. Says what it would do, "
                              "and does it with --yes");
  command->add_flag("--yes", *yes, "do it")->needs(copy);
  command->add_flag("--json", *as_json, "answer as JSON");
  command->callback(
      [=, &exit_code] { exit_code = *keys ? give_up_keys(*file, *as_json) : void_stock(*file, *yes, *as_json); });
}

} // namespace qrwell::cli
