#include <array>
#include <csignal>
#include <cstdio>
#include <string>
#include <vector>

#include <sys/wait.h>
#include <unistd.h>

#include <boost/test/unit_test.hpp>

namespace {

/// A child process whose standard output can be read.
struct child {
  pid_t pid = -1;
  int out = -1;

  explicit child(std::vector<std::string> arguments) {
    std::array<int, 2> ends{};
    BOOST_TEST_REQUIRE(pipe(ends.data()) == 0);
    arguments.insert(arguments.begin(), std::string{QRWELL_BIN_DIR} + "/wechat-sim");
    std::vector<char*> argv;
    for (auto& argument : arguments) argv.push_back(argument.data());
    argv.push_back(nullptr);
    pid = fork();
    BOOST_TEST_REQUIRE(pid >= 0);
    if (pid == 0) {
      dup2(ends[1], STDOUT_FILENO);
      // The complaints about wrong arguments would read like failures of the test.
      if (std::freopen("/dev/null", "w", stderr) == nullptr) _exit(127);
      close(ends[0]);
      close(ends[1]);
      execv(argv[0], argv.data());
      _exit(127);
    }
    close(ends[1]);
    out = ends[0];
  }
  child(const child&) = delete;
  child& operator=(const child&) = delete;
  ~child() { close(out); }

  std::string line() const {
    std::string text;
    char c = 0;
    while (read(out, &c, 1) == 1 && c != '\n') text += c;
    return text;
  }

