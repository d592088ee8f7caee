#pragma once

#include <filesystem>
#include <string>
#include <system_error>
#include <unistd.h>

namespace qrwell::test {

/// A folder of its own under the system's temporary folder, gone with the object.
class temp_dir {
public:
  temp_dir() {
    auto pattern = (std::filesystem::temp_directory_path() / "qrwell-test-XXXXXX").string();
    path_ = ::mkdtemp(pattern.data());
  }
  ~temp_dir() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  temp_dir(const temp_dir&) = delete;
  temp_dir& operator=(const temp_dir&) = delete;

  std::string operator/(const std::string& name) const { return path_ + "/" + name; }
  const std::string& path() const noexcept { return path_; }

private:
  std::string path_;
};

} // namespace qrwell::test
