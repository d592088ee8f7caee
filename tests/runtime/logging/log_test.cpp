#include "runtime/logging/log.hpp"

#include "tests/support/temp_dir.hpp"

#include <boost/json.hpp>
#include <boost/test/unit_test.hpp>

#include <csignal>
#include <fcntl.h>
#include <fstream>
#include <thread>
#include <unistd.h>

using namespace qrwell;

namespace {

struct pipe_ends {
  int fds[2];
  pipe_ends() { BOOST_REQUIRE(::pipe2(fds, O_CLOEXEC) == 0); }
  ~pipe_ends() {
    ::close(fds[0]);
    ::close(fds[1]);
  }
};

/// A log into a file of its own.
struct file_log {
  qrwell::test::temp_dir dir;
  std::string path = dir / "log";
  int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

  ~file_log() {
    log::stop();
    ::close(fd);
  }

  log::log_config config() {
    log::log_config out;
    out.descriptor = fd;
    return out;
  }

  // What was written, once the log has ended.
  std::vector<std::string> lines() {
    log::stop();
    std::vector<std::string> out;
    std::ifstream in(path);
    for (std::string line; std::getline(in, line);) out.push_back(line);
    return out;
  }
};

} // namespace

BOOST_AUTO_TEST_SUITE(logging)

BOOST_AUTO_TEST_CASE(lines_come_out_whole_and_in_order_and_stop_flushes) {
  file_log f;
  BOOST_TEST(!log::start(f.config()));
  log::voice voice("pool_stocker", "default");
  for (int i = 0; i < 1'000; ++i) voice.info("filled", {{"i", i}});
  auto lines = f.lines();
  BOOST_TEST_REQUIRE(lines.size() == 1'000u);
  for (int i = 0; i < 1'000; ++i) {
    auto line = boost::json::parse(lines[static_cast<size_t>(i)]).as_object();
    BOOST_TEST(line.at("i").as_int64() == i);
    BOOST_TEST(line.at("actor").as_string() == "pool_stocker");
    BOOST_TEST(line.at("pool").as_string() == "default");
  }
}

BOOST_AUTO_TEST_CASE(the_level_changes_while_it_runs) {
  file_log f;
  BOOST_TEST(!log::start(f.config()));
  log::debug("unseen");
  log::set_level(log::level::debug);
  log::debug("seen");
  log::set_level(log::level::error);
  log::warn("unseen");
  auto lines = f.lines();
  BOOST_TEST_REQUIRE(lines.size() == 1u);
  BOOST_TEST(lines[0].find("\"msg\":\"seen\"") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_reader_that_never_reads_delays_nobody_and_every_line_is_accounted_for) {
  pipe_ends ends;
  auto dropped_before = log::dropped_total(), written_before = log::written_total();
  log::log_config config;
  config.descriptor = ends.fds[1];
  config.queue_lines = 256;
  BOOST_TEST(!log::start(config));
  constexpr int threads = 4, each = 5'000;
  auto began = std::chrono::steady_clock::now();
  std::vector<std::thread> callers;
  for (int t = 0; t < threads; ++t)
    callers.emplace_back([] {
      for (int i = 0; i < each; ++i) log::info("flood", {{"i", i}, {"text", "some words that fill the pipe"}});
    });
  for (auto& caller : callers) caller.join();
  auto flooded = std::chrono::steady_clock::now();
  BOOST_TEST(log::dropped_total() > dropped_before);
  log::stop(200);
  auto stopped = std::chrono::steady_clock::now();
  // The writer is stuck for ever, and nobody else is.
  BOOST_TEST((flooded - began < std::chrono::seconds(20)));
  BOOST_TEST((stopped - flooded < std::chrono::seconds(2)));
  auto dropped = log::dropped_total() - dropped_before, written = log::written_total() - written_before;
  BOOST_TEST(dropped + written == static_cast<uint64_t>(threads * each));
  BOOST_TEST(written > 0u);
  BOOST_TEST(dropped > 10'000u);
}

BOOST_AUTO_TEST_CASE(drops_are_told_in_the_log_itself) {
  pipe_ends ends;
  log::log_config config;
  config.descriptor = ends.fds[1];
  config.queue_lines = 64;
  BOOST_TEST(!log::start(config));
  for (int i = 0; i < 5'000; ++i) log::info("flood", {{"text", "some words that fill the pipe"}});
  std::atomic<bool> told{false};
  std::thread reader([&] {
    std::string seen;
    char buffer[4'096];
    for (;;) {
      auto n = ::read(ends.fds[0], buffer, sizeof(buffer));
      if (n <= 0) return;
      seen.append(buffer, static_cast<size_t>(n));
      told = told || seen.find("log lines dropped") != std::string::npos;
    }
  });
  // A notice comes with the first line that is written after a second.
  auto limit = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  while (!told && std::chrono::steady_clock::now() < limit) {
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
    log::info("later");
  }
  log::stop();
  ::close(std::exchange(ends.fds[1], -1));
  reader.join();
  BOOST_TEST(told.load());
}

BOOST_AUTO_TEST_CASE(a_reader_that_went_away_ends_nothing) {
  pipe_ends ends;
  ::signal(SIGPIPE, SIG_IGN); // as the node does
  log::log_config config;
  config.descriptor = ends.fds[1];
  BOOST_TEST(!log::start(config));
  ::close(std::exchange(ends.fds[0], -1));
  auto dropped_before = log::dropped_total();
  log::info("to nobody");
  log::stop();
  BOOST_TEST(log::dropped_total() == dropped_before + 1);
}

BOOST_AUTO_TEST_CASE(nothing_is_written_before_the_start_and_after_the_end) {
  BOOST_TEST(!log::enabled(log::level::error));
  log::error("unseen");
  {
    file_log f;
    BOOST_TEST(!log::start(f.config()));
    BOOST_TEST(static_cast<bool>(log::start(f.config())), "a second start is refused");
    auto lines = f.lines();
    log::error("unseen");
    BOOST_TEST(lines.empty());
  }
  log::log_config wrong;
  wrong.queue_lines = 0;
  BOOST_TEST(static_cast<bool>(log::start(wrong)));
}

BOOST_AUTO_TEST_CASE(text_is_for_terminals) {
  pipe_ends ends;
  BOOST_CHECK(log::choose_format("auto", ends.fds[1]) == log::format::json);
  BOOST_CHECK(log::choose_format("json", ends.fds[1]) == log::format::json);
  BOOST_CHECK(log::choose_format("text", ends.fds[1]) == log::format::text);
}

BOOST_AUTO_TEST_SUITE_END()
