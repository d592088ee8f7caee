#pragma once

#include "actors/scan_server/scan_ask.hpp"
#include "actors/scan_server/scene_cache.hpp"
#include "messages/http.hpp"
#include "messages/scan.hpp"
#include "runtime/http/answer.hpp"
#include "runtime/ids/code_id.hpp"

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

namespace qrwell {

/// Contents of WeChat's check files, by host, path and name ("q.example.cn/abc.txt").
using check_files = std::map<std::string, std::string>;
using check_files_ptr = std::shared_ptr<const check_files>;

struct scan_server_config {
  size_t cache_entries_max = 1'000'000; ///< scenes; about 400 bytes each
  size_t waiting_max = 8'192;           ///< requests that wait for the store; past it 503
  uint32_t foreign_ids_per_s_max = 500; ///< look-ups of ids that no key of ours made; past it 503
  uint32_t store_timeout_ms = 1'500;
  uint32_t retry_after_s = 1;
  std::vector<std::string> link_prefixes; ///< of all pools, as they are printed
  std::function<check_files_ptr()> files; ///< WeChat's check files at present; absent: none
};

caf::error validate(const scan_server_config& cfg);

/// What a scan finds (promise P6): "unknown" only when the MAC is wrong under a key of ours, or when the store was
/// asked and has no such row; everything else that fails is a 503. One look-up per id, however many wait for it.
class scene_desk {
public:
  using sink_id = uint32_t; ///< a front end, numbered by the shell

  struct effects {
    std::map<sink_id, http_answers> answers;
    std::map<sink_id, hot_scenes> hot; ///< sent before the answers are
    scene_query ask;                   ///< for the store; empty: nothing to ask
    scans_seen seen;
  };

  scene_desk(scan_server_config cfg, std::shared_ptr<const mac_keys> keys)
      : cfg_(std::move(cfg))
      , keys_(std::move(keys))
      , cache_(cfg_.cache_entries_max)
      , links_(cfg_.link_prefixes) {}

  effects serve(sink_id sink, const http_batch& batch, int64_t mono_ms, int64_t wall_ms);
  effects resolved(const scene_query& asked, const scene_answer& answer, int64_t wall_ms);
  effects not_resolved(const scene_query& asked, const caf::error& why);
  void forget(const scenes_changed& changed);
  /// A wrong MAC under these key characters says nothing from now on: the store is asked.
  void ask_store_for(const std::string& key_chars);
  void set_cache_entries_max(size_t entries) { cache_.set_entries_max(entries); }

  struct counts {
    uint64_t scans = 0, hits = 0, looked_up = 0, unknown = 0, forged = 0, revoked = 0, expired = 0, refused = 0,
             failed = 0;
  };
  const counts& totals() const noexcept { return counts_; }
  size_t waiting() const noexcept { return waiting_; }
  size_t cached() const noexcept { return cache_.size(); }
  const std::string& store_problem() const noexcept { return store_problem_; }

private:
  struct waiter {
    sink_id sink = 0;
    http_place at;
    uint32_t launch = 0;
    scan_form form = scan_form::scene;
    bool head = false;
    std::string request_id;
  };
  struct under_way {
    std::vector<waiter> waiters;
    bool changed = false; ///< while it was looked up: what comes back may be old and is not kept
  };
  class writers;

  void answer(writers& out, effects& fx, const waiter& who, const scene& found, int64_t wall_ms, bool frequent);
  void refuse(writers& out, const waiter& who, ec code, std::string detail, uint32_t retry_after_s = 0);
  void show_landing(writers& out, const waiter& who, ec what);
  void show_file(writers& out, const waiter& who, const std::string& name);
  bool foreign_id_allowed(int64_t mono_ms);

  scan_server_config cfg_;
  std::shared_ptr<const mac_keys> keys_;
  scene_cache cache_;
  http::link_prefixes links_;
  std::unordered_map<std::string, under_way> looking_up_;
  size_t waiting_ = 0;
  double foreign_tokens_ = 0;
  int64_t foreign_at_ms_ = -1;
  std::string store_problem_;
  counts counts_;
};

} // namespace qrwell
