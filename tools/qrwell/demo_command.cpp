#include "actors/http_frontend/http_listener.hpp"
#include "config/loader.hpp"
#include "node/node.hpp"
#include "runtime/ids/hash.hpp"
#include "runtime/logging/log.hpp"
#include "tools/qrwell/admin_client.hpp"
#include "tools/qrwell/child_process.hpp"
#include "tools/qrwell/commands.hpp"
#include "tools/qrwell/http_call.hpp"
#include "tools/qrwell/output.hpp"
#include "tools/qrwell/signals.hpp"
#include "tools/qrwell/terminal_picture.hpp"

#include <boost/json/serialize.hpp>

#include <fmt/format.h>

#include <cstdlib>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <unistd.h>

namespace qrwell::cli {
namespace {

namespace json = boost::json;

struct demo_options {
  std::string dir;
  std::string listen = "127.0.0.1:8080", admin_listen = "127.0.0.1:8081";
  uint32_t limit = 5'000;
  uint64_t stock = 2'000;
  bool exit = false;
};

constexpr const char* appid = "wx0123456789abcdef";
constexpr uint64_t enough_to_begin = 100;

/// What a demo leaves behind is removed only if it made the folder itself and nobody is to look at it afterwards.
struct demo_folder {
  std::string path;
  bool remove = false;
  ~demo_folder() {
    std::error_code ignored;
    if (remove) std::filesystem::remove_all(path, ignored);
  }
};

caf::error prepare_folder(const demo_options& o, demo_folder& out) {
  if (!o.dir.empty()) {
    std::error_code err;
    std::filesystem::create_directories(o.dir, err);
    if (err) return fail(ec::invalid_config, fmt::format("--dir: cannot make {}: {}", o.dir, err.message()));
    out.path = o.dir;
    return {};
  }
  auto pattern = (std::filesystem::temp_directory_path() / "qrwell-demo-XXXXXX").string();
  if (!::mkdtemp(pattern.data())) return fail(ec::invalid_config, "cannot make a temporary folder");
  out.path = pattern;
  out.remove = o.exit;
  return {};
}

// The usual port, or one that the kernel chooses when somebody else has it.
std::string free_address(const std::string& wanted) {
  return http_listener::bind(wanted) ? wanted : wanted.substr(0, wanted.rfind(':')) + ":0";
}

std::string configuration(const demo_options& o, const std::string& dir, const std::string& wechat,
                          const std::string& app_secret) {
  return fmt::format(R"(# Made by `qrwell demo`: one node, a simulator in WeChat's place.
node:   {{ name: demo, data_dir: "{0}/data" }}
http:   {{ listen: "{1}", admin_listen: "{2}" }}
apps:
  - {{ name: homes, appid: {3}, secret: "{4}", per_minute: {5} }}
pools:
  - name: default
    app: homes
    page: pages/qr/index
    stock: {{ low: {6}, high: {7}, reserve: 0 }}
    timezone: Asia/Shanghai
    windows: ["daily 00:00-24:00"]
    on_empty: [live]
wechat: {{ hosts: ["{8}"] }}
store:  {{ sqlite: "{0}/data/qrwell.db" }}
images: {{ dir: "{0}/data/images", min_free_bytes: 64MiB }}
)",
                     dir, free_address(o.listen), free_address(o.admin_listen), appid, app_secret, o.limit, o.stock / 2,
                     o.stock, wechat);
}

struct progress {
  uint64_t level = 0;
  std::string line;
};

caf::expected<progress> look(const admin_client& admin) {
  auto status = admin.call("GET", "/v1/status");
  if (!status) return std::move(status.error());
  progress out;
  const auto& object = status->as_object();
  if (object.at("pools").as_array().empty()) return out;
  const auto& pool = object.at("pools").as_array()[0].as_object();
  out.level = pool.at("level").to_number<uint64_t>();
  std::string used = "-";
  for (const auto& app : object.at("apps").as_array())
    if (const auto* quota = app.as_object().if_contains("quota"))
      used = cell(quota->as_object(), "used_60s") + " of " + cell(quota->as_object(), "limit");
  out.line = fmt::format("  {:>6} codes in stock, {} codes/min, quota used in the last 60 s: {}", out.level,
                         cell(pool, "per_minute"), used);
  for (const auto& value : object.at("problems").as_array()) {
    const auto& problem = value.as_object();
    if (out.level == 0 && cell(problem, "where").starts_with("pool ")) continue; // it has only just begun to fill
    out.line += "  ! " + cell(problem, "what");
  }
  return out;
}

void show_progress(const std::string& line) {
  if (::isatty(1)) {
    std::printf("\r\x1b[K%s", line.substr(0, 160).c_str());
    std::fflush(stdout);
  } else {
    print(line);
  }
}

/// Waits for a stock; false when a signal came.
caf::expected<bool> fill(const admin_client& admin, const signals& steer) {
  auto every_ms = ::isatty(1) ? 200 : 1'000;
  for (int waited_ms = 0; waited_ms < 120'000; waited_ms += every_ms) {
    auto now = look(admin);
    if (!now) return std::move(now.error());
    show_progress(now->line);
    if (now->level >= enough_to_begin) {
      if (::isatty(1)) print("");
      return true;
    }
    if (steer.next(every_ms)) return false;
  }
  return fail(ec::timeout, "the pool did not fill within two minutes: see demo.log in the demo's folder");
}

struct issued {
  std::string id, image_file, image;
};

/// Issues one code, fetches its picture and resolves it, as a business service and a phone would, and checks each
/// answer.
caf::expected<issued> use_it(const std::string& url, const std::string& key, const std::string& dir) {
  auto bad = [](std::string_view what, const http_got& got) {
    return fail(ec::internal, fmt::format("{}: status {}, {}", what, got.status, got.body.substr(0, 300)));
  };
  const std::string target = R"({"path":"pages/house/detail","query":{"id":4711,"from":"brochure"}})";
  auto created =
      http_call("POST", url + "/v1/codes", {"Authorization: Bearer " + key, "Content-Type: application/json"}, target);
  if (!created) return std::move(created.error());
  if (created->status != 201) return bad("POST /v1/codes", *created);
  json::error_code err;
  auto code = json::parse(created->body, err);
  if (err || !code.is_object()) return bad("POST /v1/codes", *created);
  issued out;
  out.id = cell(code.get_object(), "id");
  auto image = http_call("GET", url + "/v1/codes/" + out.id + "/image", {});
  if (!image) return std::move(image.error());
  // The simulator writes the scene into the picture, so that this can be told: it is this code's picture and no
  // other's.
  if (image->status != 200 || image->body.find("scene=" + out.id) == std::string::npos)
    return bad("the image is not this code's", {image->status, {}});
  out.image = image->body;
  out.image_file = dir + "/" + out.id + ".jpg";
  std::ofstream(out.image_file, std::ios::binary) << out.image;
  auto scene = http_call("GET", url + "/v1/scenes/" + out.id, {});
  if (!scene) return std::move(scene.error());
  if (scene->status != 200 || scene->body.find(R"("path":"pages/house/detail")") == std::string::npos)
    return bad("GET /v1/scenes", *scene);
  print(fmt::format("\nIssued ({} ms): {}", created->took_ms, created->body));
  print(fmt::format("Its picture ({} bytes): {}", out.image.size(), out.image_file));
  if (::isatty(1)) print(terminal_picture(out.image, 64));
  print(fmt::format("Scanned ({} ms): {}", scene->took_ms, scene->body));
  return out;
}

int run(const demo_options& o) {
  signals steer;
  demo_folder folder;
  if (auto err = prepare_folder(o, folder)) return complain(err);
  const auto& dir = folder.path;

  auto app_secret = to_hex(random_bytes(16));
  auto simulator = child_process::start({own_folder() + "wechat-sim", "--listen", "127.0.0.1:0", "--app",
                                         fmt::format("{}:{}", appid, app_secret), "--limit", std::to_string(o.limit),
                                         "--latency", "80:250", "--exit-with-parent"},
                                        10'000);
  if (!simulator) return complain(simulator.error());
  auto wechat = "http://" + simulator->first_line().substr(simulator->first_line().rfind(' ') + 1);
  print(fmt::format("A simulator of WeChat listens on {}", wechat));

  auto config_file = dir + "/qrwell.yaml";
  {
    std::ofstream out(config_file);
    out << configuration(o, dir, wechat, app_secret);
  }
  std::filesystem::permissions(config_file, std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
  auto cfg = load_settings(config_file);
  if (!cfg) return complain(cfg.error());
  auto log_fd = ::open((dir + "/demo.log").c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  log::log_config logging;
  logging.descriptor = log_fd < 0 ? 2 : log_fd;
  if (auto err = log::start(logging)) return complain(err);

  auto running = node::start(*cfg, [](const std::string& reason) {
    std::fprintf(stderr, "\nqrwell: the node cannot go on: %s\n", reason.c_str());
    signals::wake();
  });
  if (!running) return complain(running.error());
  auto url = "http://" + (*running)->address();
  print(fmt::format("A node listens on {}, for operators on http://{}; its folder is {}", url,
                    (*running)->admin_address(), dir));

  node_options where;
  where.config = config_file;
  auto admin = admin_client::find(where);
  if (!admin) return complain(admin.error());
  auto made = admin->call("POST", "/v1/keys", R"({"name":"demo","scopes":["issue","read"]})");
  if (!made && code_of(made.error()) == ec::conflict) { // an earlier demo in the same folder has it
    if (auto gone = admin->call("DELETE", "/v1/keys/demo"); !gone) return complain(gone.error());
    made = admin->call(
        "POST", "/v1/keys",
        fmt::format(R"({{"name":"demo-{}","owner":"demo","scopes":["issue","read"]}})", to_hex(random_bytes(3))));
  }
  if (!made) return complain(made.error());
  auto key = cell(made->as_object(), "key");

  print("The pool fills:");
  auto filled = fill(*admin, steer);
  if (!filled) return complain(filled.error());
  if (!*filled) return exit_ok;
  auto code = use_it(url, key, dir);
  if (!code) return complain(code.error());

  auto bin = own_folder();
  print(fmt::format(R"(
Try it yourself:

  KEY={0}
  curl -s {1}/v1/codes -H "Authorization: Bearer $KEY" -H 'Content-Type: application/json' \
       -d '{{"path":"pages/house/detail","query":{{"id":42}}}}'
  curl -s {1}/v1/codes -H "Authorization: Bearer $KEY" -H 'Content-Type: application/json' -H 'Accept: image/*' \
       -H 'Idempotency-Key: order-1' -d '{{"path":"pages/order","query":{{"no":1}}}}' -o code.jpg
  curl -s {1}/v1/scenes/{2}
  curl -s {1}/v1/codes/{2} -H "Authorization: Bearer $KEY"
  {3}qrwell status -c {4}
  {3}qrwell verify -c {4}
)",
                    key, url, code->id, bin, config_file));
  if (o.exit) {
    running->reset();
    log::stop();
    print("The demo works: a code was fetched, bound, shown and resolved.");
    return exit_ok;
  }
  print("Ctrl-C ends it.");
  for (;;) {
    auto signal = steer.next(::isatty(1) ? 500 : 10'000);
    if (signal == SIGTERM || signal == SIGINT || signal == SIGUSR1) break;
    if (auto now = look(*admin)) show_progress(now->line);
  }
  print("\nstopping");
  running->reset();
  log::stop();
  return exit_ok;
}

} // namespace

void add_demo(CLI::App& app, int& exit_code) {
  auto* command = app.add_subcommand(
      "demo", "Shows the whole of it without a WeChat account: a simulator, a node, a pool that fills, one code.");
  auto o = std::make_shared<demo_options>();
  command->add_option("--dir", o->dir, "folder for its files; default: a new temporary one");
  command->add_option("--listen", o->listen, "where the node listens; another port if this one is taken")
      ->capture_default_str();
  command->add_option("--admin-listen", o->admin_listen, "where it listens for operators")->capture_default_str();
  command->add_option("--limit", o->limit, "calls a minute that the simulator allows")
      ->check(CLI::Range(60, 100'000))
      ->capture_default_str();
  command->add_option("--stock", o->stock, "codes to stock")->check(CLI::Range(200, 1'000'000))->capture_default_str();
  command->add_flag("--exit", o->exit, "end after the first code, with 0 if all of it worked");
  command->callback([o, &exit_code] { exit_code = run(*o); });
}

} // namespace qrwell::cli
