#pragma once

#include "messages/secret.hpp"

#include <cstdint>
#include <string>
#include <vector>

// What a configuration file says, in plain fields. Only the option table (options.cpp) fills them: names, defaults,
// ranges and descriptions stand there and nowhere else, so `settings{}` is empty and `default_settings()` is not.

namespace qrwell {

/// A socket to listen on. Port 0: the kernel chooses.
struct endpoint {
  std::string host; ///< an IPv4 or IPv6 address without brackets, or "localhost"
  uint16_t port = 0;

  friend bool operator==(const endpoint&, const endpoint&) = default;
};

/// "HOST:PORT", with brackets around an IPv6 address.
std::string to_string(const endpoint& x);

/// Whether only this machine can reach it: 127.0.0.0/8, ::1 or localhost.
bool is_loopback(std::string_view host) noexcept;

struct rgb {
  uint8_t red = 0, green = 0, blue = 0;

  friend bool operator==(const rgb&, const rgb&) = default;
};

struct node_settings {
  std::string name, data_dir;
  std::vector<std::string> roles;
  endpoint caf_listen;
};

struct key_settings {
  std::string mac_file;
};

struct http_settings {
  endpoint listen, admin_listen;
  bool admin_public = false;
  std::string public_url; ///< without a slash at its end; never empty after loading
  std::vector<std::string> trusted_proxies;
  std::string forwarded_field;
};

struct app_settings {
  std::string name, appid;
  qrwell::secret secret;   ///< the AppSecret, however it was given; never empty after loading
  std::string secret_file; ///< where it came from, if from a file
  uint32_t per_minute = 0, live_reserve = 0;
};

struct stock_settings {
  uint64_t low = 0, high = 0, reserve = 0;
  uint64_t age_out_ms = 0;
};

struct pool_settings {
  std::string name, app, page, env_version;
  uint32_t width = 0;
  bool auto_color = false;
  rgb line_color;
  bool hyaline = false, check_path = false;
  stock_settings stock;
  std::string timezone;
  std::vector<std::string> windows, on_empty;
  std::vector<std::string> link_prefixes; ///< what stands before the id of a link code; the first for new ones
  std::string link_verify_dir;            ///< empty: none
};

struct wechat_settings {
  std::vector<std::string> hosts; ///< scheme://host[:port], without a slash at the end
  uint32_t call_timeout_ms = 0, inflight_max = 0;
};

struct store_settings {
  std::string sqlite;
};

struct image_settings {
  std::string dir;
  uint64_t min_free_bytes = 0;
  uint32_t keep_days = 0;
};

struct log_settings {
  std::string level, format;
};

struct limit_settings {
  uint32_t connections_max = 0, pipelined_max = 0;
  uint64_t header_bytes_max = 0, body_bytes_max = 0, batch_bytes_max = 0, unsent_bytes_max = 0;
  uint32_t idle_timeout_ms = 0, header_timeout_ms = 0, body_timeout_ms = 0;
  uint32_t request_deadline_ms = 0, live_deadline_ms = 0, batch_deadline_ms = 0;
  uint32_t batch_items_under_way_max = 0, batch_items_per_s_max = 0;
  uint32_t import_slice_max = 0, import_share_percent = 0, import_beside_percent = 0, jobs_open_max = 0,
           jobs_kept_max = 0;
  uint64_t import_bytes_max = 0, jobs_kept_for_ms = 0, job_files_kept_ms = 0;
  uint32_t persister_waiting_max = 0, group_max = 0, shelf_lots_max = 0;
  uint64_t path_bytes_max = 0, query_bytes_max = 0;
  uint32_t tags_max = 0;
  uint64_t tag_bytes_max = 0, image_bytes_max = 0, cache_entries_max = 0;
  uint32_t hot_scenes_max = 0, max_stale_ms = 0;
  uint64_t hot_bytes_max = 0;
  uint32_t db_timeout_ms = 0, scan_flush_ms = 0, scan_flush_max = 0, grants_open_max = 0, log_queue_lines = 0;
};

struct settings {
  node_settings node;
  key_settings keys;
  http_settings http;
  std::vector<app_settings> apps;
  std::vector<pool_settings> pools;
  wechat_settings wechat;
  store_settings store;
  image_settings images;
  log_settings log;
  limit_settings limits;
  std::string file;                  ///< where all of this was read from
  std::vector<std::string> warnings; ///< sentences for the operator, each with file and line

  const app_settings* app(std::string_view name) const noexcept;
  const pool_settings* pool(std::string_view name) const noexcept;
};

} // namespace qrwell
