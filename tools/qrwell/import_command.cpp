#include "actors/transfer_server/import_reader.hpp"
#include "actors/transfer_server/transfer_requests.hpp"
#include "runtime/core/clock.hpp"
#include "runtime/http/json.hpp"
#include "tools/qrwell/admin_client.hpp"
#include "tools/qrwell/commands.hpp"
#include "tools/qrwell/local_store.hpp"
#include "tools/qrwell/output.hpp"

#include <boost/json/object.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <thread>

namespace qrwell::cli {
namespace {

namespace json = boost::json;

constexpr uint64_t part_bytes = 1 << 20, read_bytes = 256 << 10;
constexpr auto away_max = std::chrono::seconds(60); // for which a node may be away while an import is waited for

/// How an import ended.
struct import_report {
  uint64_t added = 0, same = 0, rejected = 0, kept = 0; ///< kept: rejected rows in the file beside
};

std::string rejected_name(const std::string& file) {
  return file + ".rejected.csv";
}

caf::error unwritten(const std::string& file) {
  return fail(ec::disk_full, fmt::format("{} cannot be written: is the disk full?", file));
}

// -- by a running node: the file goes there in parts and becomes a job, which goes on whatever becomes of this command
// ----------------------------------------------------------------------------------------------------------------------

/// FILE.import: the number of the job that this file became, and the file's size then.
class job_note {
public:
  explicit job_note(const std::string& file)
      : name_(file + ".import") {}

  uint64_t read(uint64_t size) const {
    std::ifstream in(name_);
    uint64_t id = 0, noted = 0;
    return in >> id >> noted && noted == size ? id : 0;
  }
  caf::error write(uint64_t id, uint64_t size) const {
    std::ofstream out(name_, std::ios::trunc);
    out << id << ' ' << size << '\n' << std::flush;
    return out ? caf::error() : unwritten(name_);
  }
  void remove() const {
    std::error_code err;
    std::filesystem::remove(name_, err);
  }

private:
  std::string name_;
};

uint64_t number(const json::value& job, const char* name) {
  return job.at(name).to_number<uint64_t>();
}
std::string text(const json::value& job, const char* name) {
  const auto& value = job.at(name);
  return value.is_string() ? std::string(value.get_string()) : std::string();
}

class node_import {
public:
  node_import(admin_client client, std::string file, uint64_t size)
      : client_(std::move(client))
      , file_(std::move(file))
      , size_(size)
      , note_(file_) {
    if (client_.configuration()) part_ = std::min<uint64_t>(part_, client_.configuration()->limits.batch_bytes_max);
  }

  caf::expected<import_report> run() {
    auto job = begin();
    if (!job) return std::move(job.error());
    if (auto err = upload(*job)) return err;
    if (auto err = wait(*job)) return err;
    auto state = text(*job, "state");
    if (state != "done")
      return fail(ec::internal,
                  fmt::format("job {} is {}: {}{}", number(*job, "id"), state, text(*job, "error"),
                              state == "failed" ? "; the same command again resumes it from the row it reached" : ""));
    import_report out{number(*job, "added"), number(*job, "same"), number(*job, "bad"), number(*job, "bad_rows_kept")};
    if (out.kept > 0)
      if (auto err = fetch_bad_rows(number(*job, "id"))) return err;
    note_.remove();
    return out;
  }

private:
  caf::expected<json::value> begin() {
    if (auto id = note_.read(size_)) {
      auto job = client_.call("GET", fmt::format("/v1/jobs/{}", id));
      if (!job && code_of(job.error()) != ec::not_found) return std::move(job.error());
      if (job && text(*job, "state") == "failed") return client_.call("POST", fmt::format("/v1/jobs/{}/resume", id));
      if (job && text(*job, "state") != "cancelled") return job;
    }
    auto first = piece(0);
    if (!first) return std::move(first.error());
    return sent("POST", fmt::format("/v1/imports?complete={}", first->size() == size_ ? "true" : "false"), *first);
  }

