#include "actors/transfer_server/transfer_requests.hpp"
#include "runtime/codes/transfer_csv.hpp"
#include "runtime/core/clock.hpp"
#include "runtime/http/json.hpp"
#include "tools/qrwell/admin_client.hpp"
#include "tools/qrwell/commands.hpp"
#include "tools/qrwell/local_store.hpp"
#include "tools/qrwell/output.hpp"

#include <boost/json/object.hpp>
#include <curl/curl.h>

#include <fmt/format.h>

#include <filesystem>
#include <fstream>
#include <functional>
#include <optional>

namespace qrwell::cli {
namespace {

struct export_options {
  std::string out, pool, owner, from, to;
  bool resume = false;
};

struct page {
  std::string text, next; ///< next: a cursor; empty at the end
};

std::string escaped(const std::string& text) {
  std::unique_ptr<char, decltype(&curl_free)> out(curl_easy_escape(nullptr, text.data(), static_cast<int>(text.size())),
                                                  curl_free);
  return out ? out.get() : "";
}

/// The call without its cursor: what a part of an export was made with.
std::string call_of(const export_options& o) {
  std::string out = "/v1/export?limit=1000";
  auto add = [&](const char* name, const std::string& value) {
    if (!value.empty()) out += fmt::format("&{}={}", name, escaped(value));
  };
  add("pool", o.pool);
  add("owner", o.owner);
  add("from", o.from);
  add("to", o.to);
  return out;
}

caf::expected<page> local_page(code_store& store, const std::string& call) {
  auto target = http::parse_target(call);
  if (!target) return std::move(target.error());
  auto asked = read_export(*target);
  if (!asked) return std::move(asked.error());
  page out;
  if (!target->param("cursor")) {
    auto keys = store.mac_keys();
    if (!keys) return std::move(keys.error());
    out.text = transfer_header;
    for (const auto& key : *keys) append_transfer_row(out.text, foreign_key{key.key_char, key.fingerprint});
  }
  auto codes = store.list(*asked);
  if (!codes) return std::move(codes.error());
  for (const auto& code : codes->codes) append_transfer_row(out.text, code, codes->now_ms);
  out.next = next_cursor(*codes);
  return out;
}

/// Where pages come from: a running node, or the store itself.
class page_source {
public:
  static caf::expected<page_source> open(const node_options& where) {
    auto client = admin_client::find(where);
    if (!client) return std::move(client.error());
    return page_source(std::move(*client));
  }

  caf::expected<page> get(const std::string& call) {
    if (!store_) {
      auto got = client_.send("GET", call, "text/csv", "", 60);
      if (got) return page{std::move(got->body), std::string(got->header("qrwell-next-cursor"))};
      if (code_of(got.error()) != ec::unavailable || !client_.configuration()) return std::move(got.error());
      auto held = open_local_store(*client_.configuration());
      if (!held) return std::move(held.error());
      store_ = std::make_shared<local_store>(std::move(*held));
    }
    return local_page(*store_->store, call);
  }

private:
  explicit page_source(admin_client client)
      : client_(std::move(client)) {}

  admin_client client_;
  std::shared_ptr<local_store> store_;
};

/// FILE.part with what is there, and FILE.cursor with how much of it is whole and where to go on.
class part_file {
public:
  explicit part_file(std::string file)
      : file_(std::move(file))
      , part_(file_ + ".part")
      , note_(file_ + ".cursor") {}

