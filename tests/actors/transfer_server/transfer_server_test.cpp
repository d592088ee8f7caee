#include "actors/transfer_server/transfer_server.hpp"

#include "runtime/codes/transfer_csv.hpp"
#include "runtime/http/json.hpp"
#include "runtime/keys/key_format.hpp"
#include "tests/support/answer_catcher.hpp"
#include "tests/support/det_fixture.hpp"
#include "tests/support/hooked_stores.hpp"
#include "tests/support/temp_dir.hpp"

#include <filesystem>
#include <fstream>
#include <map>
#include <set>

using namespace qrwell;
using namespace std::chrono_literals;

namespace {

const std::string header(transfer_header);

std::string row(const std::string& id) {
  return id + ",bound,default,shop,pages/a,,,2026-11-21T00:00:00.000Z,,1,wxacode\r\n";
}
std::string rows(int count) {
  std::string out = header;
  for (int i = 0; i < count; ++i) out += row("code" + std::to_string(i));
  return out;
}

/// A scan server that only hears whose ids it must ask the store for.
scan_server_actor::behavior_type listening_scans(scan_server_actor::pointer, std::vector<std::string>* heard) {
  return {
      [](const scenes_changed&) {},
      [](const scan_limits&) {},
      [heard](const foreign_ids& ids) { heard->push_back(ids.key_chars); },
      [](tick) {},
      [](const http_batch&) {},
      [](status_query) { return actor_status{}; },
  };
}

foreign_key key_of(char key_char, uint8_t which) {
  foreign_key out{key_char, {}};
  out.fingerprint.fill(which);
  return out;
}

std::string key_row(const foreign_key& key) {
  std::string out;
  append_transfer_row(out, key);
  return out;
}

/// Shaped like an id of ours, and made by somebody else.
std::string stranger(char key_char) {
  return key_char + std::string(19, 'x');
}

/// A transfer server with a store of maps; time passes only by advance().
struct fixture : test::det_fixture {
  test::temp_dir dir;
  std::shared_ptr<test::store_reader_hooks> read = std::make_shared<test::store_reader_hooks>();
  std::shared_ptr<test::store_writer_hooks> write = std::make_shared<test::store_writer_hooks>();
  std::shared_ptr<test::caught> seen = std::make_shared<test::caught>();
  vitals_registry registry;
  std::vector<api_key> keys;
  std::map<std::string, secret> secrets;

  std::map<uint64_t, job> jobs;
  std::set<std::string> codes;
  std::vector<size_t> slices;
  std::vector<std::string> order; ///< who wrote, slice by slice
  std::vector<audit_put> audit;
  std::vector<code_list> lists;
  std::vector<foreign_key> mac_keys_here; ///< in the store
  std::vector<std::string> heard;         ///< what the scan server was told
  size_t exported = 1'200;                ///< codes in the store
  bool away = false;
  int64_t now = 1'800'000'000'000;

  transfer_server_config settings;
  transfer_server_actor server;
  scan_server_actor scans = spawn(listening_scans, &heard);
  answer_sink front = spawn(test::answer_catcher, seen);

  fixture() {
    add_key("ops", scope_admin);
    add_key("shop", scope_read);
    add_key("other", scope_read | scope_issue);
    read->keys = [this](const keys_query&) -> caf::expected<keys_snapshot> { return keys_snapshot{keys, 0}; };
    read->mac_keys = [this](const mac_keys_query&) -> caf::expected<foreign_keys> {
      return foreign_keys{mac_keys_here, ""};
    };
    write->register_keys = [this](const foreign_keys& fresh) -> caf::expected<done> {
      mac_keys_here.insert(mac_keys_here.end(), fresh.keys.begin(), fresh.keys.end());
      return done{};
    };
    read->jobs = [this](const jobs_query& q) -> caf::expected<jobs_found> {
      jobs_found out;
      for (auto it = jobs.rbegin(); it != jobs.rend(); ++it)
        if ((q.job_id == 0 || q.job_id == it->first) && (q.owner.empty() || q.owner == it->second.owner))
          out.jobs.push_back(it->second);
      return out;
    };
    read->list = [this](const code_list& q) -> caf::expected<code_page> {
      lists.push_back(q);
      code_page out;
      auto at = q.after_id.empty() ? size_t{0} : std::stoul(q.after_id) + 1;
      for (; out.codes.size() < q.limit && at < exported; ++at) {
        code_view code;
        code.id = std::to_string(at);
        code.owner = "shop";
        code.pool = "default";
        code.path = "pages/a";
        code.bound_ms = now;
        out.after_id = code.id;
        out.after_ms = now;
        out.codes.push_back(code);
      }
      out.more = at < exported;
      out.now_ms = now;
      return out;
    };
    write->put_job = [this](const job_put& put) -> caf::expected<job> {
      if (away) return fail(ec::unavailable, "the store is away");
      auto j = put.what;
      if (j.job_id == 0) j.job_id = jobs.empty() ? 1 : jobs.rbegin()->first + 1;
      if (j.created_ms == 0) j.created_ms = now;
      j.changed_ms = now;
      jobs[j.job_id] = j;
      return j;
    };
    write->put_audit = [this](const audit_put& put) -> caf::expected<done> {
      if (away) return fail(ec::unavailable, "the store is away");
      audit.push_back(put);
      return done{};
    };
    write->import_codes = [this](const import_rows& slice) -> caf::expected<import_result> {
      if (away) return fail(ec::unavailable, "the store is away");
      slices.push_back(slice.rows.size());
      order.push_back(slice.rows.front().id.substr(0, 4));
      import_result out;
      for (const auto& r : slice.rows)
        if (r.id.starts_with("taken"))
          out.faults.push_back({r.line, r.id + " is here already and stands for something else"});
        else
          ++(codes.insert(r.id).second ? out.added : out.same);
      return out;
    };
    write->drop_jobs = [this](const jobs_drop& drop) -> caf::expected<affected> {
      for (auto id : drop.job_ids) jobs.erase(id);
      return affected{};
    };
    settings.folder = dir.path() + "/jobs";
    settings.admin_token = secret("token");
  }

