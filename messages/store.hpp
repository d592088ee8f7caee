#pragma once

#include "messages/bind.hpp"
#include "messages/common.hpp"
#include "messages/scan.hpp"

namespace qrwell {

// -- what the code_store answers beside the messages of binding, quota, stock and scan
// ---------------------------------------------------------

struct store_identity {
  uint32_t schema = 0;
  std::string store_uuid, cluster_name;
  uint64_t commit_seq = 0;
  std::string restored_from; ///< not empty: a marked copy
  QRWELL_FIELDS(store_identity, schema, store_uuid, cluster_name, commit_seq, restored_from)
};

/// Asks a reader for the store's identity and how far it has come.
struct identity_query {
  QRWELL_NO_FIELDS(identity_query)
};

/// Everything known of one code: `GET /v1/codes/{id}`.
struct code_query {
  std::string id;
  QRWELL_FIELDS(code_query, id)
};

struct history_entry {
  uint32_t version = 0;
  std::string op; ///< bind, retarget, extend, tag, revoke or void
  int64_t at_ms = 0;
  std::string actor, request_id, doc;
  QRWELL_FIELDS(history_entry, version, op, at_ms, actor, request_id, doc)
};

struct code_record {
  bool found = false;
  code_view code;
  std::vector<history_entry> history;
  std::vector<scan_count> scans; ///< totals by launch scene
  int64_t now_ms = 0;
  QRWELL_FIELDS(code_record, found, code, history, scans, now_ms)
};

// -- keys
// ------------------------------------------------------------------------------------------------------------------------------------

enum class key_priority : uint8_t { bulk = 0, normal = 1, core = 2 };

constexpr uint8_t scope_issue = 1, scope_read = 2, scope_admin = 4;

struct api_key {
  uint32_t key_id = 0;
  std::string name, owner;
  digest hash{}; ///< SHA-256 of the whole key
  uint8_t scopes = 0;
  std::vector<std::string> pools;         ///< empty: all
  std::vector<std::string> path_prefixes; ///< empty: all
  double rate_per_s = 0;                  ///< 0: no limit
  uint64_t daily_codes = 0;               ///< 0: no limit
  key_priority priority = key_priority::normal;
  int64_t created_ms = 0, expires_ms = 0, disabled_ms = 0, last_used_ms = 0;
  digest former_hash{};        ///< of the key before the last rotation, good until:
  int64_t former_until_ms = 0; ///< 0: there is none
  uint64_t codes_today = 0;    ///< since midnight UTC
  QRWELL_FIELDS(api_key, key_id, name, owner, hash, scopes, pools, path_prefixes, rate_per_s, daily_codes, priority,
                created_ms, expires_ms, disabled_ms, last_used_ms, former_hash, former_until_ms, codes_today)
};

struct keys_query {
  QRWELL_NO_FIELDS(keys_query)
};

struct keys_snapshot {
  std::vector<api_key> keys;
  int64_t now_ms = 0;
  QRWELL_FIELDS(keys_snapshot, keys, now_ms)
};

/// Adds a key; error conflict when a key of that name is there.
struct key_add {
  api_key key;
  std::string actor;
  QRWELL_FIELDS(key_add, key, actor)
};

/// Disables a key; error not_found.
struct key_revoke {
  std::string name, actor;
  QRWELL_FIELDS(key_revoke, name, actor)
};

/// Gives a key another secret; the one before stays good for a while. Errors not_found, and conflict for a key that is
/// revoked or expired.
struct key_rotate {
  std::string name;
  digest hash{};
  uint32_t overlap_s = 0;
  std::string actor;
  QRWELL_FIELDS(key_rotate, name, hash, overlap_s, actor)
};

/// These keys were used; written at most once an hour per key.
struct keys_used {
  std::vector<uint32_t> key_ids;
  QRWELL_FIELDS(keys_used, key_ids)
};

// -- pools and generations
// ---------------------------------------------------------------------------------------------------------------------

struct pool_pause {
  std::string pool;
  bool paused = true;
  std::string reason, actor;
  QRWELL_FIELDS(pool_pause, pool, paused, reason, actor)
};

struct levels_query {
  std::string pool;
  QRWELL_FIELDS(levels_query, pool)
};

struct stock_levels {
  std::vector<stock_level> levels;
  std::vector<generation_row> generations; ///< of the pool
  pool_row pool;
  QRWELL_FIELDS(stock_levels, levels, generations, pool)
};

/// Ageing: makes at most `codes_max` stocked codes of a generation dead ("aged_out"), whole lots first made void.
struct age_out {
  uint32_t gen_id = 0;
  uint32_t codes_max = 1'000;
  QRWELL_FIELDS(age_out, gen_id, codes_max)
};

/// Makes filling lots that nobody fills any more ready (`older_than_ms` since they were begun).
struct lots_seal {
  uint32_t gen_id = 0;
  uint32_t older_than_for_ms = 5'000;
  QRWELL_FIELDS(lots_seal, gen_id, older_than_for_ms)
};

/// Gives back what an incarnation holds.
struct lots_give_back {
  std::string holder;
  QRWELL_FIELDS(lots_give_back, holder)
};

struct affected {
  uint64_t count = 0;
  std::vector<std::string> ids; ///< where the caller has to do something about each, e.g. delete its image
  QRWELL_FIELDS(affected, count, ids)
};

/// Deletes what is past its time: idempotency keys after 7 days, dead rows after 30 (counted in `purged`). Bounded per
/// call.
struct store_purge {
  uint32_t rows_max = 1'000;
  QRWELL_FIELDS(store_purge, rows_max)
};

// -- verify
// --------------------------------------------------------------------------------------------------------------------------------------

struct verify_query {
  QRWELL_NO_FIELDS(verify_query)
};

struct verify_finding {
  std::string promise, check; ///< promise: "P1".. or "store"
  bool ok = true;
  std::string detail;
  uint64_t examined = 0;
  QRWELL_FIELDS(verify_finding, promise, check, ok, detail, examined)
};

struct verify_report {
  std::vector<verify_finding> findings;
  QRWELL_FIELDS(verify_report, findings)
};

// -- images
// --------------------------------------------------------------------------------------------------------------------------------------

struct image_file {
  std::string id, format;
  bytes data;
  QRWELL_FIELDS(image_file, id, format, data)
};

/// Writes all of them and answers when every byte and name is synced.
struct images_put {
  std::vector<image_file> images;
  QRWELL_FIELDS(images_put, images)
};

struct image_get {
  std::string id, format;
  QRWELL_FIELDS(image_get, id, format)
};

/// `found` false: the store that knows was asked and it is not there.
struct image_data {
  bool found = false;
  bytes data;
  QRWELL_FIELDS(image_data, found, data)
};

struct images_drop {
  std::vector<std::string> ids;
  QRWELL_FIELDS(images_drop, ids)
};

struct space_query {
  QRWELL_NO_FIELDS(space_query)
};

struct free_space {
  uint64_t free_bytes = 0;
  QRWELL_FIELDS(free_space, free_bytes)
};

} // namespace qrwell
