#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>

namespace qrwell::sim {

/// A refused call, as POST /cgi-bin/openapi/rid/get shows it. Without tokens and secrets.
struct rid_entry {
  std::string rid;
  /// Empty if the call named no app of ours.
  std::string appid;
  int64_t at_us = 0;
  std::string url;
  std::string request_body;
  std::string response_body;
  std::string client_ip;
};

/// The last refused calls. WeChat keeps them for 7 days; here the oldest goes when there are too many.
class rid_log {
public:
  static constexpr std::size_t entries_max = 4096;
  static constexpr std::size_t body_bytes_max = 1024;
  static constexpr int64_t kept_us = 7LL * 86400 * 1'000'000;

  void add(rid_entry entry);
  void clear() { entries_.clear(); }
  const rid_entry* find(std::string_view rid) const;

private:
  std::deque<rid_entry> entries_;
};

/// True for `8hex-8hex-8hex`.
bool is_rid(std::string_view text);

} // namespace qrwell::sim
