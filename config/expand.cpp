#include "config/expand.hpp"

#include "messages/errors.hpp"

#include <cstdlib>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace qrwell::config {
namespace {

constexpr size_t secret_file_bytes_max = 4'096;

caf::error wrong(std::string what) {
  return fail(ec::invalid_config, std::move(what));
}

bool is_variable(std::string_view name) {
  auto letter = [](char c) { return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_'; };
  auto digit = [](char c) { return c >= '0' && c <= '9'; };
  return !name.empty() && letter(name[0]) &&
         std::all_of(name.begin(), name.end(), [&](char c) { return letter(c) || digit(c); });
}

struct descriptor {
  int fd;
  ~descriptor() {
    if (fd >= 0) ::close(fd);
  }
};

} // namespace

caf::expected<std::string> expand(const std::string& text) {
  std::string out;
  for (size_t at = 0;;) {
    auto mark = text.find("${", at);
    out.append(text, at, mark == std::string::npos ? std::string::npos : mark - at);
    if (mark == std::string::npos) return out;
    at = mark + 2;
    if (out.ends_with('$')) {
      out.back() = '$';
      out += '{';
      continue;
    }
    auto end = text.find('}', at);
    if (end == std::string::npos) return wrong("${ without a closing }");
    auto name = text.substr(at, end - at);
    if (!is_variable(name)) return wrong("${...} names no environment variable");
    auto value = std::getenv(name.c_str());
    if (value == nullptr) return wrong(fmt::format("the environment variable {} is not set", name));
    out += value;
    at = end + 1;
  }
}

caf::expected<secret_from_file> read_secret_file(const std::string& path) {
  // Non-blocking, since opening a pipe would wait for its writer.
  descriptor file{::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)};
  if (file.fd < 0) return wrong(fmt::format("cannot read {}: {}", path, std::strerror(errno)));
  struct stat facts {};
  if (::fstat(file.fd, &facts) != 0 || !S_ISREG(facts.st_mode))
    return wrong(fmt::format("{} is no regular file", path));
  std::array<char, secret_file_bytes_max + 1> buffer;
  size_t size = 0;
  while (size < buffer.size()) {
    auto n = ::read(file.fd, buffer.data() + size, buffer.size() - size);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return wrong(fmt::format("cannot read {}: {}", path, std::strerror(errno)));
    if (n == 0) break;
    size += static_cast<size_t>(n);
  }
  if (size > secret_file_bytes_max)
    return wrong(fmt::format("{} is larger than {} bytes", path, secret_file_bytes_max));
  std::string_view text(buffer.data(), size);
  if (text.ends_with('\n')) text.remove_suffix(1);
  if (text.ends_with('\r')) text.remove_suffix(1);
  if (text.empty()) return wrong(fmt::format("{} is empty", path));
  secret_from_file out{secret(std::string(text)), {}};
  if ((facts.st_mode & S_IROTH) != 0)
    out.warning = fmt::format("every user of this machine can read {}; chmod o-r it", path);
  return out;
}

} // namespace qrwell::config
