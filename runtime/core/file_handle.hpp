#pragma once

#include <unistd.h>

namespace qrwell {

/// Closes a descriptor. A negative one is none.
class file_handle {
public:
  explicit file_handle(int fd)
      : fd_(fd) {}
  ~file_handle() {
    if (fd_ >= 0) ::close(fd_);
  }
  file_handle(const file_handle&) = delete;
  file_handle& operator=(const file_handle&) = delete;

  int get() const noexcept { return fd_; }
  explicit operator bool() const noexcept { return fd_ >= 0; }

private:
  int fd_;
};

} // namespace qrwell
