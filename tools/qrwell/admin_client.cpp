#include "tools/qrwell/admin_client.hpp"

#include "config/loader.hpp"
#include "node/data_dir.hpp"
#include "runtime/http/json.hpp"

#include <fmt/format.h>

#include <cstdlib>
#include <fstream>

namespace qrwell::cli {
namespace {

caf::expected<secret> read_key(const std::string& file) {
  if (!file.empty()) {
    std::ifstream in(file);
    std::string key;
    if (!(in >> key)) return fail(ec::invalid_config, fmt::format("--key-file: cannot read a key from {}", file));
    return secret(std::move(key));
  }
  if (const auto* key = std::getenv("QRWELL_KEY")) return secret(key);
  return fail(ec::invalid_config, "--admin needs an admin key: --key-file FILE, or the environment's QRWELL_KEY");
}

} // namespace

std::shared_ptr<node_options> add_node_options(CLI::App& command) {
  auto options = std::make_shared<node_options>();
  command
      .add_option("-c,--config", options->config,
                  "the node's configuration file: says where its admin listener and its data directory are")
      ->capture_default_str();
  command.add_option("--admin", options->admin, "URL of an admin listener, instead of -c");
  command.add_option("--key-file", options->key_file,
                     "with --admin: a file that holds an admin key (or the environment's QRWELL_KEY)");
  command.add_flag("--json", options->json, "answer as JSON");
  return options;
}

caf::expected<admin_client> admin_client::find(const node_options& options) {
  admin_client out;
  if (!options.admin.empty()) {
    auto key = read_key(options.key_file);
    if (!key) return std::move(key.error());
    out.url_ = options.admin;
    out.bearer_ = std::move(*key);
    while (!out.url_.empty() && out.url_.back() == '/') out.url_.pop_back();
    return out;
  }
  auto cfg = load_settings(options.config);
  if (!cfg) return std::move(cfg.error());
  out.url_ = "http://" + to_string(cfg->http.admin_listen);
  // A node that let the kernel choose its port wrote the address down.
  if (std::ifstream in(cfg->node.data_dir + "/admin.address"); in) {
    std::string address;
    if (in >> address) out.url_ = "http://" + address;
  }
  // Before its first start a node has no token; then nobody listens either, which is what the caller will hear.
  if (auto token = read_admin_token(cfg->node.data_dir)) out.bearer_ = std::move(*token);
  out.settings_ = std::move(*cfg);
  return out;
}

caf::expected<http_got> admin_client::send(std::string_view method, const std::string& path,
                                           const std::string& content_type, const std::string& body,
                                           long timeout_s) const {
  auto got = http_call(method, url_ + path,
                       {"Authorization: Bearer " + bearer_.reveal(), "Content-Type: " + content_type}, body, timeout_s);
  if (!got)
    return fail(ec::unavailable,
                sentence_of(got.error()) + ". Is the node running? (-c FILE or --admin URL say where it is)");
  auto status = got->status;
  if (status / 100 == 2) return got;
  auto value = http::parse_json(got->body);
  if (!value)
    return fail(ec::internal,
                fmt::format("{}{} answered status {} and no JSON: is that a qrwell node's admin listener?", url_, path,
                            status));
  std::string detail;
  if (const auto* problem = value->if_object())
    if (const auto* text = problem->if_contains("detail"); text && text->is_string())
      detail = std::string(text->get_string());
  auto code = status == 400                    ? ec::invalid_request
              : status == 401 || status == 403 ? ec::unauthorized
              : status == 404                  ? ec::not_found
              : status == 409                  ? ec::conflict
                                               : ec::internal;
  return fail(code, fmt::format("{} (status {})", detail.empty() ? "the node refused" : detail, status));
}

caf::expected<boost::json::value> admin_client::call(std::string_view method, const std::string& path,
                                                     const std::string& body, long timeout_s) const {
  auto got = send(method, path, "application/json", body, timeout_s);
  if (!got) return std::move(got.error());
  auto value = http::parse_json(got->body);
  if (!value)
    return fail(ec::internal,
                fmt::format("{}{} answered status {} and no JSON: is that a qrwell node's admin listener?", url_, path,
                            got->status));
  return value;
}

} // namespace qrwell::cli
