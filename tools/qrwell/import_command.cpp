#include "actors/admin_server/transfer_requests.hpp"
#include "runtime/codes/csv.hpp"
#include "runtime/codes/transfer_csv.hpp"
#include "runtime/http/json.hpp"
#include "tools/qrwell/admin_client.hpp"
#include "tools/qrwell/commands.hpp"
#include "tools/qrwell/local_store.hpp"
#include "tools/qrwell/output.hpp"

#include <boost/json/object.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <map>

namespace qrwell::cli {
namespace {

namespace json = boost::json;

constexpr size_t part_bytes_max = 1 << 20, record_bytes_max = 64 << 10;

/// One record as it stands in the file, and its line there.
struct raw_record {
  std::string text;
  uint64_t line = 0;
};

/// A file of any size, record by record.
class record_file {
public:
  explicit record_file(const std::string& file)
      : in_(file, std::ios::binary) {}
  bool good() const { return static_cast<bool>(in_); }

  /// False at the end. A record goes on while a quote is open; one that never ends is cut off and refused as it is.
  bool next(raw_record& out) {
    out = {"", line_ + 1};
    std::string line;
    size_t quotes = 0;
    while (std::getline(in_, line)) {
      ++line_;
      quotes += static_cast<size_t>(std::count(line.begin(), line.end(), '"'));
      out.text += line + '\n';
      if (quotes % 2 == 0 || out.text.size() > record_bytes_max) {
        if (out.text != "\n" && out.text != "\r\n") return true;
        out = {"", line_ + 1};
        quotes = 0;
      }
    }
    return !out.text.empty();
  }

private:
  std::ifstream in_;
  uint64_t line_ = 0;
};

/// Where parts go to: a running node, or the store itself.
class part_sink {
public:
  static caf::expected<part_sink> open(const node_options& where) {
    auto client = admin_client::find(where);
    if (!client) return std::move(client.error());
    return part_sink(std::move(*client));
  }

  caf::expected<import_result> put(const std::string& part) {
    if (!store_) {
      auto got = client_.send("POST", "/v1/import", "text/csv", part, 60);
      if (got) return read_answer(got->body);
      if (code_of(got.error()) != ec::unavailable || !client_.configuration()) return std::move(got.error());
      auto held = open_local_store(*client_.configuration());
      if (!held) return std::move(held.error());
      store_ = std::make_shared<local_store>(std::move(*held));
    }
    return put_local(part);
  }

private:
  explicit part_sink(admin_client client)
      : client_(std::move(client)) {}

  static caf::expected<import_result> read_answer(const std::string& body) {
    auto value = http::parse_json(body);
    if (!value) return std::move(value.error());
    import_result out;
    out.added = value->at("added").to_number<uint64_t>();
    out.same = value->at("same").to_number<uint64_t>();
    for (const auto& fault : value->at("faults").as_array())
      out.faults.push_back({fault.at("line").to_number<uint64_t>(), std::string(fault.at("why").as_string())});
    return out;
  }

  caf::expected<import_result> put_local(const std::string& text) {
    const auto& limits = client_.configuration()->limits;
    auto part =
        read_transfer(text, {limits.path_bytes_max, limits.query_bytes_max, limits.tags_max, limits.tag_bytes_max});
    if (!part) return std::move(part.error());
    auto rows = store_->store->mac_keys();
    if (!rows) return std::move(rows.error());
    std::vector<foreign_key> known;
    for (const auto& row : *rows) known.push_back({row.key_char, row.fingerprint});
    for (const auto& key : unknown_keys(part->keys, known))
      if (auto put = store_->store->ensure_mac_key({key.key_char, key.fingerprint, false, "store"}); !put)
        return std::move(put.error());
    auto out = store_->store->import_codes({std::move(part->rows), "cli"});
    if (out) out->faults.insert(out->faults.end(), part->faults.begin(), part->faults.end());
    return out;
  }

  admin_client client_;
  std::shared_ptr<local_store> store_;
};

/// Rows that could not be taken, as they came, with the reason in a column of its own behind them.
class rejected_file {
public:
  rejected_file(std::string file, std::string_view header)
      : file_(std::move(file))
      , header_(header) {}

