#include "tools/wechat-sim/launch_player.hpp"

#include <chrono>
#include <cmath>
#include <memory>
#include <string>
#include <utility>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>
#include <fmt/format.h>

#include "tools/wechat-sim/sim_clock.hpp"

// g++ 12 takes the frames of coroutines for mismatched when sanitizers are on.
#pragma GCC diagnostic ignored "-Wmismatched-new-delete"

namespace qrwell::sim {

namespace net = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
namespace json = boost::json;

namespace {

constexpr auto no_throw = net::as_tuple(net::use_awaitable);
/// What WeChat keeps of a pre-fetch.
constexpr std::size_t prefetch_bytes_max = std::size_t{256} << 10U;
constexpr std::size_t page_bytes_max = std::size_t{1} << 20U;
constexpr std::chrono::seconds fetch_timeout{5};
constexpr std::size_t shown_bytes_max = 2048;

/// One request of a launch, under way or done.
struct fetched {
  std::string target;
  bool done = false;
  int64_t began_us = 0;
  int64_t ended_us = 0;
  unsigned status = 0;
  std::string body;
  std::string problem;
};

/// What the phone waits for: its requests, and a timer that is woken when one of them is done.
struct phone {
  explicit phone(const net::any_io_executor& executor)
      : bell(executor) {}

  fetched prefetch;
  fetched request;
  net::steady_timer bell;
};

net::awaitable<void> pause(int64_t ms) {
  auto executor = co_await net::this_coro::executor;
  net::steady_timer timer{executor, std::chrono::milliseconds{ms}};
  co_await timer.async_wait(no_throw);
}

/// Sends a GET and reads its answer; what went wrong is in `problem`.
net::awaitable<void> exchange(const launch_plan& plan, fetched& out, std::size_t bytes_max) {
  auto executor = co_await net::this_coro::executor;
  net::ip::tcp::resolver resolver{executor};
  auto [unresolved, addresses] = co_await resolver.async_resolve(plan.host, plan.port, no_throw);
  if (unresolved) {
    out.problem = fmt::format("cannot resolve {}: {}", plan.host, unresolved.message());
    co_return;
  }
  beast::tcp_stream stream{executor};
  stream.expires_after(fetch_timeout);
  auto [unconnected, endpoint] = co_await stream.async_connect(addresses, no_throw);
  if (unconnected) {
    out.problem = fmt::format("cannot connect to {}:{}: {}", plan.host, plan.port, unconnected.message());
    co_return;
  }
  http::request<http::empty_body> request{http::verb::get, out.target, 11};
  request.set(http::field::host, plan.host + ":" + plan.port);
  request.set(http::field::user_agent, "wechat-sim launch");
  request.set(http::field::referer, "https://servicewechat.com/" + plan.appid + "/0/page-frame.html");
  request.keep_alive(false);
  auto [unsent, sent] = co_await http::async_write(stream, request, no_throw);
  if (unsent) {
    out.problem = fmt::format("cannot send: {}", unsent.message());
    co_return;
  }
  beast::flat_buffer buffer;
  http::response_parser<http::string_body> parser;
  parser.body_limit(bytes_max);
  auto [unread, size] = co_await http::async_read(stream, buffer, parser, no_throw);
  if (unread == http::error::body_limit)
    out.problem = fmt::format("the answer is larger than {} bytes", bytes_max);
  else if (unread)
    out.problem = fmt::format("no whole answer: {}", unread.message());
  else {
    out.status = parser.get().result_int();
    out.body = std::move(parser.get().body());
  }
}

net::awaitable<void> fetch(std::shared_ptr<phone> it, launch_plan plan, bool is_prefetch) {
  auto& out = is_prefetch ? it->prefetch : it->request;
  out.began_us = now_us();
  // WeChat's own servers pre-fetch; only the page's request goes over the phone's network.
  if (!is_prefetch) co_await pause(plan.network_ms);
  co_await exchange(plan, out, is_prefetch ? prefetch_bytes_max : page_bytes_max);
  out.ended_us = now_us();
  out.done = true;
  it->bell.cancel();
}

double ms_between(int64_t from_us, int64_t to_us) {
  constexpr double tenth_us = 100;
  return std::round(static_cast<double>(to_us - from_us) / tenth_us) / 10;
}

json::value describe(const fetched& it, bool was_sent, bool is_used) {
  if (!was_sent) return nullptr;
  json::object out{{"target", it.target}, {"used", is_used}};
  if (!it.done) {
    out["problem"] = "no answer by then";
    return out;
  }
  out["ms"] = ms_between(it.began_us, it.ended_us);
  if (!it.problem.empty()) {
    out["problem"] = it.problem;
    return out;
  }
  out["status"] = it.status;
  out["bytes"] = it.body.size();
  out["body"] = it.body.substr(0, shown_bytes_max);
  return out;
}

net::awaitable<json::object> play_once(launch_plan plan, bool with_prefetch) {
  auto executor = co_await net::this_coro::executor;
  auto it = std::make_shared<phone>(executor);
  auto start = now_us();
  if (with_prefetch) {
    it->prefetch.target = prefetch_target(plan, start / 1000);
    net::co_spawn(executor, fetch(it, plan, true), net::detached);
  }
  co_await pause(plan.package_ms);

  auto brought = [&] {
    return with_prefetch && it->prefetch.done && fits_launch(plan, it->prefetch.status, it->prefetch.body);
  };
  if (with_prefetch && !it->prefetch.done) {
    it->bell.expires_after(std::chrono::milliseconds{plan.wait_ms});
    co_await it->bell.async_wait(no_throw);
  }
  bool asked = !brought();
  if (asked) {
    it->request.target = page_target(plan);
    net::co_spawn(executor, fetch(it, plan, false), net::detached);
    // A pre-fetch that lands meanwhile is as good.
    while (!it->request.done && !brought()) {
      it->bell.expires_at(net::steady_timer::time_point::max());
      co_await it->bell.async_wait(no_throw);
    }
  }
  auto opened = now_us();
  bool used = brought();
  const auto& source = used ? it->prefetch : it->request;
  auto outcome =
      source.problem.empty() ? outcome_of_request(source.status, source.body) : launch_outcome{"away", source.problem};
  co_return json::object{{"opened_ms", ms_between(start, opened)},
                         {"source", used ? "prefetch" : "request"},
                         {"outcome", outcome.kind},
                         {outcome.kind == "go" ? "opens" : "why", outcome.detail},
                         {"prefetch", describe(it->prefetch, with_prefetch, used)},
                         {"request", describe(it->request, asked, !used)}};
}

} // namespace

net::awaitable<json::object> play_launch(launch_plan plan) {
  json::object out{{"package_ms", plan.package_ms}, {"network_ms", plan.network_ms}};
  if (plan.with_prefetch) out["with_prefetch"] = co_await play_once(plan, true);
  if (plan.without_prefetch) out["without_prefetch"] = co_await play_once(plan, false);
  if (plan.with_prefetch && plan.without_prefetch) {
    auto saved = out["without_prefetch"].at("opened_ms").to_number<double>() -
                 out["with_prefetch"].at("opened_ms").to_number<double>();
    constexpr double tenth = 10;
    out["saved_ms"] = std::round(saved * tenth) / tenth;
  }
  co_return out;
}

} // namespace qrwell::sim
