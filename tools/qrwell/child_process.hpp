#pragma once

#include "messages/errors.hpp"

#include <string>
#include <vector>

namespace qrwell::cli {

/// A program that runs as long as this object, and is asked to end (SIGTERM) with it.
class child_process {
public:
  /// Starts it and waits, for at most `wait_ms`, for the first line on its standard output.
  static caf::expected<child_process> start(const std::vector<std::string>& command, int wait_ms);

  child_process(child_process&& other) noexcept;
  child_process& operator=(child_process&& other) noexcept;
  ~child_process();

  const std::string& first_line() const noexcept { return first_line_; }

private:
  child_process() = default;

  int pid_ = -1, out_ = -1;
  std::string first_line_;
};

/// The folder of the running program, with a slash at its end.
std::string own_folder();

} // namespace qrwell::cli