  void add(const raw_record& record, const std::string& why) {
    if (count_++ == 0) {
      out_.open(file_, std::ios::binary | std::ios::trunc);
      out_ << with(header_, "why");
    }
    out_ << with(record.text, fmt::format("line {}: {}", record.line, why));
  }
  bool finish() {
    if (count_ == 0) return true;
    out_.close();
    return static_cast<bool>(out_);
  }
  uint64_t count() const { return count_; }
  const std::string& name() const { return file_; }

private:
  static std::string with(std::string_view record, std::string_view field) {
    while (!record.empty() && (record.back() == '\n' || record.back() == '\r')) record.remove_suffix(1);
    std::string out(record);
    out += ',';
    append_csv_field(out, field);
    return out + "\r\n";
  }

  std::string file_, header_;
  std::ofstream out_;
  uint64_t count_ = 0;
};

struct part {
  std::string text;
  uint64_t lines = 0;                     ///< in text
  std::map<uint64_t, raw_record> records; ///< by their line in text
};

part begin_part(const raw_record& header) {
  part out;
  out.text = header.text;
  out.lines = static_cast<uint64_t>(std::count(out.text.begin(), out.text.end(), '\n'));
  return out;
}

int run(const node_options& where, const std::string& name) {
  record_file file(name);
  if (!file.good()) return complain(fail(ec::invalid_request, fmt::format("{} cannot be read", name)));
  auto sink = part_sink::open(where);
  if (!sink) return complain(sink.error());
  raw_record header, record;
  if (!file.next(header)) return complain(fail(ec::invalid_request, fmt::format("{} is empty", name)));
  rejected_file rejected(name + ".rejected.csv", header.text);
  uint64_t added = 0, same = 0;
  auto now = begin_part(header);
  auto send = [&]() -> caf::error {
    auto done = sink->put(now.text);
    if (!done) return std::move(done.error());
    added += done->added;
    same += done->same;
    for (const auto& fault : done->faults)
      if (auto found = now.records.find(fault.line); found != now.records.end()) rejected.add(found->second, fault.why);
    now = begin_part(header);
    return caf::none;
  };
  while (file.next(record)) {
    if (record.text.size() > record_bytes_max) {
      rejected.add({"", record.line}, "the record has more than 64 KiB: is a quote not closed?");
      continue;
    }
    now.records.emplace(now.lines + 1, record);
    now.lines += static_cast<uint64_t>(std::count(record.text.begin(), record.text.end(), '\n'));
    now.text += record.text;
    if (now.records.size() == transfer_rows_max || now.text.size() > part_bytes_max)
      if (auto err = send()) return complain(err);
  }
  if (!now.records.empty())
    if (auto err = send()) return complain(err);
  if (!rejected.finish()) return complain(fail(ec::disk_full, fmt::format("{} cannot be written", rejected.name())));
  if (where.json) {
    json::object out{{"added", added}, {"same", same}, {"rejected", rejected.count()}};
    if (rejected.count() > 0) out["rejected_file"] = rejected.name();
    print(http::json_text(out));
  } else {
    print(fmt::format("{} added, {} were there already, {} rejected{}", added, same, rejected.count(),
                      rejected.count() > 0 ? ": see " + rejected.name() : ""));
  }
  return rejected.count() > 0 ? exit_rejected : exit_ok;
}

} // namespace

void add_import(CLI::App& app, int& exit_code) {
  auto* command = app.add_subcommand(
      "import", "Takes codes of another installation from an export, so that their prints resolve here. Works beside a "
                "running node and without one. May be repeated from the beginning: what is there already is left as it "
                "is. Rows that cannot be taken are written to FILE.rejected.csv with the reason; then the exit code is "
                "4.");
  auto where = add_node_options(*command);
  auto file = std::make_shared<std::string>();
  command->add_option("file", *file, "what `qrwell export` wrote")->required();
  command->callback([=, &exit_code] { exit_code = run(*where, *file); });
}

} // namespace qrwell::cli