  void add_key(const std::string& name, uint8_t scopes) {
    auto minted = mint_key(name);
    api_key key;
    key.key_id = static_cast<uint32_t>(keys.size() + 1);
    key.name = key.owner = name;
    key.scopes = scopes;
    key.hash = minted->hash;
    keys.push_back(key);
    secrets[name] = minted->text;
  }

  void start() {
    server =
        spawn(transfer_server, registry.enroll("transfer_server", "transfer_server"), settings,
              wall_clock([this] { return now; }),
              transfer_server_handles{spawn(test::hooked_store_reader, read), spawn(test::hooked_store_reader, read),
                                      spawn(test::hooked_store_writer, write), scans});
    advance(10ms);
  }

  /// Gone like after kill -9, and a new one on the same store and files.
  void start_again() {
    caf::anon_send_exit(server, caf::exit_reason::kill);
    run();
    start();
  }

  std::string send(http_method method, const std::string& target, const std::string& body = "",
                   const std::string& key = "ops", const std::string& range = "", const std::string& if_none = "") {
    seen->clear();
    http_request request;
    request.method = method;
    request.target = target;
    request.authorization = secret("Bearer " + secrets[key].reveal());
    request.content_type = target.find("export") == std::string::npos ? "text/csv" : "application/json";
    request.body = body;
    request.range = range;
    request.if_none_match = if_none;
    test::send_request(server, front, request);
    run();
    return seen->written;
  }
  std::string get(const std::string& target, const std::string& key = "ops") {
    return send(http_method::get, target, "", key);
  }
  std::string post(const std::string& target, const std::string& body, const std::string& key = "ops") {
    return send(http_method::post, target, body, key);
  }
  bool is(const std::string& answer, const std::string& text) { return answer.find(text) != std::string::npos; }
  void finish() { advance(20s, 5ms); }
  std::string file(const std::string& name) {
    std::ifstream in(settings.folder + "/" + name, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  bool has(const std::string& name) { return std::filesystem::exists(settings.folder + "/" + name); }
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(transfer_server_suite, fixture, *boost::unit_test::timeout(60))

BOOST_AUTO_TEST_CASE(an_import_becomes_a_job_that_counts_good_and_bad_rows) {
  start();
  auto text = rows(120) + "bad row\r\n" + row("taken1") + row("code5");
  auto answer = post("/v1/imports", text);
  BOOST_TEST(is(answer, "HTTP/1.1 202"));
  BOOST_TEST(is(answer, "Location: /v1/jobs/1"));
  finish();
  answer = get("/v1/jobs/1");
  BOOST_TEST(is(answer, R"("state":"done")"));
  BOOST_TEST(is(answer, R"("rows":123,)"));
  BOOST_TEST(is(answer, R"("added":120,"same":1,"bad":2,"bad_rows_url":"/v1/jobs/1/bad-rows","bad_rows_kept":2)"));
  BOOST_TEST(is(answer, "\"bytes_done\":" + std::to_string(text.size())));
  auto bad = get("/v1/jobs/1/bad-rows");
  BOOST_TEST(is(bad, "kind,line,column,why,text\r\n"));
  BOOST_TEST(is(bad, ",122,,"));
  BOOST_TEST(is(bad, ",123,id,taken1 is here already"));
  BOOST_TEST(!has("1.import.csv"), "what is done needs no room");
  BOOST_TEST(codes.size() == 120u);
  BOOST_REQUIRE(audit.size() == 2u);
  BOOST_TEST(audit[0].actor == "key:ops");
  BOOST_TEST(audit[0].action == "import");
  BOOST_TEST(audit[1].action == "import_ended");
  BOOST_TEST(is(audit[1].doc, R"("added":120)"));
}

BOOST_AUTO_TEST_CASE(slices_are_few_rows_each_with_a_pause_behind) {
  start();
  post("/v1/imports", rows(1'000));
  advance(20ms, 1ms);
  BOOST_TEST(slices.size() <= 21u, "at least a millisecond between two");
  finish();
  BOOST_TEST(codes.size() == 1'000u);
  for (auto n : slices) BOOST_TEST(n <= settings.pace.rows_max);
}

BOOST_AUTO_TEST_CASE(one_job_runs_and_others_wait_in_their_order) {
  settings.jobs_open_max = 2;
  start();
  BOOST_TEST(is(post("/v1/imports", rows(200)), "HTTP/1.1 202"));
  BOOST_TEST(is(post("/v1/imports", header + row("late")), R"("state":"queued")"));
  auto full = post("/v1/imports", rows(1));
  BOOST_TEST(is(full, "HTTP/1.1 503"));
  BOOST_TEST(is(full, "Retry-After"));
  finish();
  BOOST_TEST(order.back() == "late");
  BOOST_TEST(is(get("/v1/jobs"), R"({"jobs":[{"id":2,)"));
  BOOST_TEST(is(post("/v1/imports", rows(1)), "HTTP/1.1 202"), "there is room again");
}

BOOST_AUTO_TEST_CASE(who_imports_part_by_part_takes_turns_with_a_job) {
  start();
  post("/v1/imports", rows(1'000));
  advance(3ms, 1ms);
  std::string part = header;
  for (int i = 0; i < 60; ++i) part += row("part" + std::to_string(i));
  post("/v1/import", part);
  auto before = order.size();
  advance(20ms, 1ms);
  BOOST_TEST(is(seen->written, R"({"added":60,"same":0,"faults":[]})"));
  auto turns = std::count(order.begin() + static_cast<long>(before), order.end(), "part");
  BOOST_TEST(turns >= 2);
  BOOST_TEST(static_cast<size_t>(turns) < order.size() - before, "the job goes on meanwhile");
  finish();
  BOOST_TEST(codes.size() == 1'060u);
}

BOOST_AUTO_TEST_CASE(a_job_that_was_killed_goes_on_from_the_row_that_was_noted) {
  settings.progress_interval_ms = 20;
  start();
  post("/v1/imports", rows(2'000) + "bad\r\n");
  advance(30ms, 1ms);
  auto there = codes.size();
  BOOST_TEST(there > 0u);
  BOOST_TEST(there < 2'000u);
  BOOST_TEST((jobs[1].state == job_state::running));
  start_again();
  finish();
  auto answer = get("/v1/jobs/1");
  BOOST_TEST(is(answer, R"("state":"done")"));
  BOOST_TEST(is(answer, R"("rows":2001,)"));
  BOOST_TEST(is(answer, R"("bad":1,)"));
  BOOST_TEST(jobs[1].rows_done < 2'000u, "what was done behind the note is the same now");
  BOOST_TEST(codes.size() == 2'000u);
  size_t sent = 0;
  for (auto n : slices) sent += n;
  BOOST_TEST(sent < 2'000u + there, "it did not begin again");
}

BOOST_AUTO_TEST_CASE(a_file_comes_in_parts_at_offsets_and_survives_a_crash_between_them) {
  start();
  auto text = rows(300);
  auto cut = text.size() / 2;
  BOOST_TEST(is(post("/v1/imports?complete=false", text.substr(0, cut)), "HTTP/1.1 201"));
  start_again();
  auto wrong = send(http_method::patch, "/v1/imports/1?offset=3", text.substr(3));
  BOOST_TEST(is(wrong, "HTTP/1.1 409"));
  BOOST_TEST(is(wrong, "go on with offset=" + std::to_string(cut)));
  BOOST_TEST(is(send(http_method::patch, "/v1/imports/1", "x"), "HTTP/1.1 400"));
  auto offset = "/v1/imports/1?offset=" + std::to_string(cut);
  BOOST_TEST(is(send(http_method::patch, offset + "&complete=true", text.substr(cut)), R"("state":"queued")"));
  BOOST_TEST(is(send(http_method::patch, offset, "x"), "HTTP/1.1 409"));
  finish();
  BOOST_TEST(is(get("/v1/jobs/1"), R"("state":"done")"));
  BOOST_TEST(codes.size() == 300u);
}

BOOST_AUTO_TEST_CASE(a_file_that_is_too_large_is_refused_as_it_comes) {
  settings.import_bytes_max = 1'000;
  start();
  post("/v1/imports?complete=false", rows(5));
  auto at = std::to_string(rows(5).size());
  BOOST_TEST(is(send(http_method::patch, "/v1/imports/1?offset=" + at, std::string(1'000, 'x')), "HTTP/1.1 413"));
  BOOST_TEST(is(post("/v1/imports", rows(500)), "HTTP/1.1 413"));
}

BOOST_AUTO_TEST_CASE(an_upload_that_never_ends_is_given_up) {
  start();
  post("/v1/imports?complete=false", rows(5));
  now += static_cast<int64_t>(settings.files_kept_for_ms) + 1'000;
  advance(2min, 1s);
  BOOST_TEST(is(get("/v1/jobs/1"), R"("state":"cancelled")"));
  BOOST_TEST(!has("1.import.csv"));
}

BOOST_AUTO_TEST_CASE(a_job_waits_for_a_store_that_is_away_and_fails_when_that_lasts) {
  settings.attempts_max = 5;
  start();
  post("/v1/imports", rows(1'000));
  advance(5ms, 1ms);
  away = true;
  advance(200ms);
  away = false;
  finish();
  BOOST_TEST(codes.size() == 1'000u);
  BOOST_TEST(is(get("/v1/jobs/1"), R"("state":"done")"));
  write->import_codes = [](const import_rows&) -> caf::expected<import_result> {
    return fail(ec::store_busy, "the store is busy");
  };
  post("/v1/imports", header + row("more"));
  advance(60s);
  auto failed = get("/v1/jobs/2");
  BOOST_TEST(is(failed, R"("state":"failed")"));
  BOOST_TEST(is(failed, "too much to do"));
  BOOST_TEST(has("2.import.csv"), "it may be resumed");
  write->import_codes = [this](const import_rows& slice) -> caf::expected<import_result> {
    for (const auto& r : slice.rows) codes.insert(r.id);
    return import_result{slice.rows.size(), 0, {}};
  };
  BOOST_TEST(is(post("/v1/jobs/2/resume", ""), "HTTP/1.1 202"));
  finish();
  BOOST_TEST(is(get("/v1/jobs/2"), R"("state":"done")"));
  BOOST_TEST(codes.count("more") == 1u);
  BOOST_TEST(is(post("/v1/jobs/2/resume", ""), "HTTP/1.1 409"));
}

BOOST_AUTO_TEST_CASE(a_disk_without_room_says_so_and_loses_nothing) {
  settings.min_free_bytes = uint64_t{1} << 62;
  start();
  auto answer = post("/v1/imports", rows(5));
  BOOST_TEST(is(answer, "HTTP/1.1 503"));
  BOOST_TEST(is(answer, "has no room for it"));
  post("/v1/exports", "");
  finish();
  auto failed = get("/v1/jobs/2");
  BOOST_TEST(is(failed, R"("state":"failed")"));
  BOOST_TEST(is(failed, "has no room for it"));
  settings.min_free_bytes = 0;
  start_again();
  BOOST_TEST(is(post("/v1/jobs/2/resume", ""), "HTTP/1.1 202"));
  finish();
  BOOST_TEST(is(get("/v1/jobs/2"), R"("rows":1200,)"));
}

BOOST_AUTO_TEST_CASE(a_cancelled_job_ends_after_its_slice) {
  start();
  post("/v1/imports", rows(2'000));
  post("/v1/exports", "");
  advance(5ms, 1ms);
  BOOST_TEST(is(send(http_method::del, "/v1/jobs/2", ""), R"("state":"cancelled")"));
  BOOST_TEST(is(send(http_method::del, "/v1/jobs/1", ""), R"("state":"cancelled")"));
  auto there = codes.size();
  finish();
  BOOST_TEST(codes.size() <= there + settings.pace.rows_max);
  BOOST_TEST(is(get("/v1/jobs/1"), "cancelled by key:ops"));
  BOOST_TEST(!has("1.import.csv"));
  BOOST_TEST(lists.empty(), "what waited never began");
}

BOOST_AUTO_TEST_CASE(an_export_is_a_file_for_ranges) {
  settings.download_bytes_max = 50'000;
  start();
  BOOST_TEST(is(post("/v1/exports", R"({"pool":"default","tag":"spring","state":"bound"})"), "HTTP/1.1 202"));
  BOOST_TEST(is(get("/v1/jobs/1/file"), "HTTP/1.1 409"));
  finish();
  BOOST_REQUIRE(!lists.empty());
  BOOST_TEST(lists[0].tag == "spring");
  BOOST_TEST((lists[0].state == list_state::bound));
  auto answer = get("/v1/jobs/1");
  BOOST_TEST(is(answer, R"("state":"done")"));
  BOOST_TEST(is(answer, R"("file_url":"/v1/jobs/1/file")"));
  auto whole = file("1.export.csv");
  BOOST_TEST(std::count(whole.begin(), whole.end(), '\n') == 1'201);
  BOOST_TEST(is(get("/v1/jobs/1/file"), "HTTP/1.1 428"));
  std::string text;
  while (text.size() < whole.size()) {
    auto part = send(http_method::get, "/v1/jobs/1/file", "", "ops", "bytes=" + std::to_string(text.size()) + "-");
    BOOST_REQUIRE(is(part, "HTTP/1.1 206"));
    BOOST_TEST(is(part, "Content-Range: bytes " + std::to_string(text.size()) + "-"));
    text += part.substr(part.find("\r\n\r\n") + 4);
  }
  BOOST_TEST((text == whole));
  auto at = seen->written.find("ETag: ") + 6;
  auto tag = seen->written.substr(at, seen->written.find("\r\n", at) - at);
  BOOST_TEST(is(send(http_method::get, "/v1/jobs/1/file", "", "ops", "", tag), "HTTP/1.1 304"));
  BOOST_TEST(is(send(http_method::get, "/v1/jobs/1/file", "", "ops", "bytes=99999999-"), "HTTP/1.1 416"));
}

BOOST_AUTO_TEST_CASE(files_of_a_job_whose_end_is_not_written_down_yet_can_be_deleted) {
  start();
  auto put = write->put_job;
  write->put_job = [this, put](job_put& x) -> std::optional<caf::expected<job>> {
    if (x.what.state == job_state::done && !is(x.what.place, R"("file_gone":true)")) return std::nullopt;
    return put(x);
  };
  post("/v1/exports", "");
  advance(2s, 5ms);
  BOOST_TEST(is(get("/v1/jobs/1"), R"("file_url":"/v1/jobs/1/file")"));
  auto gone = send(http_method::del, "/v1/jobs/1");
  BOOST_TEST_CONTEXT(gone) BOOST_TEST(is(gone, R"("file_url":null)"));
  BOOST_TEST(is(get("/v1/jobs/1/file"), "HTTP/1.1 404"));
  BOOST_TEST(!has("1.export.csv"));
}

BOOST_AUTO_TEST_CASE(an_export_that_was_killed_goes_on_behind_its_last_note) {
  settings.progress_interval_ms = 1;
  settings.export_page_rows = 10;
  start();
  post("/v1/exports", "");
  advance(50ms, 1ms);
  BOOST_TEST((jobs[1].state == job_state::running));
  start_again();
  finish();
  BOOST_TEST(is(get("/v1/jobs/1"), R"("rows":1200,)"));
  auto whole = file("1.export.csv");
  BOOST_TEST(std::count(whole.begin(), whole.end(), '\n') == 1'201);
  std::set<std::string> ids;
  for (size_t at = header.size(); at < whole.size(); at = whole.find('\n', at) + 1)
    ids.insert(whole.substr(at, whole.find(',', at) - at));
  BOOST_TEST(ids.size() == 1'200u, "none twice, none left out");
}

BOOST_AUTO_TEST_CASE(keys_see_and_do_what_their_scopes_allow) {
  keys[1].pools = {"default"};
  start();
  BOOST_TEST(is(post("/v1/imports", rows(1), "shop"), "HTTP/1.1 403"));
  BOOST_TEST(is(post("/v1/exports", R"({"owner":"other"})", "shop"), "HTTP/1.1 403"));
  BOOST_TEST(is(post("/v1/exports", R"({"pool":"secret"})", "shop"), "HTTP/1.1 403"));
  BOOST_TEST(is(post("/v1/exports", "", "shop"), "HTTP/1.1 202"));
  finish();
  BOOST_REQUIRE(!lists.empty());
  BOOST_TEST(lists[0].owner == "shop");
  BOOST_TEST(lists[0].pools.size() == 1u);
  BOOST_TEST(is(get("/v1/jobs/1", "shop"), R"("state":"done")"));
  BOOST_TEST(is(get("/v1/jobs/1/file", "shop"), "HTTP/1.1 200"));
  for (auto path : {"/v1/jobs/1", "/v1/jobs/1/file", "/v1/jobs/2"}) BOOST_TEST(is(get(path, "other"), "HTTP/1.1 404"));
  BOOST_TEST(is(send(http_method::del, "/v1/jobs/1", "", "other"), "HTTP/1.1 404"));
  BOOST_TEST(is(get("/v1/jobs", "other"), R"({"jobs":[]})"));
  BOOST_TEST(is(get("/v1/jobs/1"), R"("by":"key:shop")"));
  BOOST_TEST(is(get("/v1/jobs", "shop"), R"("id":1)"));
  post("/v1/imports", rows(1));
  finish();
  BOOST_TEST(is(get("/v1/jobs/2", "shop"), "HTTP/1.1 404"));
}

BOOST_AUTO_TEST_CASE(the_admin_token_is_good_on_the_operators_listener_only) {
  start();
  secrets["token"] = secret("token");
  BOOST_TEST(is(get("/v1/jobs", "token"), "HTTP/1.1 401"));
  seen->clear();
  http_request request;
  request.target = "/v1/jobs";
  request.operators = true;
  request.authorization = secret("Bearer token");
  test::send_request(server, front, request);
  run();
  BOOST_TEST(seen->says("HTTP/1.1 200"));
}

BOOST_AUTO_TEST_CASE(what_is_past_its_time_goes_files_first) {
  start();
  post("/v1/exports", "");
  finish();
  post("/v1/imports", rows(3) + "bad\n");
  finish();
  now += static_cast<int64_t>(settings.files_kept_for_ms) + 1'000;
  advance(2min, 1s);
  BOOST_TEST(!has("1.export.csv"));
  BOOST_TEST(has("2.bad.csv"));
  BOOST_TEST(is(get("/v1/jobs/1/file"), "HTTP/1.1 404"));
  BOOST_TEST(is(get("/v1/jobs/1"), R"("file_url":null)"));
  now += static_cast<int64_t>(settings.jobs_kept_for_ms);
  advance(2min, 1s);
  BOOST_TEST(jobs.empty());
  BOOST_TEST(std::filesystem::is_empty(settings.folder));
}

BOOST_AUTO_TEST_CASE(the_number_of_jobs_that_are_kept_is_bounded) {
  settings.jobs_kept_max = 3;
  start();
  for (int i = 0; i < 6; ++i) {
    post("/v1/imports", rows(1) + "bad\n");
    finish();
  }
  advance(2min, 1s);
  BOOST_TEST(jobs.size() == 3u);
  BOOST_TEST(jobs.rbegin()->first == 6u);
  BOOST_TEST(!has("1.bad.csv"));
  BOOST_TEST(has("6.bad.csv"));
}

BOOST_AUTO_TEST_CASE(bad_rows_past_the_limit_are_counted_only) {
  settings.bad_rows_bytes_max = 500;
  start();
  auto text = header;
  for (int i = 0; i < 100; ++i) text += "bad row\n";
  post("/v1/imports", text);
  finish();
  auto answer = get("/v1/jobs/1");
  BOOST_TEST(is(answer, R"("bad":100,)"));
  BOOST_TEST(file("1.bad.csv").size() <= 500u);
  BOOST_TEST(!is(answer, R"("bad_rows_kept":0)"));
}

BOOST_AUTO_TEST_CASE(what_the_store_cannot_write_down_does_not_begin) {
  start();
  away = true;
  BOOST_TEST(is(post("/v1/imports", rows(1)), "HTTP/1.1 503"));
  BOOST_TEST(is(post("/v1/exports", ""), "HTTP/1.1 503"));
  away = false;
  finish();
  BOOST_TEST(jobs.empty());
  BOOST_TEST(codes.empty());
}

BOOST_AUTO_TEST_CASE(wrong_requests_are_told_what_is_wrong) {
  start();
  BOOST_TEST(is(post("/v1/imports", "id,state\nx,bound\n"), "HTTP/1.1 400"));
  BOOST_TEST(is(post("/v1/imports", ""), "HTTP/1.1 400"));
  BOOST_TEST(is(post("/v1/imports?complete=perhaps", rows(1)), "complete:"));
  BOOST_TEST(is(post("/v1/imports?colour=red", rows(1)), "colour: not a parameter"));
  BOOST_TEST(is(post("/v1/exports", R"({"colour":"red"})"), "colour: not a member"));
  BOOST_TEST(is(post("/v1/exports", R"({"state":"stocked"})"), "state: must be"));
  BOOST_TEST(is(get("/v1/jobs/0"), "HTTP/1.1 404"));
  BOOST_TEST(is(get("/v1/jobs/x"), "HTTP/1.1 404"));
  BOOST_TEST(is(get("/v1/jobs?limit=0"), "HTTP/1.1 400"));
  BOOST_TEST(jobs.empty());
}

BOOST_AUTO_TEST_CASE(an_export_takes_an_offset_as_lists_do_and_no_parameter_twice) {
  start();
  BOOST_TEST(is(get("/v1/export?from=2026-11-21T08:00:00+08:00"), " 200 "));
  BOOST_REQUIRE(!lists.empty());
  BOOST_TEST(lists.back().from_ms == *http::parse_time("2026-11-21T00:00:00Z"));
  BOOST_TEST(is(get("/v1/export?owner=a&owner=b"), "owner: was sent twice"));
  BOOST_TEST(is(get("/v1/jobs?limit=1&limit=2"), "limit: was sent twice"));
  BOOST_TEST(is(post("/v1/imports?complete=true&complete=false", rows(1)), "complete: was sent twice"));
}

BOOST_AUTO_TEST_CASE(a_client_of_an_import_does_not_hear_where_the_store_is) {
  start();
  write->import_codes = [](const import_rows&) -> caf::expected<import_result> {
    return fail(ec::store_failed,
                "store /var/lib/qrwell/qrwell.db: import: disk I/O error (SQLite 778): the disk refused");
  };
  auto answer = post("/v1/import", rows(1));
  BOOST_TEST(is(answer, " 503 "));
  BOOST_TEST(!is(answer, "/var/lib"));
  BOOST_TEST(!is(answer, "SQLite"));
  post("/v1/imports", rows(1));
  finish();
  auto failed = get("/v1/jobs/1");
  BOOST_TEST(is(failed, R"("state":"failed")"));
  BOOST_TEST(!is(failed, "/var/lib"));
}

BOOST_AUTO_TEST_CASE(scan_servers_hear_of_foreign_keys_before_a_row_is_there) {
  mac_keys_here = {key_of('q', 1)}; // ours
  start();
  std::vector<std::string> before;
  auto put = write->import_codes;
  write->import_codes = [&, put](import_rows& slice) {
    before = heard;
    return put(slice);
  };
  post("/v1/imports", header + key_row(key_of('q', 2)) + key_row(key_of('z', 3)) + row(stranger('q')));
  finish();
  BOOST_REQUIRE(before.size() == 1u);
  BOOST_TEST(before[0] == "q", "'z' is no character of ours: nobody calls its ids forged");
  BOOST_TEST(mac_keys_here.size() == 3u);
  BOOST_TEST(codes.count(stranger('q')) == 1u);
}

BOOST_AUTO_TEST_CASE(keys_that_were_written_down_late_are_told_all_the_same) {
  mac_keys_here = {key_of('q', 1)}; // ours
  auto put = write->register_keys;
  bool late = true;
  write->register_keys = [&, put](foreign_keys& fresh) -> std::optional<caf::expected<done>> {
    auto out = put(fresh);
    if (std::exchange(late, false)) return std::nullopt; // in the store, and nobody hears of it
    return out;
  };
  start();
  post("/v1/imports", header + key_row(key_of('q', 2)) + row(stranger('q')));
  advance(60s);
  BOOST_TEST(is(get("/v1/jobs/1"), R"("state":"done")"));
  BOOST_REQUIRE(heard.size() == 1u);
  BOOST_TEST(heard[0] == "q");
}

BOOST_AUTO_TEST_CASE(no_row_is_written_while_the_scan_server_cannot_hear_of_its_key) {
  mac_keys_here = {key_of('q', 1)}; // ours
  start();
  caf::anon_send_exit(scans, caf::exit_reason::kill);
  run();
  auto text = header + key_row(key_of('q', 2)) + row(stranger('q'));
  BOOST_TEST(is(post("/v1/import", text), "HTTP/1.1 503"));
  post("/v1/imports", text);
  advance(2s, 5ms);
  BOOST_TEST(codes.empty());
  BOOST_TEST(is(get("/v1/jobs/1"), R"("state":"running")"));
}

BOOST_AUTO_TEST_CASE(ids_that_our_keys_call_forged_resolve_although_no_row_names_their_key) {
  mac_keys_here = {key_of('q', 1)}; // ours
  settings.ours = std::make_shared<const mac_keys>(
      mac_keys::from({{'q', secret(std::string(32, 'b')), key_of('q', 1).fingerprint}}));
  auto import = [this](const std::string& text) {
    post("/v1/import", header + text);
    advance(1s, 5ms);
    return seen->written;
  };
  auto genuine = settings.ours->mint(now);
  start();
  BOOST_TEST(is(import(key_row(key_of('q', 1)) + row(genuine)), R"("added":1)"));
  BOOST_TEST(heard.empty(), "what our own key made is judged by it");
  BOOST_TEST(is(import(row(genuine) + row(stranger('q')) + row(stranger('z'))), R"("added":2)"));
  BOOST_REQUIRE(heard.size() == 1u);
  BOOST_TEST(heard[0] == "q");
  BOOST_REQUIRE(mac_keys_here.size() == 2u);
  BOOST_TEST((mac_keys_here[1] == foreign_key{'q', {}}));
  BOOST_TEST(is(import(row(stranger('q'))), R"("same":1)"));
  BOOST_TEST(heard.size() == 1u);
  start_again();
  BOOST_TEST(is(import(row(stranger('q'))), R"("same":1)"));
  BOOST_TEST(heard.size() == 2u, "it does not know any more what was told");
  BOOST_TEST(mac_keys_here.size() == 2u);
}

BOOST_AUTO_TEST_CASE(a_job_that_is_cancelled_while_a_step_of_it_fails_ends_as_cancelled) {
  settings.attempts_max = 1;
  start();
  write->import_codes = [](const import_rows&) { return std::nullopt; };
  post("/v1/imports", rows(10));
  advance(10ms, 1ms);
  BOOST_TEST(is(send(http_method::del, "/v1/jobs/1"), R"("state":"cancelled")"));
  advance(15s);
  BOOST_TEST(is(get("/v1/jobs/1"), R"("state":"cancelled")"));
  BOOST_TEST(is(get("/v1/jobs/1"), R"("error":"cancelled by key:ops")"));
  BOOST_TEST(!has("1.import.csv"));
}

BOOST_AUTO_TEST_CASE(a_job_that_was_written_down_too_late_does_not_stay_open) {
  start();
  auto put = write->put_job;
  write->put_job = [put](job_put& x) -> std::optional<caf::expected<job>> {
    auto made = x.what.job_id == 0;
    auto out = put(x);
    if (made) return std::nullopt; // it is in the store, and nobody hears of it
    return out;
  };
  post("/v1/exports", "");
  post("/v1/imports?complete=false", rows(2));
  advance(15s);
  BOOST_REQUIRE(jobs.size() == 2u);
  write->put_job = put;
  post("/v1/imports?complete=false", rows(2));
  now += 60'000;
  advance(2min, 1s);
  for (uint64_t id : {1, 2}) {
    BOOST_TEST((jobs[id].state == job_state::cancelled), id);
    BOOST_TEST(is(get("/v1/jobs/" + std::to_string(id)), "begin it again"));
  }
  BOOST_TEST((jobs[3].state == job_state::receiving), "that one is known");
  BOOST_TEST(lists.empty());
}

BOOST_AUTO_TEST_CASE(a_client_of_a_job_does_not_hear_where_its_file_was) {
  start();
  post("/v1/imports", rows(1'000));
  post("/v1/imports", rows(1));
  std::filesystem::remove(settings.folder + "/2.import.csv");
  finish();
  auto failed = get("/v1/jobs/2");
  BOOST_TEST(is(failed, R"("state":"failed")"));
  BOOST_TEST(is(failed, "finds the reason in its log"));
  BOOST_TEST(!is(failed, dir.path()));
}

BOOST_AUTO_TEST_CASE(jobs_of_another_node_are_left_alone) {
  settings.node = "n1";
  job theirs;
  theirs.job_id = 4;
  theirs.node = "n2";
  theirs.state = job_state::queued;
  theirs.spec = R"({"by":"key:ops","all_owners":true,"filters":{}})";
  jobs[4] = theirs;
  start();
  now += 3'600'000;
  advance(2min, 1s);
  BOOST_TEST((jobs[4].state == job_state::queued));
  BOOST_TEST(lists.empty());
  BOOST_TEST(is(send(http_method::del, "/v1/jobs/4"), "of the node 'n2'"));
  BOOST_TEST((jobs[4].state == job_state::queued));
}

BOOST_AUTO_TEST_CASE(a_head_of_a_file_tells_its_size_however_long_it_is) {
  settings.download_bytes_max = 1'000;
  start();
  post("/v1/exports", "");
  finish();
  auto size = file("1.export.csv").size();
  BOOST_TEST(size > 1'000u);
  auto head = send(http_method::head, "/v1/jobs/1/file");
  BOOST_TEST(is(head, "HTTP/1.1 200"));
  BOOST_TEST(is(head, "Content-Length: " + std::to_string(size) + "\r\n"));
  BOOST_TEST(is(head, "ETag: "));
  BOOST_TEST(head.ends_with("\r\n\r\n"), "and nothing behind it");
  std::filesystem::remove(settings.folder + "/1.export.csv");
  BOOST_TEST(is(send(http_method::head, "/v1/jobs/1/file"), "HTTP/1.1 404"));
}

BOOST_AUTO_TEST_CASE(refusals_say_what_the_job_is) {
  start();
  post("/v1/exports", "");
  BOOST_TEST(is(send(http_method::patch, "/v1/imports/1?offset=0", "x"), "this job is an export"));
  finish();
  BOOST_TEST(is(post("/v1/jobs/1/resume", ""), "this job is done: only one that has failed can be resumed"));
  post("/v1/imports", rows(2'000));
  BOOST_TEST(
      is(send(http_method::patch, "/v1/imports/2?offset=0", "x"), "this import is running: it takes no more parts"));
}

BOOST_AUTO_TEST_CASE(settings_that_cannot_be_are_named) {
  BOOST_TEST(!validate(settings));
  settings.jobs_open_max = 0;
  BOOST_TEST(is(render(validate(settings)), "jobs_open_max must be at least 1"));
  settings = {};
  settings.folder = "jobs";
  settings.pace.rows_min = 60;
  BOOST_TEST(is(render(validate(settings)), "pace.rows_min must be 1 to 50"));
  settings.pace = {};
  settings.pace.pause_min_us = 300'000;
  BOOST_TEST(is(render(validate(settings)), "pace.pause_max_us"));
}

BOOST_AUTO_TEST_CASE(who_comes_while_the_jobs_are_being_read_waits_for_them) {
  auto known = read->jobs;
  read->jobs = [](const jobs_query&) { return std::nullopt; };
  start();
  BOOST_TEST(get("/v1/jobs") == "", "no answer yet");
  read->jobs = known;
  advance(10s);
  BOOST_TEST(is(seen->written, "the jobs are not read yet"), "it took too long");
  advance(2s);
  BOOST_TEST(is(get("/v1/jobs"), R"({"jobs":[]})"));
}

BOOST_AUTO_TEST_SUITE_END()
