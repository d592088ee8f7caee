#include "tests/support/temp_dir.hpp"
#include "tests/tools/qrload/toy_server.hpp"
#include "tools/qrload/driver.hpp"

#include <boost/json.hpp>
#include <boost/test/unit_test.hpp>

#include <cstdlib>
#include <fcntl.h>
#include <fstream>
#include <mutex>

using namespace qrwell;
using namespace qrwell::load;
using qrwell::test::temp_dir;
using qrwell::test::toy_server;

namespace {

const volatile std::sig_atomic_t never = 0;

std::string http(int status, const std::string& body) {
  return fmt::format("HTTP/1.1 {} X\r\nContent-Length: {}\r\n\r\n{}", status, body.size(), body);
}

/// Answers as a node would, from memory.
struct toy_node {
  std::mutex lock;
  std::map<std::string, std::string> bound;

  std::string operator()(const std::string& request) {
    std::lock_guard guard(lock);
    if (request.starts_with("GET /v1/scenes/")) {
      auto it = bound.find(request.substr(15, 20));
      return it == bound.end() ? http(404, "{}") : http(200, fmt::format(R"({{"path":"{}"}})", it->second));
    }
    auto id = fmt::format("id{:018}", bound.size());
    auto path = std::string(find_text(request, "path"));
    bound[id] = path;
    return http(201, fmt::format(R"({{"id":"{}","path":"{}"}})", id, path));
  }
};

load_options options_for(const toy_server& server) {
  load_options out;
  out.url = server.url();
  out.key = secret("qw_test_key");
  return out;
}

struct rig {
  std::string problem;
  load_options options;
  workload work;
  driver drive;

  rig(const toy_server& server, uint32_t connections, mix what, int saved = -1)
      : options(options_for(server))
      , work(options, "h", "t", 1)
      , drive(*find_target(options.url, problem), connections, work, saved) {
    work.restrict_to(what);
  }
};

} // namespace

BOOST_AUTO_TEST_SUITE(drivers)