  int exit_code() const {
    int status = 0;
    waitpid(pid, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
  }
};

const std::vector<std::string> good{"--listen", "127.0.0.1:0", "--app", "wxone:secret"};

std::vector<std::string> with(std::vector<std::string> more) {
  more.insert(more.begin(), good.begin(), good.end());
  return more;
}

} // namespace

BOOST_AUTO_TEST_SUITE(program_suite)

BOOST_AUTO_TEST_CASE(it_says_where_it_listens_and_ends_on_a_signal) {
  for (int signal : {SIGTERM, SIGINT}) {
    child sim{good};
    auto line = sim.line();
    BOOST_TEST(line.starts_with("listening on 127.0.0.1:"));
    BOOST_TEST(!line.ends_with(":0"));
    kill(sim.pid, signal);
    BOOST_TEST(sim.exit_code() == 0);
  }
}

BOOST_AUTO_TEST_CASE(it_ends_with_its_parent_if_asked_to) {
  std::array<int, 2> ends{};
  BOOST_TEST_REQUIRE(pipe(ends.data()) == 0);
  auto parent = fork();
  BOOST_TEST_REQUIRE(parent >= 0);
  if (parent == 0) {
    child sim{with({"--exit-with-parent"})};
    sim.line();
    // The grandchild holds no copy of this end; the pipe it writes to ends with it.
    char ready = 'r';
    dup2(sim.out, STDIN_FILENO);
    if (write(ends[1], &ready, 1) != 1 || write(ends[1], &sim.pid, sizeof sim.pid) != sizeof sim.pid) _exit(1);
    _exit(0);
  }
  char ready = 0;
  pid_t grandchild = -1;
  BOOST_TEST(read(ends[0], &ready, 1) == 1);
  BOOST_TEST(read(ends[0], &grandchild, sizeof grandchild) == sizeof grandchild);
  close(ends[0]);
  waitpid(parent, nullptr, 0);
  // It is not our child, so all that can be done is to look for it; init may take a moment to bury it.
  bool gone = false;
  for (int i = 0; i < 500 && !gone; ++i, usleep(10'000)) {
    char state = 'X';
    auto path = "/proc/" + std::to_string(grandchild) + "/stat";
    if (auto* file = std::fopen(path.c_str(), "r")) {
      if (std::fscanf(file, "%*d %*s %c", &state) != 1) state = 'X';
      std::fclose(file);
    }
    gone = state == 'X' || state == 'Z';
  }
  BOOST_TEST(gone);
}

BOOST_AUTO_TEST_CASE(wrong_arguments_end_it_with_an_error) {
  const std::vector<std::vector<std::string>> wrong{
      {},
      {"--listen", "127.0.0.1:0"},
      {"--listen", "nowhere", "--app", "a:b"},
      {"--listen", "127.0.0.1:99999", "--app", "a:b"},
      {"--listen", "127.0.0.1:0", "--app", "nosecret"},
      with({"--limit-code", "45010"}),
      with({"--limit", "-5"}),
      with({"--latency", "9:3"}),
      with({"--fault", "nonsense"}),
      with({"--quality", "101"}),
      with({"--nonsense"}),
      with({"--window", "tumbling"}),
      with({"--charge", "some"}),
      with({"--control", "nowhere"}),
      with({"--scenario", "/nowhere/play.yaml"}),
      {"launch"},
      {"launch", "--server", "http://127.0.0.1:1"},
      {"launch", "--server", "https://127.0.0.1:1", "--scene", "a"},
      {"launch", "--server", "http://127.0.0.1:1", "--scene", "a", "--prefetch", "maybe"},
  };
  for (const auto& arguments : wrong) {
    child sim{arguments};
    BOOST_TEST(sim.line().empty());
    BOOST_TEST(sim.exit_code() > 0);
  }
}

BOOST_AUTO_TEST_CASE(all_options_together) {
  child sim{with({"--app",
                  "wxtwo:x",
                  "--limit",
                  "100",
                  "--daily",
                  "1000",
                  "--limit-code",
                  "45011",
                  "--window",
                  "fixed",
                  "--charge",
                  "images",
                  "--bad-body-code",
                  "40169",
                  "--bad-width-code",
                  "40097",
                  "--bad-secret-code",
                  "40001",
                  "--forced-code",
                  "45009",
                  "--allow-ip",
                  "127.0.0.1,10.0.0.1",
                  "--listen",
                  "127.0.0.1:0",
                  "--control",
                  "127.0.0.1:0",
                  "--latency",
                  "1:5",
                  "--pages",
                  "pages/a,pages/b",
                  "--token-life",
                  "60",
                  "--token-overlap",
                  "5",
                  "--token-daily",
                  "10",
                  "--quality",
                  "90",
                  "--seed",
                  "4",
                  "--fault",
                  R"({"kind":"error","rate":0.5,"count":3})",
                  "--fault",
                  R"({"kind":"reset","on":"token"})"})};
  BOOST_TEST(sim.line().starts_with("listening on "));
  kill(sim.pid, SIGTERM);
  BOOST_TEST(sim.exit_code() == 0);
}

BOOST_AUTO_TEST_CASE(every_listener_is_told_and_the_control_one_last) {
  child sim{with({"--listen", "127.0.0.1:0", "--control", "127.0.0.1:0"})};
  BOOST_TEST(sim.line().starts_with("listening on 127.0.0.1:"));
  BOOST_TEST(sim.line().starts_with("listening on 127.0.0.1:"));
  BOOST_TEST(sim.line().starts_with("control on 127.0.0.1:"));
  kill(sim.pid, SIGTERM);
  BOOST_TEST(sim.exit_code() == 0);
}

BOOST_AUTO_TEST_CASE(a_scenario_file_is_played_from_the_start) {
  auto path = "/tmp/wechat-sim-scenario-" + std::to_string(getpid()) + ".yaml";
  auto write_file = [&](const char* text) {
    auto* file = std::fopen(path.c_str(), "w");
    BOOST_TEST_REQUIRE(file != nullptr);
    std::fputs(text, file);
    std::fclose(file);
  };
  write_file("steps:\n- {at: 0s, for: 1h, what: 45009}\n");
  child sim{with({"--scenario", path})};
  BOOST_TEST(sim.line().starts_with("listening on "));
  kill(sim.pid, SIGTERM);
  BOOST_TEST(sim.exit_code() == 0);
  write_file("steps:\n- {at: 0, what: 45009}\n");
  child wrong{with({"--scenario", path})};
  BOOST_TEST(wrong.line().empty());
  BOOST_TEST(wrong.exit_code() == 2);
  std::remove(path.c_str());
}

BOOST_AUTO_TEST_CASE(a_launch_against_nobody_fails_with_times) {
  child launch{
      {"launch", "--server", "http://127.0.0.1:1", "--scene", "abc", "--package-ms", "1", "--network-ms", "1"}};
  BOOST_TEST(launch.line().starts_with("with pre-fetch"));
  BOOST_TEST(launch.line().starts_with("without pre-fetch"));
  BOOST_TEST(launch.line().starts_with("saved"));
  BOOST_TEST(launch.exit_code() == 1);
}

BOOST_AUTO_TEST_SUITE_END()