  /// The cursor to go on with; empty: from the beginning.
  caf::expected<std::string> open(const std::string& call, bool resume) {
    std::error_code err;
    std::string cursor;
    if (std::filesystem::exists(file_, err))
      return fail(ec::conflict, fmt::format("{} is there already; an export overwrites nothing", file_));
    if (resume) {
      uint64_t bytes = 0;
      std::string noted;
      std::ifstream in(note_);
      if (!(in >> bytes >> cursor >> noted))
        return fail(ec::invalid_request, fmt::format("--resume: there is no {} that says where to go on", note_));
      if (noted != call)
        return fail(ec::invalid_request, "--resume: the part that is there was made with other filters");
      if (std::filesystem::file_size(part_, err) < bytes || err)
        return fail(ec::invalid_request, fmt::format("--resume: {} is not there or was cut", part_));
      std::filesystem::resize_file(part_, bytes, err);
      if (err)
        return fail(ec::invalid_request,
                    fmt::format("--resume: {} cannot be cut to what is whole: {}", part_, err.message()));
      bytes_ = bytes;
    } else if (std::filesystem::exists(note_, err)) {
      return fail(ec::conflict,
                  fmt::format("{} is a part of an export that did not end: go on with --resume, or remove "
                              "it and {}",
                              part_, note_));
    }
    out_.open(part_, resume ? std::ios::binary | std::ios::app : std::ios::binary | std::ios::trunc);
    if (!out_) return fail(ec::invalid_request, fmt::format("--out: {} cannot be written", part_));
    call_ = call;
    return cursor;
  }

  caf::error add(const page& p) {
    out_ << p.text << std::flush;
    bytes_ += p.text.size();
    if (!out_) return fail(ec::disk_full, fmt::format("{} cannot be written: is the disk full?", part_));
    if (p.next.empty()) return caf::none;
    auto fresh = note_ + ".new";
    {
      std::ofstream note(fresh, std::ios::trunc);
      note << bytes_ << ' ' << p.next << ' ' << call_ << '\n' << std::flush;
      if (!note) return fail(ec::disk_full, fmt::format("{} cannot be written: is the disk full?", fresh));
    }
    return moved(fresh, note_);
  }

  caf::error finish() {
    out_.close();
    std::error_code err;
    if (auto failed = moved(part_, file_)) return failed;
    std::filesystem::remove(note_, err);
    return caf::none;
  }

private:
  static caf::error moved(const std::string& from, const std::string& to) {
    std::error_code err;
    std::filesystem::rename(from, to, err);
    return err ? fail(ec::internal, fmt::format("{} cannot be renamed to {}: {}", from, to, err.message()))
               : caf::error();
  }

  std::string file_, part_, note_, call_;
  std::ofstream out_;
  uint64_t bytes_ = 0;
};

int run(const node_options& where, const export_options& o) {
  auto source = page_source::open(where);
  if (!source) return complain(source.error());
  part_file file(o.out);
  auto call = call_of(o);
  auto cursor = file.open(call, o.resume);
  if (!cursor) return complain(cursor.error());
  uint64_t pages = 0, bytes = 0;
  auto line = std::make_optional<progress_line>();
  for (auto at = *cursor;;) {
    auto got = source->get(at.empty() ? call : call + "&cursor=" + escaped(at));
    if (!got) return complain(got.error());
    if (auto err = file.add(*got)) return complain(err);
    ++pages;
    bytes += got->text.size();
    line->show(fmt::format("{} bytes in {} pages", bytes, pages));
    if (got->next.empty()) break;
    at = got->next;
  }
  line.reset();
  if (auto err = file.finish()) return complain(err);
  if (where.json)
    print(http::json_text(boost::json::object{{"file", o.out}, {"pages", pages}, {"bytes", bytes}}));
  else
    print(fmt::format("{}: {} bytes in {} pages", o.out, bytes, pages));
  return exit_ok;
}

} // namespace

void add_export(CLI::App& app, int& exit_code) {
  auto* command = app.add_subcommand(
      "export", "Writes bound, expired and revoked codes as CSV, the newest first. Works beside a running node and "
                "without one. docs/api.md has the columns.");
  auto where = add_node_options(*command);
  auto o = std::make_shared<export_options>();
  command->add_option("--out", o->out, "the file to write; while it grows it is FILE.part")->required();
  command->add_option("--pool", o->pool, "codes of this pool only");
  command->add_option("--owner", o->owner, "codes of this owner only");
  command->add_option("--from", o->from, "bound at this time or later, as in 2026-12-31T00:00:00Z");
  command->add_option("--to", o->to, "bound before this time");
  command->add_flag("--resume", o->resume, "go on with an export that did not end");
  command->callback([=, &exit_code] { exit_code = run(*where, *o); });
}

} // namespace qrwell::cli
