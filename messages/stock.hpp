#pragma once

#include "messages/common.hpp"

namespace qrwell {

/// What decides how a code looks and where it lands; a change of any field is a new generation.
struct code_spec {
  std::string app;                     ///< name of the app
  std::string page;                    ///< the middle page, e.g. pages/qr/index
  std::string env_version = "release"; ///< release, trial or develop
  uint32_t width = 430;                ///< 280 to 1280 pixels
  bool auto_color = false;
  uint8_t red = 0, green = 0, blue = 0;
  bool hyaline = false; ///< transparent background, PNG
  bool check_path = true;
  QRWELL_FIELDS(code_spec, app, page, env_version, width, auto_color, red, green, blue, hyaline, check_path)
};

enum class generation_state : uint8_t { current = 1, ageing = 2, dead = 3 };

struct generation_row {
  uint32_t gen_id = 0;
  std::string pool;
  uint32_t app_id = 0;
  std::string spec; ///< JCS form of a code_spec
  digest spec_hash{};
  generation_state state = generation_state::current;
  int64_t created_ms = 0;
  QRWELL_FIELDS(generation_row, gen_id, pool, app_id, spec, spec_hash, state, created_ms)
};

struct pool_row {
  std::string pool;
  uint32_t gen_id = 0;
  bool paused = false;
  std::string pause_reason;
  uint64_t version = 0;
  int64_t updated_ms = 0; ///< when gen_id became the current one
  QRWELL_FIELDS(pool_row, pool, gen_id, paused, pause_reason, version, updated_ms)
};

/// Stock of a generation as the store knows it, summed over its lots.
struct stock_level {
  uint32_t gen_id = 0;
  uint64_t ready_lots = 0, ready_codes = 0;
  uint64_t filling_codes = 0;
  uint64_t held_codes = 0; ///< as many as the held lots had when they were claimed
  uint64_t dead_codes = 0; ///< in the ledger: images that were bad or never came
  QRWELL_FIELDS(stock_level, gen_id, ready_lots, ready_codes, filling_codes, held_codes, dead_codes)
};

/// INTERNAL of a stock write: one image that is safe on disk.
struct stocked_code {
  std::string id;
  std::string image_format; ///< "jpeg" or "png"
  uint32_t image_bytes = 0;
  digest image_sha{};
  int64_t fetched_ms = 0;
  QRWELL_FIELDS(stocked_code, id, image_format, image_bytes, image_sha, fetched_ms)
};

/// A code that cost quota and has no image. `reason` is one of the words in docs/architecture.md, e.g. "wechat_-1",
/// "truncated", "lost".
struct dead_code {
  std::string id, reason;
  QRWELL_FIELDS(dead_code, id, reason)
};

/// Codes of a lot that this node has claimed and whose rows were `stocked` when it was read.
struct claimed_lot {
  uint64_t lot_no = 0;
  uint32_t gen_id = 0;
  std::vector<std::string> ids;
  QRWELL_FIELDS(claimed_lot, lot_no, gen_id, ids)
};

/// Stock of a look that a pool had before: kept for a while, in case the change is taken back.
struct former_stock {
  uint32_t gen_id = 0;
  uint64_t codes = 0;
  int64_t kept_until_ms = 0; ///< then its codes become dead
  std::string spec;          ///< JCS of the generation
  QRWELL_FIELDS(former_stock, gen_id, codes, kept_until_ms, spec)
};

/// What a pool is doing, for operators and for the request server. Sent by the stocker whenever it changes, and every
/// second.
struct pool_state {
  std::string pool, app;
  uint32_t gen_id = 0;
  uint64_t level = 0; ///< codes in stock: ready, filling and on shelves
  uint64_t low = 0, high = 0, reserve = 0;
  double per_minute = 0;    ///< codes stocked in the last 60 s
  double minutes_left = -1; ///< at the present demand, if no more codes came; -1: no demand is known
  std::string outlook;      ///< the same in words, or what is known of the demand
  std::string plan;         ///< one sentence: what it does now and why
  bool paused = false;
  std::string pause_reason;
  uint64_t dead = 0;
  uint32_t retry_after_s = 1; ///< honest answer to "when is it worth to ask again" if nothing is left
  bool live_allowed = false;  ///< rung 1 of the ladder is configured and this node can do it
  bool link_allowed = false;  ///< rung 2 of the ladder is configured: an empty pool still gives codes
  std::string spec;           ///< JCS of the current generation
  std::vector<former_stock> former;
  QRWELL_FIELDS(pool_state, pool, app, gen_id, level, low, high, reserve, per_minute, minutes_left, outlook, plan,
                paused, pause_reason, dead, retry_after_s, live_allowed, link_allowed, spec, former)
};

enum class pool_verb : uint8_t { pause, resume, fill };

/// An operator's command to a pool. `count` (fill): codes to make now, beside the plan; 0: up to `high`.
struct pool_command {
  std::string pool;
  pool_verb verb = pool_verb::pause;
  std::string reason, actor;
  uint64_t count = 0;
  QRWELL_FIELDS(pool_command, pool, verb, reason, actor, count)
};

/// Asks a stocker for its pool_state.
struct pool_query {
  QRWELL_NO_FIELDS(pool_query)
};

/// What the node's shelf holds and what left it; sent to the stocker every second.
struct shelf_report {
  std::string pool;
  uint64_t codes = 0;
  uint64_t issued = 0; ///< since the report before
  QRWELL_FIELDS(shelf_report, pool, codes, issued)
};

/// Rung 1: fetch `count` codes from WeChat now, inside the app's live reserve.
struct live_request {
  std::string pool;
  uint32_t count = 1, remaining_ms = 0;
  QRWELL_FIELDS(live_request, pool, count, remaining_ms)
};

/// Codes that landed as stock in a lot that the asking node already holds.
struct live_codes {
  std::string pool;
  std::vector<claimed_lot> lots;
  QRWELL_FIELDS(live_codes, pool, lots)
};

} // namespace qrwell