BOOST_AUTO_TEST_CASE(a_count_is_sent_exactly_and_every_code_is_saved_before_it_counts) {
  temp_dir dir;
  toy_node node;
  toy_server server(std::ref(node));
  auto file = ::open((dir / "ids").c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  rig r(server, 8, mix::issue, file);
  auto result = r.drive.run({0, 20, 500, 5'000}, never);
  ::close(file);
  BOOST_TEST(result.of(kind::issue).sent == 500u);
  BOOST_TEST(result.of(kind::issue).ok == 500u);
  BOOST_TEST(result.of(kind::issue).times.count() == 500u);
  BOOST_TEST(server.requests() == 500u);
  auto ids = read_ids(dir / "ids");
  BOOST_TEST_REQUIRE(ids.size() == 500u);
  for (auto& code : ids) BOOST_TEST(node.bound.at(code.id) == code.path);
}

BOOST_AUTO_TEST_CASE(the_timetable_is_kept) {
  toy_node node;
  toy_server server(std::ref(node));
  rig r(server, 4, mix::both);
  auto began = std::chrono::steady_clock::now();
  auto result = r.drive.run({200, 1, 0, 5'000}, never);
  auto took = std::chrono::steady_clock::now() - began;
  BOOST_TEST(result.of(kind::issue).sent + result.of(kind::scan).sent == 200u);
  BOOST_TEST(result.ok() == 200u);
  BOOST_TEST(result.of(kind::scan).ok > 0u);
  BOOST_TEST((took < std::chrono::seconds(5)));
}

BOOST_AUTO_TEST_CASE(a_stall_shows_in_the_times_of_all_that_were_due_meanwhile) {
  toy_node node;
  std::atomic<int> seen{0};
  toy_server server([&](const std::string& request) {
    if (++seen == 300) std::this_thread::sleep_for(std::chrono::milliseconds(400));
    return node(request);
  });
  // One connection: while it waits nothing can be sent, and a naive measurement would see one slow request of 1,000.
  rig r(server, 1, mix::issue);
  auto result = r.drive.run({1'000, 1, 0, 5'000}, never);
  auto& times = result.of(kind::issue).times;
  BOOST_TEST(result.of(kind::issue).ok == 1'000u);
  BOOST_TEST(times.at(0.8) > 100'000'000u);
  BOOST_TEST(times.max_ns() >= 400'000'000u);
}

BOOST_AUTO_TEST_CASE(what_could_not_be_sent_is_counted_and_its_wait_too) {
  toy_server server([](const std::string&) {
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
    return http(201, "{}");
  });
  rig r(server, 1, mix::issue);
  auto result = r.drive.run({100, 1, 0, 300}, never);
  BOOST_TEST(result.unsent > 50u);
  BOOST_TEST(result.of(kind::issue).sent + result.unsent == 100u);
  BOOST_TEST(result.of(kind::issue).errors.at("no_id") == result.of(kind::issue).sent);
  BOOST_TEST(result.of(kind::issue).times.max_ns() > 500'000'000u);
}

BOOST_AUTO_TEST_CASE(an_answer_that_never_comes_is_given_up) {
  std::atomic<bool> end{false};
  toy_server server([&](const std::string&) {
    while (!end) std::this_thread::sleep_for(std::chrono::milliseconds(5));
    return std::string();
  });
  rig r(server, 2, mix::issue);
  auto began = std::chrono::steady_clock::now();
  auto result = r.drive.run({0, 0.5, 0, 200}, never);
  end = true;
  BOOST_TEST(result.of(kind::issue).errors.at("timeout") >= 2u);
  BOOST_TEST(result.of(kind::issue).times.max_ns() >= 200'000'000u);
  BOOST_TEST((std::chrono::steady_clock::now() - began < std::chrono::seconds(5)));
}

BOOST_AUTO_TEST_CASE(a_server_that_closes_is_connected_to_again) {
  toy_node node;
  std::atomic<int> seen{0};
  toy_server server([&](const std::string& request) { return ++seen % 10 == 0 ? std::string() : node(request); });
  rig r(server, 2, mix::issue);
  auto result = r.drive.run({0, 20, 100, 2'000}, never);
  BOOST_TEST(result.of(kind::issue).sent == 100u);
  BOOST_TEST(result.of(kind::issue).ok == 90u);
  BOOST_TEST(result.of(kind::issue).errors.at("closed") == 10u);
  BOOST_TEST(result.reconnects >= 9u);
}

BOOST_AUTO_TEST_CASE(refusals_are_counted_by_status_and_do_not_flatter_the_times) {
  toy_server server([](const std::string&) { return http(503, "{}"); });
  rig r(server, 1, mix::issue);
  auto result = r.drive.run({0, 10, 50, 2'000}, never);
  BOOST_TEST(result.of(kind::issue).by_status.at(503) == 50u);
  BOOST_TEST(result.of(kind::issue).errors.at("refused") == 50u);
  BOOST_TEST(result.of(kind::issue).times.count() == 0u);
}

BOOST_AUTO_TEST_CASE(nobody_there_ends_in_time) {
  std::string url;
  {
    toy_server gone([](const std::string&) { return std::string(); });
    url = gone.url();
  }
  load_options options;
  options.key = secret("k");
  std::string problem;
  workload work(options, "h", "t", 1);
  driver drive(*find_target(url, problem), 4, work, -1);
  auto result = drive.run({50, 0.5, 0, 300}, never);
  BOOST_TEST(result.ok() == 0u);
  BOOST_TEST(result.unsent == 25u);
}

BOOST_AUTO_TEST_CASE(the_program_prints_json_and_refuses_other_machines) {
  temp_dir dir;
  toy_node node;
  toy_server server(std::ref(node));
  auto command =
      fmt::format("{}/qrload --url {} --key k --mix mix --count 200 --prefill 20 --connections 4 --json > {}",
                  QRWELL_BIN_DIR, server.url(), dir / "out");
  BOOST_TEST(std::system(command.c_str()) == 0);
  std::ifstream in(dir / "out");
  std::string text;
  std::getline(in, text);
  auto out = boost::json::parse(text).as_object();
  BOOST_TEST(out.at("issue").at("ok").as_int64() + out.at("scan").at("ok").as_int64() == 200);
  BOOST_TEST(server.requests() == 220u);
  auto refused = fmt::format("{}/qrload --url http://192.0.2.1:1 --key k --count 1 2> /dev/null", QRWELL_BIN_DIR);
  BOOST_TEST(WEXITSTATUS(std::system(refused.c_str())) == 2);
}

BOOST_AUTO_TEST_SUITE_END()
