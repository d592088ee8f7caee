#pragma once

#include "runtime/logging/log.hpp"
#include "tests/support/temp_dir.hpp"

#include <boost/json.hpp>
#include <boost/test/unit_test.hpp>

#include <fcntl.h>
#include <fstream>
#include <string>
#include <unistd.h>
#include <vector>

namespace qrwell::test {

/// Runs the log for one test, into a file. One at a time; needs qrwell_runtime_logging.
class heard_log {
public:
  explicit heard_log(log::level least = log::level::info) {
    log::log_config config;
    config.descriptor = fd_;
    config.least = least;
    BOOST_REQUIRE(!log::start(config));
  }
  ~heard_log() {
    log::stop();
    ::close(fd_);
  }
  heard_log(const heard_log&) = delete;
  heard_log& operator=(const heard_log&) = delete;

  /// Ends the log: all its lines.
  std::vector<boost::json::object> lines() {
    log::stop();
    std::vector<boost::json::object> out;
    std::ifstream in(path_);
    for (std::string line; std::getline(in, line);) out.push_back(boost::json::parse(line).as_object());
    return out;
  }

private:
  temp_dir dir_;
  std::string path_ = dir_ / "log";
  int fd_ = ::open(path_.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
};

} // namespace qrwell::test
