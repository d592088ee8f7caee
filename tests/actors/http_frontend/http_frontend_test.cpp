#include "actors/http_frontend/http_frontend.hpp"

#include "messages/register.hpp"
#include "runtime/http/json.hpp"
#include "tests/actors/http_frontend/client.hpp"

#include <boost/test/unit_test.hpp>

#include <dirent.h>
#include <fstream>
#include <random>
#include <sys/resource.h>
#include <thread>

using namespace qrwell;
using test::body_of;
using test::client;
using namespace std::chrono_literals;

namespace {

struct config : caf::actor_system_config {
  config() {
    register_messages(*this);
    load<caf::io::middleman>();
    set("scheduler.policy", caf::atom("sharing"));
    set("scheduler.max-threads", size_t{2});
    set("middleman.max-consecutive-reads", size_t{1});
    set("middleman.workers", size_t{0});
  }
};

// Answers with the target it was asked for. What to do otherwise, the target says: .../silent is not answered, .../big
// with 10,000 bytes,
// .../held when it is told `tick`, .../close with Connection: close. The answers of a batch go out last first.
struct echo_state {
  static constexpr const char* name = "echo";
  http_answers held;
  answer_sink sink;
  size_t batches = 0, requests = 0;
};

bool ends(std::string_view text, std::string_view end) {
  return text.size() >= end.size() && text.substr(text.size() - end.size()) == end;
}

scan_server_actor::behavior_type echo(scan_server_actor::stateful_pointer<echo_state> self) {
  return {
      [](const scenes_changed&) {},
      [](const scan_limits&) {},
      [](const foreign_ids&) {},
      [self](tick) {
        if (self->state.sink) self->send(self->state.sink, std::exchange(self->state.held, {}));
      },
      [self](http_batch& batch) {
        auto& st = self->state;
        st.sink = caf::actor_cast<answer_sink>(self->current_sender());
        ++st.batches;
        st.requests += batch.requests.size();
        http::answer_writer now;
        for (auto r = batch.requests.rbegin(); r != batch.requests.rend(); ++r) {
          std::string_view target = r->target;
          if (ends(target, "silent")) continue;
          http::answer_writer one;
          std::string body = ends(target, "big") ? std::string(10'000, 'b') : r->target + r->body;
          if (ends(target, "peer")) body = r->peer;
          bool close = ends(target, "close"), head = r->method == http_method::head;
          auto& to = ends(target, "held") ? one : now;
          to.add(r->at, 200, "text/plain", body, r->request_id, {{"Connection", close ? "close" : ""}}, head);
          if (one.empty()) continue;
          auto add = one.take();
          auto offset = static_cast<uint32_t>(st.held.arena.size());
          st.held.arena += add.arena;
          st.held.answers.push_back(add.answers[0]);
          st.held.answers.back().offset += offset;
        }
        if (!now.empty()) self->send(st.sink, now.take());
      },
      [self](status_query) -> actor_status {
        return {"echo", "", "", std::to_string(self->state.batches) + " " + std::to_string(self->state.requests)};
      },
  };
}

struct recorder_state {
  static constexpr const char* name = "recorder";
  std::map<std::string, uint64_t> counts;
};

scan_recorder_actor::behavior_type recorder(scan_recorder_actor::stateful_pointer<recorder_state> self) {
  return {
      [self](const scans_seen& seen) {
        for (const auto& s : seen.scans) self->state.counts[s.id + "/" + std::to_string(s.launch)] += s.count;
      },
      [](const count_limits&) {},
      [](tick) {},
      [self](status_query) -> actor_status {
        std::string all;
        for (const auto& [what, count] : self->state.counts) all += what + "=" + std::to_string(count) + " ";
        return {"recorder", "", "", all};
      },
  };
}

size_t open_descriptors() {
  size_t n = 0;
  auto* dir = ::opendir("/proc/self/fd");
  while (::readdir(dir) != nullptr) ++n;
  ::closedir(dir);
  return n;
}

size_t resident_kib() {
  std::ifstream in("/proc/self/statm");
  size_t all = 0, resident = 0;
  in >> all >> resident;
  return resident * 4;
}

struct fixture {
  config cfg;
  caf::actor_system sys{cfg};
  caf::scoped_actor self{sys};
  vitals_registry registry;
  std::shared_ptr<http_counters> n = std::make_shared<http_counters>();
  scan_server_actor service = sys.spawn(echo);
  scan_recorder_actor counts = sys.spawn(recorder);
  caf::actor front;
  uint16_t port = 0;

  explicit fixture(http_limits limits = {}, const std::string& address = "127.0.0.1:0") { start(limits, address); }

  void start(http_limits limits, const std::string& address) {
    auto listener = http_listener::bind(address);
    BOOST_REQUIRE(listener);
    port = listener->port();
    http_frontend_config fc;
    fc.listener = *listener;
    fc.limits = limits;
    fc.counters = n;
    http_service all = service;
    front = sys.middleman().spawn_broker(http_frontend, registry.enroll("http_frontend", "test"), fc,
                                         http_services{all, all, all, all, all, all, all}, counts);
  }

  ~fixture() {
    caf::anon_send_exit(front, caf::exit_reason::kill);
    caf::anon_send_exit(service, caf::exit_reason::kill);
    caf::anon_send_exit(counts, caf::exit_reason::kill);
  }

  std::string status(const caf::actor& who) {
    std::string out;
    self->request(who, 5s, status_query{})
        .receive([&](actor_status& s) { out = s.facts + s.problem; }, [](caf::error&) {});
    return out;
  }
  template <class F>
  bool until(F f) {
    for (int i = 0; i < 1'000; ++i, std::this_thread::sleep_for(10ms))
      if (f()) return true;
    return false;
  }
  bool gone() {
    return until([&] { return n->connections.load() == 0; });
  }
};

http_limits quick() {
  http_limits l;
  l.header_timeout_ms = 1'000;
  l.idle_timeout_ms = 2'000;
  l.send_timeout_ms = 1'000;
  l.linger_ms = 1'000;
  l.drain_timeout_ms = 4'000;
  l.classes[0] = {100, 500, 1'000};
  return l;
}

struct quick_fixture : fixture {
  quick_fixture()
      : fixture(quick()) {}
};

std::string scan(std::string_view id, std::string_view fields = "") {
  return "GET /v1/scenes/" + std::string(id) + " HTTP/1.1\r\nHost: a\r\n" + std::string(fields) + "\r\n";
}

bool has(std::string_view in, std::string_view part) {
  return in.find(part) != in.npos;
}

} // namespace

BOOST_TEST_DECORATOR(*boost::unit_test::timeout(60))
BOOST_AUTO_TEST_SUITE(http_frontend_suite)

BOOST_FIXTURE_TEST_CASE(a_request_is_served_and_the_connection_stays, fixture) {
  client c(port);
  for (int i = 0; i < 3; ++i) {
    BOOST_REQUIRE(c.say(scan("a", "X-Request-Id: mine\r\n")));
    auto answer = c.hear();
    BOOST_TEST(has(answer, "HTTP/1.1 200 OK\r\n"));
    BOOST_TEST(has(answer, "X-Request-Id: mine\r\n"));
    BOOST_TEST(body_of(answer) == "/v1/scenes/a");
  }
  c.say("POST /v1/codes HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n");
  BOOST_TEST(body_of(c.hear()) == "/v1/codesabc");
  c.say(scan("peer"));
  BOOST_TEST(body_of(c.hear()) == "127.0.0.1");
  auto facts = status(front);
  BOOST_TEST(has(facts, "\"connections\":1"));
  BOOST_TEST(has(facts, "\"scan\":4"));
  BOOST_TEST(n->accepted.load() == 1u);
  BOOST_TEST(registry.snapshot().at(0).handled > 0u);
}

BOOST_AUTO_TEST_CASE(ipv6_is_served_too) {
  fixture f({}, "[::1]:0");
  client c(f.port, true);
  BOOST_REQUIRE(c.connected());
  c.say(scan("peer"));
  BOOST_TEST(body_of(c.hear()) == "::1");
}

BOOST_FIXTURE_TEST_CASE(five_hundred_pipelined_requests_come_back_in_order, fixture) {
  client c(port);
  std::string all;
  for (int i = 0; i < 500; ++i) {
    if (i % 3 == 0)
      all += "POST /v1/codes HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\n" + std::to_string(100 + i);
    else if (i % 3 == 1)
      all += scan(std::to_string(i));
    else
      all += "GET /nowhere HTTP/1.1\r\nHost: a\r\nX-Request-Id: n" + std::to_string(i) + "\r\n\r\n";
  }
  std::thread writer([&] { c.say(all); });
  for (int i = 0; i < 500; ++i) {
    auto answer = c.hear();
    if (i % 3 == 0)
      BOOST_REQUIRE(body_of(answer) == "/v1/codes" + std::to_string(100 + i));
    else if (i % 3 == 1)
      BOOST_REQUIRE(body_of(answer) == "/v1/scenes/" + std::to_string(i));
    else
      BOOST_REQUIRE(has(answer, "X-Request-Id: n" + std::to_string(i) + "\r\n"));
  }
  writer.join();
  BOOST_TEST(n->in_flight[0].load() == 0u);
}

BOOST_FIXTURE_TEST_CASE(a_round_goes_out_as_one_message, fixture) {
  client c(port);
  std::string all;
  for (int i = 0; i < 30; ++i) all += scan(std::to_string(i));
  c.say(all);
  for (int i = 0; i < 30; ++i) BOOST_REQUIRE(body_of(c.hear()) == "/v1/scenes/" + std::to_string(i));
  auto seen = status(caf::actor_cast<caf::actor>(service));
  auto batches = std::stoul(seen), requests = std::stoul(seen.substr(seen.find(' ')));
  BOOST_TEST(requests == 30u);
  BOOST_TEST(batches <= 4u);
}

BOOST_FIXTURE_TEST_CASE(a_request_may_come_a_byte_at_a_time, fixture) {
  client c(port);
  auto text = "POST /v1/codes HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello" + scan("x");
  for (size_t i = 0; i < text.size(); ++i) {
    BOOST_REQUIRE(c.say(std::string_view(text).substr(i, 1)));
    if (i % 8 == 0) std::this_thread::sleep_for(1ms); // so that not all of them meet in one read
  }
  BOOST_TEST(body_of(c.hear()) == "/v1/codeshello");
  BOOST_TEST(body_of(c.hear()) == "/v1/scenes/x");
}

BOOST_FIXTURE_TEST_CASE(a_slow_reader_holds_up_itself_and_not_our_memory, fixture) {
  constexpr size_t total = 100'000;
  client slow(port, false, 4'096), other(port);
  auto one = scan("a");
  std::string block;
  for (int i = 0; i < 100; ++i) block += one;
  auto before = resident_kib();
  // Sends until nothing goes any more: we do not read what we cannot answer.
  size_t sent = 0, whole = total * one.size(), stuck = 0;
  while (sent < whole && stuck < 50) {
    auto part = std::string_view(block).substr(sent % block.size()).substr(0, whole - sent);
    auto went = slow.say_some(part);
    sent += went;
    stuck = went == 0 ? stuck + 1 : 0;
    if (went == 0) std::this_thread::sleep_for(10ms);
  }
  BOOST_TEST(until([&] { return n->halted.load() == 1; })); // what it sent beyond is in the kernel's buffers
  BOOST_TEST(n->held_bytes.load() < 512u * 1'024);
  BOOST_TEST(resident_kib() < before + 8 * 1'024);
  other.say(scan("b"));
  BOOST_TEST(body_of(other.hear()) == "/v1/scenes/b");
  std::thread writer([&] {
    while (sent < whole) {
      auto part = std::string_view(block).substr(sent % block.size()).substr(0, whole - sent);
      if (!slow.say(part)) break;
      sent += part.size();
    }
  });
  size_t answered = 0;
  while (answered < total && body_of(slow.hear()) == "/v1/scenes/a") ++answered;
  BOOST_TEST(answered == total);
  writer.join();
}

BOOST_FIXTURE_TEST_CASE(a_reader_that_takes_nothing_is_cut_off, quick_fixture) {
  client c(port, false, 4'096);
  for (int i = 0; i < 2'000 && n->halted.load() == 0; ++i) {
    c.say_some(scan("big"));
    std::this_thread::sleep_for(1ms);
  }
  BOOST_TEST(n->halted.load() == 1u);
  BOOST_TEST(gone());
  BOOST_TEST(n->held_bytes.load() == 0u);
  BOOST_TEST(n->timed_out.load() == 1u);
}

BOOST_FIXTURE_TEST_CASE(a_slow_header_is_answered_and_closed, quick_fixture) {
  client c(port);
  std::thread drip([&] {
    auto text = scan("abcdefghijklmnop");
    for (size_t i = 0; i + 1 < text.size() && c.say(std::string_view(text).substr(i, 1)); ++i)
      std::this_thread::sleep_for(100ms);
  });
  BOOST_TEST(has(c.hear(), "HTTP/1.1 408"));
  BOOST_TEST(c.at_end());
  c.end_of_data();
  BOOST_TEST(gone());
  drip.join();
}

BOOST_FIXTURE_TEST_CASE(an_idle_connection_is_closed, quick_fixture) {
  auto descriptors = open_descriptors();
  client c(port);
  c.say(scan("a"));
  c.hear();
  BOOST_TEST(c.at_end());
  BOOST_TEST(gone());
  c.close();
  BOOST_TEST(until([&] { return open_descriptors() <= descriptors; }));
}

BOOST_FIXTURE_TEST_CASE(a_request_nobody_answers_gets_503, quick_fixture) {
  client c(port);
  c.say(scan("silent") + scan("a"));
  BOOST_TEST(has(c.hear(), "HTTP/1.1 503"));
  BOOST_TEST(body_of(c.hear()) == "/v1/scenes/a");
  caf::anon_send_exit(service, caf::exit_reason::kill); // as good as silent
  c.say(scan("b"));
  BOOST_TEST(has(c.hear(), "\"timeout\""));
}

BOOST_AUTO_TEST_CASE(past_connections_max_a_new_client_is_served_in_the_place_of_an_idle_one) {
  http_limits l;
  l.connections_max = 3;
  l.idle_before_evicted_ms = 0;
  fixture f(l);
  std::vector<std::unique_ptr<client>> all;
  for (int i = 0; i < 3; ++i) {
    all.push_back(std::make_unique<client>(f.port));
    all.back()->say(scan("a"));
    BOOST_TEST(body_of(all.back()->hear()) == "/v1/scenes/a");
  }
  client fourth(f.port);
  fourth.say(scan("b"));
  BOOST_TEST(body_of(fourth.hear()) == "/v1/scenes/b");
  BOOST_TEST(all[0]->at_end());
  BOOST_TEST(f.n->evicted.load() == 1u);
  BOOST_TEST(f.n->connections.load() == 3u);
  all[1]->say(scan("c"));
  BOOST_TEST(body_of(all[1]->hear()) == "/v1/scenes/c");
}

BOOST_AUTO_TEST_CASE(past_connections_max_with_all_at_work_a_new_client_hears_503_at_once) {
  http_limits l;
  l.connections_max = 3;
  fixture f(l);
  std::vector<std::unique_ptr<client>> all;
  for (int i = 0; i < 3; ++i) {
    all.push_back(std::make_unique<client>(f.port));
    all.back()->say(scan("held"));
  }
  BOOST_TEST(f.until([&] { return f.n->in_flight[0].load() == 3; }));
  for (int i = 0; i < 400; ++i) { // more than may linger at a time
    client next(f.port);
    next.say("POST /v1/codes HTTP/1.1\r\nHost: a\r\nContent-Length: 20000\r\n\r\n" + std::string(20'000, 'x'));
    auto answer = next.hear();
    BOOST_REQUIRE(has(answer, "HTTP/1.1 503"));
    BOOST_TEST(has(answer, "Retry-After: 1\r\n"));
    BOOST_TEST(has(answer, "Connection: close\r\n"));
    BOOST_REQUIRE(next.at_end());
  }
  BOOST_TEST(f.n->turned_away.load() == 400u);
  BOOST_TEST(f.until([&] { return has(f.status(f.front), "connections_max"); }));
  f.self->send(f.service, tick{});
  for (auto& c : all) BOOST_TEST(body_of(c->hear()) == "/v1/scenes/held");
  BOOST_TEST(f.until([&] { return !has(f.status(f.front), "connections_max"); }));
}

BOOST_AUTO_TEST_CASE(without_a_descriptor_left_a_new_client_is_served_in_the_place_of_an_idle_one) {
  http_limits l;
  l.idle_before_evicted_ms = 0;
  fixture f(l);
  std::vector<std::unique_ptr<client>> idle;
  for (int i = 0; i < 20; ++i) {
    idle.push_back(std::make_unique<client>(f.port));
    idle.back()->say(scan("a"));
    BOOST_TEST(body_of(idle.back()->hear()) == "/v1/scenes/a");
  }
  rlimit before{};
  ::getrlimit(RLIMIT_NOFILE, &before);
  auto few = before;
  few.rlim_cur = open_descriptors() + 10;
  ::setrlimit(RLIMIT_NOFILE, &few);
  std::vector<int> rest;
  for (int fd = ::dup(0); fd >= 0; fd = ::dup(0)) rest.push_back(fd);
  ::close(rest.back()); // for our own end of the connection
  rest.pop_back();
  client next(f.port);
  next.say(scan("b"));
  BOOST_TEST(body_of(next.hear()) == "/v1/scenes/b");
  BOOST_TEST(idle[0]->at_end());
  BOOST_TEST(f.until([&] { return has(f.status(f.front), "no descriptor"); }));
  BOOST_TEST(f.until([&] { return !has(f.status(f.front), "no descriptor"); }));
  for (int fd : rest) ::close(fd);
  ::setrlimit(RLIMIT_NOFILE, &before);
}

BOOST_FIXTURE_TEST_CASE(a_client_that_expects_100_gets_it, fixture) {
  client c(port);
  c.say("POST /v1/codes HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer k\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n");
  BOOST_TEST(c.hear() == "HTTP/1.1 100 Continue\r\n\r\n");
  c.say("hel");
  BOOST_TEST(c.silent(100));
  c.say("lo");
  BOOST_TEST(body_of(c.hear()) == "/v1/codeshello");
}

BOOST_FIXTURE_TEST_CASE(a_peer_that_ended_its_direction_still_gets_all_answers, fixture) {
  client c(port);
  std::string all;
  for (int i = 0; i < 100; ++i) all += scan(std::to_string(i));
  c.say(all);
  c.end_of_data();
  for (int i = 0; i < 100; ++i) BOOST_REQUIRE(body_of(c.hear()) == "/v1/scenes/" + std::to_string(i));
  BOOST_TEST(c.at_end());
  BOOST_TEST(gone());
}

BOOST_FIXTURE_TEST_CASE(a_refused_body_does_not_take_the_answer_with_it, quick_fixture) {
  client c(port);
  c.say("POST /v1/codes HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n");
  for (int i = 0; i < 60; ++i) c.say(std::string(10'000, 'x')); // without a linger, a reset would overtake the 413
  BOOST_TEST(has(c.hear(), "HTTP/1.1 413"));
  BOOST_TEST(c.at_end());
  c.close();
  BOOST_TEST(gone());
}

BOOST_FIXTURE_TEST_CASE(answers_to_a_connection_that_is_gone_are_dropped, fixture) {
  auto descriptors = open_descriptors();
  {
    client c(port);
    c.say(scan("held"));
    BOOST_TEST(until([&] { return n->in_flight[0].load() == 1; }));
    c.say("x"); // unread bytes make the close a reset
  }
  BOOST_TEST(until([&] { return status(caf::actor_cast<caf::actor>(service)) == "1 1"; }));
  client stranger(port);
  stranger.say(scan("held"));
  BOOST_TEST(until([&] { return status(caf::actor_cast<caf::actor>(service)) == "2 2"; }));
  self->send(service, tick{});
  BOOST_TEST(body_of(stranger.hear()) == "/v1/scenes/held");
  stranger.close();
  BOOST_TEST(gone());
  BOOST_TEST(n->in_flight[0].load() == 0u);
  BOOST_TEST(until([&] { return open_descriptors() <= descriptors; }));
}

BOOST_FIXTURE_TEST_CASE(hot_scenes_are_served_counted_and_forgotten, fixture) {
  hot_scenes hot;
  hot.scenes.push_back({"abc", "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nhot", 1, 0});
  self->send(caf::actor_cast<answer_sink>(front), hot);
  BOOST_TEST(until([&] { return has(status(front), "\"hot_entries\":1"); }));
  client c(port);
  for (int i = 0; i < 10; ++i) {
    c.say(scan(i % 2 ? "abc" : "abc?launch=1047"));
    BOOST_TEST(body_of(c.hear()) == "hot");
  }
  c.say("HEAD /v1/scenes/abc HTTP/1.1\r\nHost: a\r\n\r\n");
  BOOST_TEST(body_of(c.hear(true)) == "");
  BOOST_TEST(until([&] { return status(caf::actor_cast<caf::actor>(counts)) == "abc/0=6 abc/1047=5 "; }));
  self->send(caf::actor_cast<answer_sink>(front), scenes_changed{{"abc"}});
  BOOST_TEST(until([&] { return has(status(front), "\"hot_entries\":0"); }));
  c.say(scan("abc"));
  BOOST_TEST(body_of(c.hear()) == "/v1/scenes/abc");
}

BOOST_FIXTURE_TEST_CASE(a_stop_drains_and_quits, fixture) {
  client busy(port), idle(port);
  busy.say(scan("held"));
  idle.say(scan("a"));
  idle.hear();
  BOOST_TEST(until([&] { return n->in_flight[0].load() == 1; }));
  self->monitor(front);
  self->send(front, frontend_stop{});
  BOOST_TEST(idle.at_end());
  idle.close();
  BOOST_TEST(until([&] { return !client(port).connected(); }));
  BOOST_TEST(busy.silent(100));
  self->send(service, tick{});
  auto answer = busy.hear();
  BOOST_TEST(body_of(answer) == "/v1/scenes/held");
  BOOST_TEST(has(answer, "Connection: close\r\n"));
  BOOST_TEST(busy.at_end());
  busy.close();
  bool down = false;
  self->receive([&](caf::down_msg&) { down = true; }, caf::after(10s) >> [] {});
  BOOST_TEST(down);
  BOOST_TEST(!registry.snapshot().at(0).alive);
}

BOOST_FIXTURE_TEST_CASE(a_stop_ends_though_nobody_answers, quick_fixture) {
  client c(port);
  c.say(scan("silent"));
  BOOST_TEST(until([&] { return n->in_flight[0].load() == 1; }));
  self->monitor(front);
  self->send(front, frontend_stop{});
  bool down = false;
  self->receive([&](caf::down_msg&) { down = true; }, caf::after(20s) >> [] {});
  BOOST_TEST(down);
}

BOOST_FIXTURE_TEST_CASE(many_connections_at_once_in_any_state_leave_nothing_behind, fixture) {
  auto descriptors = open_descriptors();
  std::mt19937 random(7);
  for (int round = 0; round < 20; ++round) {
    std::vector<std::unique_ptr<client>> all;
    for (int i = 0; i < 30; ++i) {
      all.push_back(std::make_unique<client>(port));
      auto& c = *all.back();
      switch (random() % 7) {
      case 0:
        break;
      case 1:
        c.say(scan("a").substr(0, random() % 30));
        break;
      case 2:
        c.say(scan("a") + scan("b"));
        break;
      case 3:
        c.say(scan("close") + scan("b"));
        break;
      case 4:
        c.say("nonsense\r\n\r\n" + scan("b"));
        break;
      case 5:
        for (int k = 0; k < 40; ++k) c.say_some(scan("big"));
        break;
      default:
        c.say(scan("a"));
        c.end_of_data();
        break;
      }
      if (random() % 3 == 0) c.close();
    }
  }
  BOOST_TEST(gone());
  BOOST_TEST(n->in_flight[0].load() == 0u);
  BOOST_TEST(n->halted.load() == 0u);
  BOOST_TEST(n->held_bytes.load() == 0u);
  BOOST_TEST(until([&] { return open_descriptors() <= descriptors; }));
  client c(port);
  c.say(scan("a"));
  BOOST_TEST(body_of(c.hear()) == "/v1/scenes/a");
}

BOOST_AUTO_TEST_CASE(addresses_are_checked_before_anything_is_served) {
  auto reason = [](const std::string& address) {
    auto l = http_listener::bind(address);
    return l ? std::string("bound") : render(l.error());
  };
  for (auto address :
       {"", "8080", "127.0.0.1", "127.0.0.1:", "127.0.0.1:x", "127.0.0.1:65536", "::1:80", "[::1:80", "no such host:0"})
    BOOST_TEST(has(reason(address), "invalid_config"), address);
  auto first = http_listener::bind("127.0.0.1:0");
  BOOST_REQUIRE(first);
  BOOST_TEST(first->port() != 0);
  BOOST_TEST(first->address() == "127.0.0.1:" + std::to_string(first->port()));
  BOOST_TEST(has(reason(first->address()), "in use"));
  auto copy = *first;
  BOOST_TEST(copy.release() >= 0);
  BOOST_TEST(first->release() == -1);
}

BOOST_AUTO_TEST_SUITE_END()