  caf::error upload(json::value& job) {
    auto id = number(job, "id");
    if (auto err = note_.write(id, size_)) return err;
    progress_line line;
    while (text(job, "state") == "receiving") {
      auto at = number(job, "bytes");
      if (at > size_)
        return fail(ec::conflict, fmt::format("{} is not the file any more that became job {}", file_, id));
      line.show(fmt::format("sent {} of {} bytes", at, size_));
      auto part = piece(at);
      if (!part) return std::move(part.error());
      auto last = at + part->size() == size_;
      auto now =
          sent("PATCH", fmt::format("/v1/imports/{}?offset={}&complete={}", id, at, last ? "true" : "false"), *part);
      // A part of which the answer was lost is there all the same.
      if (!now && code_of(now.error()) == ec::conflict) now = client_.call("GET", fmt::format("/v1/jobs/{}", id));
      if (!now) return std::move(now.error());
      job = std::move(*now);
    }
    return caf::none;
  }

  caf::error wait(json::value& job) {
    using clock = std::chrono::steady_clock;
    progress_line line;
    auto heard = clock::now();
    for (auto pause = std::chrono::milliseconds(20);; pause = std::min(pause * 2, std::chrono::milliseconds(500))) {
      auto state = text(job, "state");
      if (state != "queued" && state != "running") return caf::none;
      line.show(fmt::format("job {} {}: {} rows, {} bad, {} %", number(job, "id"), state, number(job, "rows"),
                            number(job, "bad"), size_ == 0 ? 100 : number(job, "bytes_done") * 100 / size_));
      std::this_thread::sleep_for(pause);
      auto now = client_.call("GET", fmt::format("/v1/jobs/{}", number(job, "id")));
      if (now) {
        job = std::move(*now);
        heard = clock::now();
      } else if (code_of(now.error()) == ec::not_found || clock::now() - heard > away_max) {
        return std::move(now.error());
      }
    }
  }

  caf::error fetch_bad_rows(uint64_t id) {
    auto got = client_.send("GET", fmt::format("/v1/jobs/{}/bad-rows", id), "text/csv", "", 60);
    if (!got) return std::move(got.error());
    std::ofstream out(rejected_name(file_), std::ios::binary | std::ios::trunc);
    out << got->body << std::flush;
    return out ? caf::error() : unwritten(rejected_name(file_));
  }

  caf::expected<json::value> sent(const char* method, const std::string& path, const std::string& body) {
    auto got = client_.send(method, path, "text/csv", body, 60);
    if (!got) return std::move(got.error());
    return http::parse_json(got->body);
  }

  caf::expected<std::string> piece(uint64_t at) {
    std::ifstream in(file_, std::ios::binary);
    in.seekg(static_cast<std::streamoff>(at));
    std::string out(std::min(part_, size_ - at), '\0');
    in.read(out.data(), static_cast<std::streamsize>(out.size()));
    if (!in) return fail(ec::invalid_request, fmt::format("{} cannot be read", file_));
    return out;
  }

