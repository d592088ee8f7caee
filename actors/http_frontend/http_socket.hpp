#pragma once

#include "actors/http_frontend/connection.hpp"

#include <caf/io/all.hpp>
#include <caf/io/network/default_multiplexer.hpp>
#include <caf/io/network/event_handler.hpp>

#include <memory>
#include <string>
#include <vector>

namespace qrwell {

/// One connection's socket in CAF's multiplexer. In place of CAF's own scribe because that one
/// - answers by epoll_ctl, epoll_wait, send, epoll_ctl, where one send does,
/// - keeps a read buffer and two write buffers per connection at their largest size (here all sockets of a listener
/// share one read buffer),
/// - closes when the peer has only ended its own direction, though it still waits for answers,
/// - loses the connection when reading is stopped and started again in one round.
/// Everything runs in the multiplexer's thread. The peer's end of data reaches the broker as connection_passivated_msg.
class http_socket final : public caf::io::scribe, public connection_port {
public:
  http_socket(caf::io::network::default_multiplexer& mpx, int fd, std::shared_ptr<std::vector<char>> read_buffer);
  ~http_socket() override;

  int fd() const { return handler_.fd(); }

  // -- connection_port
  std::vector<char>& out() override { return out_; }
  void flush() override;
  size_t unsent() const override { return out_.size() - sent_; }
  bool has_unread() const override;
  void reading(bool on) override;
  void finish() override;
  void close() override;
  void abort() override;

  // -- scribe
  void configure_read(caf::io::receive_policy::config) override { reading(true); }
  void ack_writes(bool) override {}
  std::vector<char>& wr_buf() override { return out_; }
  std::vector<char>& rd_buf() override { return *read_buffer_; }
  void graceful_shutdown() override { close(); }
  std::string addr() const override { return {}; }
  uint16_t port() const override { return 0; }
  void add_to_loop() override { reading(true); }
  void remove_from_loop() override { reading(false); }

private:
  using operation = caf::io::network::operation;
  using self_ptr = caf::intrusive_ptr<http_socket>;

  struct handler final : caf::io::network::event_handler {
    handler(caf::io::network::default_multiplexer& mpx, int fd, http_socket& o)
        : event_handler(mpx, fd)
        , owner(o) {}
    void handle_event(operation op) override { owner.on_event(op); }
    void removed_from_loop(operation op) override { owner.on_removed(op); }
    void graceful_shutdown() override { owner.close(); }
    http_socket& owner;
  };

  void on_event(operation op);
  void on_removed(operation op);
  void receive();
  void send_more();
  void writing(bool on);
  void end_of_data();
  void failed(operation op);
  void shrink();

  handler handler_;
  std::shared_ptr<std::vector<char>> read_buffer_;
  std::vector<char> out_;
  size_t sent_ = 0;
  bool reading_ = false, writing_ = false, broken_ = false;
  // The multiplexer knows the handler by its address: as long as it does, the socket must not go.
  self_ptr reading_ref_, writing_ref_;
};

/// A connection that was just accepted, for the broker that handles new_connection_msg.
struct accepted {
  http_socket* socket = nullptr;
  std::string peer; ///< address without port
};

/// The listening socket. Stands still, instead of spinning, while the process has no descriptor left for another
/// connection; the broker hears of it as acceptor_passivated_msg.
class http_doorman final : public caf::io::doorman {
public:
  http_doorman(caf::io::network::default_multiplexer& mpx, int fd, std::shared_ptr<accepted> news);

  /// Whether to accept; also ends a standstill.
  void accepting(bool on);

  void launch() override { accepting(true); }
  bool new_connection() override;
  void graceful_shutdown() override;
  std::string addr() const override { return {}; }
  uint16_t port() const override { return 0; }
  void add_to_loop() override { accepting(true); }
  void remove_from_loop() override { accepting(false); }

private:
  using operation = caf::io::network::operation;

  struct handler final : caf::io::network::event_handler {
    handler(caf::io::network::default_multiplexer& mpx, int fd, http_doorman& o)
        : event_handler(mpx, fd)
        , owner(o) {}
    void handle_event(operation op) override { owner.on_event(op); }
    void removed_from_loop(operation) override { auto guard = std::move(owner.ref_); }
    void graceful_shutdown() override { owner.graceful_shutdown(); }
    http_doorman& owner;
  };

  void on_event(operation op);
  void stand_still();

  handler handler_;
  std::shared_ptr<accepted> news_;
  std::shared_ptr<std::vector<char>> read_buffer_;
  int fresh_ = -1;
  bool accepting_ = false;
  caf::intrusive_ptr<http_doorman> ref_;
};

} // namespace qrwell
