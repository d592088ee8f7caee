#include "actors/http_frontend/http_socket.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace qrwell {

namespace net = caf::io::network;

namespace {

constexpr size_t read_bytes = 8 * 1024, kept_bytes = 16 * 1024, sent_before_compaction = 64 * 1024;
// What one answer may take of the thread that serves all connections before another has its turn.
constexpr size_t sent_per_turn = 16 * 1024;
constexpr int accepts_per_event = 16;

std::string text_of(const sockaddr_storage& address) {
  char text[INET6_ADDRSTRLEN] = "";
  if (address.ss_family == AF_INET)
    ::inet_ntop(AF_INET, &reinterpret_cast<const sockaddr_in&>(address).sin_addr, text, sizeof text);
  else
    ::inet_ntop(AF_INET6, &reinterpret_cast<const sockaddr_in6&>(address).sin6_addr, text, sizeof text);
  return text;
}

bool would_block() {
  return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR;
}

} // namespace

// -- connections
// -------------------------------------------------------------------------------------------------------------------------------

http_socket::http_socket(net::default_multiplexer& mpx, int fd, std::shared_ptr<std::vector<char>> read_buffer)
    : scribe(net::conn_hdl_from_socket(fd))
    , handler_(mpx, fd, *this)
    , read_buffer_(std::move(read_buffer)) {}

http_socket::~http_socket() = default;

bool http_socket::has_unread() const {
  int waiting = 0;
  return ::ioctl(handler_.fd(), FIONREAD, &waiting) == 0 && waiting > 0;
}

void http_socket::reading(bool on) {
  if (on == reading_) return;
  reading_ = on;
  if (on) {
    reading_ref_ = this;
    handler_.backend().add(operation::read, fd(), &handler_);
    return;
  }
  handler_.backend().del(operation::read, fd(), &handler_);
  // An addition of this very round was taken back with it: nobody will call on_removed.
  if ((handler_.eventbf() & net::input_mask) == 0) auto guard = std::move(reading_ref_);
}

void http_socket::writing(bool on) {
  if (on == writing_) return;
  writing_ = on;
  if (on) {
    writing_ref_ = this;
    handler_.backend().add(operation::write, fd(), &handler_);
    return;
  }
  handler_.backend().del(operation::write, fd(), &handler_);
  if ((handler_.eventbf() & net::output_mask) == 0) auto guard = std::move(writing_ref_);
}

void http_socket::on_removed(operation op) {
  auto guard = std::move(op == operation::read ? reading_ref_ : writing_ref_); // may be the last
}

void http_socket::on_event(operation op) {
  self_ptr guard(this);
  if (detached()) { // closed by an earlier event of this round
    reading(false);
    return writing(false);
  }
  switch (op) {
  case operation::read:
    return receive();
  case operation::write:
    return send_more();
  case operation::propagate_error:
    return failed(operation::read);
  }
}

void http_socket::receive() {
  if (!reading_) return;
  auto& buffer = *read_buffer_;
  buffer.resize(read_bytes);
  auto n = ::recv(fd(), buffer.data(), buffer.size(), MSG_DONTWAIT);
  if (n > 0)
    consume(&handler_.backend(), buffer.data(), static_cast<size_t>(n));
  else if (n == 0)
    end_of_data();
  else if (!would_block())
    failed(operation::read);
}

void http_socket::end_of_data() {
  reading(false);
  caf::mailbox_element_vals<caf::io::connection_passivated_msg> news{caf::strong_actor_ptr{}, caf::make_message_id(),
                                                                     caf::mailbox_element::forwarding_stack{},
                                                                     caf::io::connection_passivated_msg{hdl()}};
  invoke_mailbox_element_impl(&handler_.backend(), news);
}

void http_socket::failed(operation op) {
  writing(false);
  out_.clear();
  sent_ = 0;
  io_failure(&handler_.backend(), op); // the broker hears connection_closed_msg
}

