#pragma once

#include "actors/scan_server/foreign_gate.hpp"
#include "actors/scan_server/scan_ask.hpp"
#include "actors/scan_server/scene_cache.hpp"
#include "messages/http.hpp"
#include "messages/scan.hpp"
#include "messages/transfer.hpp"
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
  foreign_gate_config foreign;          ///< look-ups of ids that no key of ours made; past it 503
  /// How old what is in memory may be, here and in the front ends together. Whoever changes a code has it forgotten at
  /// once; this is for what got lost on the way. From two thirds of it on, a scan has it read again while it is
  /// answered.
  uint32_t max_stale_ms = 30'000;
  uint32_t max_stale_away_ms = 3'600'000; ///< while the store does not answer, and nobody can change anything
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
      , links_(cfg_.link_prefixes)
      , foreign_(cfg_.foreign) {}

  effects serve(sink_id sink, const http_batch& batch, int64_t mono_ms, int64_t wall_ms);
  effects resolved(const scene_query& asked, const scene_answer& answer, int64_t wall_ms);
  effects not_resolved(const scene_query& asked, const caf::error& why, int64_t wall_ms);
  void forget(const scenes_changed& changed);
  /// A wrong MAC under these key characters says nothing from now on: the store is asked.
  void ask_store_for(const std::string& key_chars);
  /// No id is called forged until the store has told its keys: since they were read, an import may have brought more.
  void wait_for_keys() { keys_known_ = false; }
  void learn_keys(const foreign_keys& of_store);
  bool keys_known() const noexcept { return keys_known_; }
  void set_cache_entries_max(size_t entries) { cache_.set_entries_max(entries); }

  struct counts {
    uint64_t scans = 0, hits = 0, looked_up = 0, unknown = 0, forged = 0, revoked = 0, expired = 0, refused = 0,
             failed = 0, stale = 0;
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
    bool changed = false;     ///< while it was looked up: what comes back may be old and is not kept
    int64_t asked_ms = 0;     ///< steady
    bool foreign = false;     ///< no key of ours made it
    std::string foreign_peer; ///< who asked for such a one first
  };
  class writers;

  /// Until when a front end may keep what is shown, in steady milliseconds from now; 0: it may not.
  int64_t hot_for_ms(const scene_cache::hit& hit, int64_t mono_ms) const noexcept;
  void refresh(effects& fx, const std::string& id, int64_t mono_ms);
  void answer(writers& out, effects& fx, const waiter& who, const scene& found, int64_t wall_ms, int64_t hot_for_ms);
  void refuse(writers& out, const waiter& who, ec code, std::string detail, uint32_t retry_after_s = 0);
  void show_landing(writers& out, const waiter& who, ec what, uint32_t retry_after_s = 0);
  void show_file(writers& out, const waiter& who, const std::string& name);

  scan_server_config cfg_;
  std::shared_ptr<const mac_keys> keys_;
  bool keys_known_ = true;
  scene_cache cache_;
  http::link_prefixes links_;
  std::unordered_map<std::string, under_way> looking_up_;
  size_t waiting_ = 0;
  foreign_gate foreign_;
  std::string store_problem_;
  counts counts_;
};

} // namespace qrwell
