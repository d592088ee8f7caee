#pragma once

#include "messages/quota.hpp"
#include "messages/store.hpp"
#include "messages/wechat.hpp"

#include <caf/error.hpp>

#include <variant>
#include <vector>

namespace qrwell::stocker {

// What the core wants done. `run` and `number` come back with the answer.

struct ask_grant {
  uint64_t run = 0;
  grant_request request;
};
struct say_sent {
  units_sent sent;
};
struct say_ended {
  unit_ended ended;
};
struct say_limit {
  limit_reported limit;
};
struct fetch {
  uint64_t run = 0;
  fetch_code request;
};
struct write_images {
  uint64_t run = 0;
  images_put images;
};
struct end_grant {
  uint64_t run = 0;
  grant_close close;
};
struct drop_images {
  images_drop images;
};
struct read_levels {
  uint64_t number = 0;
  levels_query query;
};
struct read_space {};
struct write_pause {
  uint64_t command = 0;
  pool_pause pause;
}; ///< command 0: the stocker's own
struct seal {
  lots_seal seal_;
};
struct age {
  age_out age_;
};
struct answer_live {
  uint64_t number = 0;
  live_codes codes;
  caf::error failure;
}; ///< failure none: codes
struct answer_command {
  uint64_t number = 0;
  pool_state state;
  caf::error failure;
};
struct publish {
  pool_state state;
};

using effect = std::variant<ask_grant, say_sent, say_ended, say_limit, fetch, write_images, end_grant, drop_images,
                            read_levels, read_space, write_pause, seal, age, answer_live, answer_command, publish>;
using effects = std::vector<effect>;

} // namespace qrwell::stocker
