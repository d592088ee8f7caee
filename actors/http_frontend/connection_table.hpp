#pragma once

#include "actors/http_frontend/connection.hpp"
#include "actors/http_frontend/counters.hpp"
#include "actors/http_frontend/hot_cache.hpp"
#include "actors/http_frontend/limits.hpp"
#include "messages/http.hpp"
#include "runtime/http/answer.hpp"
#include "runtime/http/date_line.hpp"
#include "runtime/http/link_prefixes.hpp"
#include "runtime/http/trusted_proxies.hpp"

#include <array>
#include <deque>
#include <memory>
#include <optional>

namespace qrwell {

/// The connections of one listener: takes bytes, gives out requests in batches by class, and writes answers in order.
/// No sockets, no actors, no clock: `now_ms` is steady time and `wall_ms` Unix time. A descriptor that is not open is
/// ignored everywhere, since events of a round may come for one that this round closed.
class connection_table {
public:
  using batches = std::array<http_batch, http::request_classes>;

  /// `id_prefix` begins the request ids made here; the counters outlive the table.
  connection_table(http::listener_kind kind, const http_limits& limits, std::string id_prefix, http_counters& counters);

  // -- events of sockets
  void opened(int fd, connection_port* port, std::string peer, int64_t now_ms);
  void received(int fd, std::string_view data, int64_t now_ms, int64_t wall_ms);
  void drained(int fd, int64_t now_ms, int64_t wall_ms);   ///< the peer took some of what was unsent
  void peer_done(int fd, int64_t now_ms, int64_t wall_ms); ///< it sends no more, and may still read
  void closed(int fd);                                     ///< gone already

  /// Writes answers; those for a connection or request that is gone are counted and dropped.
  void answer(const http_answers& answers, int64_t now_ms, int64_t wall_ms);

  /// The process has no descriptor for another client: closes some that are idle. False: none is.
  bool free_descriptors(int64_t now_ms);

  /// All time-outs, in one walk.
  void tick(int64_t now_ms, int64_t wall_ms);

  /// Ends every connection after what is under way.
  void stop(int64_t now_ms, int64_t wall_ms);

  /// Requests since the last call, by class.
  batches take_batches() {
    has_batches_ = false;
    return std::exchange(batches_, {});
  }
  bool has_batches() const noexcept { return has_batches_; }

  /// From the next event of each connection on. Of connections past a smaller connections_max idle ones go when the
  /// next client comes; what is under way keeps the time that it was given.
  void set_limits(const http_limits& limits);

  /// Behind these any target is a scan's.
  void set_links(const std::vector<std::string>& prefixes) { links_ = http::link_prefixes(prefixes); }

  /// Of connections that are opened from now on.
  void set_proxies(http::trusted_proxies proxies) { proxies_ = std::move(proxies); }

  bool accepting() const noexcept { return !stopping_; }
  size_t open() const noexcept { return open_; }
  hot_cache& hot() noexcept { return hot_; }

private:
  connection* find(int fd);
  connection* find(const http_place& at);
  http_place place(int fd, const connection& c, uint32_t number) const;

  size_t parse(int fd, connection& c, std::string_view in, int64_t now_ms, int64_t wall_ms);
  void take(int fd, connection& c, http::request_parser& r, int64_t now_ms, int64_t wall_ms);
  std::optional<http::problem> wrong_with(const http::request_parser& r, const http::route& where) const;
  http::route route_of(const http::request_parser& r) const;
  bool refuse_before_body(connection& c, http::request_parser& r);
  void answer_options(connection& c, const http::request_parser& r, uint32_t number, const http::route& where);
  std::string client_of(const connection& c, const http::request_parser& r);
  bool serve_hot(connection& c, const http::request_parser& r, uint32_t number, int64_t wall_ms);
  void give_out(int fd, connection& c, http::request_parser& r, http::request_class cls, uint32_t number,
                int64_t now_ms);
  void refuse(connection& c, uint32_t number, const http::problem& what, std::string_view request_id, bool head,
              std::optional<http::request_class> cls);

  void emit(connection& c, uint32_t number, std::string_view answer, std::string_view extra_header, bool close,
            std::optional<http::request_class> cls);
  void append(connection& c, std::string_view answer, std::string_view extra_header, bool ends, bool says_close);
  void cut_after(connection& c, uint32_t number);
  void release(const pending_request& p) noexcept;

  void settle(int fd, connection& c, int64_t now_ms, int64_t wall_ms);
  void end(int fd, connection& c, int64_t now_ms);
  void check_times(int fd, connection& c, int64_t now_ms, int64_t wall_ms);
  bool full(const connection& c) const;
  void account(connection& c, int64_t now_ms);
  void halt(connection& c, bool stop, int64_t now_ms);
  void forget(int fd);
  std::string make_id();
  std::string id_of(const http::request_parser& r);

  // connection_room.cpp
  struct idle_place {
    int64_t since_ms = 0;
    int fd = -1;
    uint32_t serial = 0;
  };
  bool make_room(int64_t now_ms);
  bool may_go(const connection& c, int64_t now_ms) const;
  bool evict_one(int64_t now_ms);
  int longest_idle(int64_t now_ms);
  void turn_away(int fd, connection& c);
  void say_full(int fd, connection& c, std::string_view data, int64_t now_ms, int64_t wall_ms);

  const http::listener_kind kind_;
  http_limits limits_;
  http::parse_limits parse_limits_;
  http_counters& counters_;
  hot_cache hot_;
  http::link_prefixes links_;
  http::trusted_proxies proxies_;
  std::vector<std::unique_ptr<connection>> by_fd_;
  std::vector<int> touched_;
  batches batches_;
  bool has_batches_ = false, stopping_ = false;
  int64_t stop_by_ms_ = 0;
  size_t open_ = 0;
  uint64_t held_bytes_ = 0, next_id_ = 0;
  uint32_t next_serial_ = 0;
  std::vector<idle_place> idle_; ///< as of the last look, longest last; what became of one since is seen when it is due
  int64_t look_again_ms_ = 0;
  std::deque<idle_place> turned_away_line_; ///< in the order of their coming, perhaps gone
  size_t turned_away_ = 0;
  http::date_line date_;
  std::string id_prefix_;
};

} // namespace qrwell