void http_socket::flush() {
  if (writing_ || broken_ || unsent() == 0) return;
  auto n = ::send(fd(), out_.data() + sent_, std::min(unsent(), sent_per_turn), MSG_NOSIGNAL | MSG_DONTWAIT);
  if (n < 0 && !would_block()) {
    // Told by the multiplexer, as an event of its own: here the broker is in the middle of a handler.
    broken_ = true;
    out_.clear();
    sent_ = 0;
    return writing(true);
  }
  if (n > 0) sent_ += static_cast<size_t>(n);
  if (unsent() == 0)
    shrink();
  else
    writing(true);
}

void http_socket::send_more() {
  if (broken_) return failed(operation::write);
  if (!writing_) return;
  auto n = ::send(fd(), out_.data() + sent_, std::min(unsent(), sent_per_turn), MSG_NOSIGNAL | MSG_DONTWAIT);
  if (n < 0) {
    if (!would_block()) failed(operation::write);
    return;
  }
  sent_ += static_cast<size_t>(n);
  if (unsent() == 0) {
    shrink();
    writing(false);
  } else if (sent_ > sent_before_compaction) {
    out_.erase(out_.begin(), out_.begin() + static_cast<ptrdiff_t>(sent_));
    sent_ = 0;
  }
  data_transferred(&handler_.backend(), static_cast<size_t>(n), unsent());
}

void http_socket::shrink() {
  out_.clear();
  sent_ = 0;
  if (out_.capacity() > kept_bytes) std::vector<char>().swap(out_);
}

void http_socket::finish() {
  ::shutdown(fd(), SHUT_WR);
}

void http_socket::close() {
  self_ptr guard(this);
  writing(false);
  out_.clear();
  sent_ = 0;
  reading(false);
  detach(&handler_.backend(), false);
}

void http_socket::abort() {
  linger reset{1, 0}; // what the kernel holds for a peer that takes nothing goes with it
  ::setsockopt(fd(), SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
  close();
}

// -- the listening socket
// ----------------------------------------------------------------------------------------------------------------------

http_doorman::http_doorman(net::default_multiplexer& mpx, int fd, std::shared_ptr<accepted> news)
    : doorman(net::accept_hdl_from_socket(fd))
    , handler_(mpx, fd, *this)
    , news_(std::move(news))
    , read_buffer_(std::make_shared<std::vector<char>>()) {}

void http_doorman::accepting(bool on) {
  if (on == accepting_) return;
  accepting_ = on;
  if (on) {
    ref_ = this;
    handler_.backend().add(operation::read, handler_.fd(), &handler_);
    return;
  }
  handler_.backend().del(operation::read, handler_.fd(), &handler_);
  if ((handler_.eventbf() & net::input_mask) == 0) auto guard = std::move(ref_);
}

void http_doorman::on_event(operation) {
  caf::intrusive_ptr<http_doorman> guard(this);
  for (int i = 0; i < accepts_per_event && accepting_ && !detached(); ++i) {
    sockaddr_storage address{};
    socklen_t length = sizeof address;
    fresh_ = ::accept4(handler_.fd(), reinterpret_cast<sockaddr*>(&address), &length, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fresh_ < 0) {
      if (errno == ECONNABORTED || errno == EINTR) continue;
      if (!would_block()) stand_still(); // no descriptors or memory
      return;
    }
    news_->peer = text_of(address);
    new_connection();
  }
}

// Until the broker says otherwise, which it does at its next tick at the latest.
void http_doorman::stand_still() {
  accepting(false);
  caf::mailbox_element_vals<caf::io::acceptor_passivated_msg> news{caf::strong_actor_ptr{}, caf::make_message_id(),
                                                                   caf::mailbox_element::forwarding_stack{},
                                                                   caf::io::acceptor_passivated_msg{hdl()}};
  invoke_mailbox_element_impl(&handler_.backend(), news);
}

bool http_doorman::new_connection() {
  auto socket = caf::make_counted<http_socket>(handler_.backend(), fresh_, read_buffer_);
  news_->socket = socket.get();
  auto handle = socket->hdl();
  parent()->add_scribe(std::move(socket));
  return doorman::new_connection(&handler_.backend(), handle);
}

void http_doorman::graceful_shutdown() {
  caf::intrusive_ptr<http_doorman> guard(this);
  accepting(false);
  detach(&handler_.backend(), false);
}

} // namespace qrwell