  admin_client client_;
  std::string file_;
  uint64_t size_, part_ = part_bytes;
  job_note note_;
};

// -- without a node: into the store itself
// ----------------------------------------------------------------------------------------------------------------------

caf::error put_slice(code_store& store, import_slice& slice, import_report& sum) {
  auto rows = store.mac_keys();
  if (!rows) return std::move(rows.error());
  std::vector<foreign_key> known;
  for (const auto& row : *rows) known.push_back({row.key_char, row.fingerprint});
  for (const auto& key : unknown_keys(slice.part.keys, known))
    if (auto put = store.ensure_mac_key({key.key_char, key.fingerprint, false, "store"}); !put)
      return std::move(put.error());
  auto done = store.import_codes({std::move(slice.part.rows), "cli"});
  if (!done) return std::move(done.error());
  sum.added += done->added;
  sum.same += done->same;
  slice.part.faults.insert(slice.part.faults.end(), done->faults.begin(), done->faults.end());
  return caf::none;
}

caf::expected<import_report> import_locally(const settings& cfg, const std::string& file, uint64_t size) {
  auto held = open_local_store(cfg);
  if (!held) return std::move(held.error());
  std::ifstream in(file, std::ios::binary);
  std::string text(read_bytes, '\0');
  uint64_t read = 0;
  auto more = [&] {
    in.read(text.data(), static_cast<std::streamsize>(text.size()));
    read += static_cast<uint64_t>(in.gcount());
    return std::string_view(text).substr(0, static_cast<size_t>(in.gcount()));
  };
  const auto& l = cfg.limits;
  target_limits limits{l.path_bytes_max, l.query_bytes_max, l.tags_max, l.tag_bytes_max};
  auto data = more();
  auto header = read_import_header(data, data.size() == size, limits, system_wall_ms());
  if (!header) return std::move(header.error());
  import_reader reader(std::move(header->rows), 1 + header->lines);
  data.remove_prefix(header->bytes);
  std::ofstream bad;
  import_report sum;
  while (!reader.ended()) {
    data.empty() ? reader.end() : reader.feed(data);
    while (auto slice = reader.next(transfer_rows_max)) {
      if (auto err = put_slice(*held->store, *slice, sum)) return err;
      for (const auto& fault : slice->part.faults) {
        if (sum.rejected++ == 0) {
          bad.open(rejected_name(file), std::ios::binary | std::ios::trunc);
          bad << bad_rows_header(header->text);
        }
        bad << bad_row(header->text, slice->record(fault.line), fault);
      }
    }
    data = more();
  }
  // A disk that fails looks like the end of the file.
  if (in.bad() || read != size)
    return fail(ec::store_failed,
                fmt::format("{}: only {} of {} bytes could be read; what was read is imported, and can "
                            "be imported again",
                            file, read, size));
  sum.kept = sum.rejected;
  if (sum.rejected > 0 && !bad.flush()) return unwritten(rejected_name(file));
  return sum;
}

int run(const node_options& where, const std::string& file) {
  std::error_code err;
  auto size = std::filesystem::file_size(file, err);
  if (err || !std::ifstream(file)) return complain(fail(ec::invalid_request, fmt::format("{} cannot be read", file)));
  if (size == 0) return complain(fail(ec::invalid_request, fmt::format("{} is empty", file)));
  auto client = admin_client::find(where);
  if (!client) return complain(client.error());
  auto cfg = client->configuration();
  auto alive = client->call("GET", "/v1/jobs?limit=1");
  auto done = alive || code_of(alive.error()) != ec::unavailable || !cfg
                  ? node_import(std::move(*client), file, size).run()
                  : import_locally(*cfg, file, size);
  if (!done) return complain(done.error());
  auto beside = done->kept > 0 ? rejected_name(file) : std::string();
  if (where.json) {
    json::object out{{"added", done->added}, {"same", done->same}, {"rejected", done->rejected}};
    if (!beside.empty()) out["rejected_file"] = beside;
    print(http::json_text(out));
  } else {
    print(fmt::format("{} added, {} were there already, {} rejected{}", done->added, done->same, done->rejected,
                      beside.empty() ? "" : ": see " + beside));
    if (done->kept < done->rejected) print(fmt::format("only the first {} of the rejected rows are there", done->kept));
  }
  return done->rejected > 0 ? exit_rejected : exit_ok;
}

} // namespace

void add_import(CLI::App& app, int& exit_code) {
  auto* command = app.add_subcommand(
      "import", "Takes codes of another installation from an export, so that their prints resolve here. Beside a "
                "running node the file becomes a job there, which goes on if this command ends; the same command again "
                "goes on with it (FILE.import has its number). Works without a node, too. May be repeated from the "
                "beginning: what is there already is left as it is. Rows that cannot be taken are written to "
                "FILE.rejected.csv with their line, column and reason; then the exit code is 4.");
  auto where = add_node_options(*command);
  auto file = std::make_shared<std::string>();
  command->add_option("file", *file, "what `qrwell export` wrote")->required();
  command->callback([=, &exit_code] { exit_code = run(*where, *file); });
}

} // namespace qrwell::cli
