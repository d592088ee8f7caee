#pragma once

#include "messages/bind.hpp"
#include "messages/common.hpp"

namespace qrwell {

/// Asks a store reader what ids stand for.
struct scene_query {
  std::vector<std::string> ids;
  QRWELL_FIELDS(scene_query, ids)
};

/// What a scan needs of a row.
struct scene {
  std::string id;
  code_state state = code_state::stocked;
  uint32_t version = 0;
  std::string path, query; ///< query: JSON as it was sent
  int64_t expires_ms = 0;
  QRWELL_FIELDS(scene, id, state, version, path, query, expires_ms)
};

/// Those of the ids that have a row; an id that is missing here was asked and is unknown. `now_ms` is the store's time.
struct scene_answer {
  std::vector<scene> scenes;
  int64_t now_ms = 0;
  QRWELL_FIELDS(scene_answer, scenes, now_ms)
};

/// A ready answer that a front end may keep for this scene.
struct hot_scene {
  std::string id, answer; ///< answer: status line, headers and body of a 200
  uint32_t version = 0;
  int64_t expires_ms = 0;
  QRWELL_FIELDS(hot_scene, id, answer, version, expires_ms)
};

/// Sent by the scan server along with its answers.
struct hot_scenes {
  std::vector<hot_scene> scenes;
  QRWELL_FIELDS(hot_scenes, scenes)
};

/// These ids changed: whoever caches them forgets them.
struct scenes_changed {
  std::vector<std::string> ids;
  QRWELL_FIELDS(scenes_changed, ids)
};

/// First characters of ids that imported codes share with ours: a wrong MAC says nothing about these any more.
struct foreign_ids {
  std::string key_chars;
  QRWELL_FIELDS(foreign_ids, key_chars)
};

/// `count` scans of one id with one launch scene (WeChat's scene value, e.g. 1047; 0: not told).
struct scan_count {
  std::string id;
  uint32_t launch = 0;
  uint64_t count = 0;
  QRWELL_FIELDS(scan_count, id, launch, count)
};

/// To the recorder, and from it to the store.
struct scans_seen {
  std::vector<scan_count> scans;
  QRWELL_FIELDS(scans_seen, scans)
};

} // namespace qrwell
