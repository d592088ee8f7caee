#pragma once

#include "tests/support/hooked_store_writer.hpp"

namespace qrwell::test {

struct store_reader_hooks {
  hook<scene_query, scene_answer> find_scenes;
  hook<code_query, code_record> find_code;
  hook<keys_query, keys_snapshot> keys;
  hook<levels_query, stock_levels> levels;
  hook<identity_query, store_identity> identity;
  hook<mac_keys_query, foreign_keys> mac_keys;
  hook<bind_recall, bind_group_result> recall;
  hook<code_list, code_page> list;
  hook<stats_query, stats_rows> stats;
  hook<audit_query, audit_entries> audit;
  hook<jobs_query, jobs_found> jobs;
  hook<verify_query, verify_report> verify;
};

inline store_reader_actor::behavior_type hooked_store_reader(store_reader_actor::pointer self,
                                                             std::shared_ptr<store_reader_hooks> h) {
  return {
      [=](scene_query& x) { return answer_by<scene_answer>(self, h->find_scenes, x); },
      [=](code_query& x) { return answer_by<code_record>(self, h->find_code, x); },
      [=](keys_query& x) { return answer_by<keys_snapshot>(self, h->keys, x); },
      [=](levels_query& x) { return answer_by<stock_levels>(self, h->levels, x); },
      [=](identity_query& x) { return answer_by<store_identity>(self, h->identity, x); },
      [=](mac_keys_query& x) { return answer_by<foreign_keys>(self, h->mac_keys, x); },
      [=](bind_recall& x) { return answer_by<bind_group_result>(self, h->recall, x); },
      [=](code_list& x) { return answer_by<code_page>(self, h->list, x); },
      [=](stats_query& x) { return answer_by<stats_rows>(self, h->stats, x); },
      [=](audit_query& x) { return answer_by<audit_entries>(self, h->audit, x); },
      [=](jobs_query& x) { return answer_by<jobs_found>(self, h->jobs, x); },
      [=](verify_query& x) { return answer_by<verify_report>(self, h->verify, x); },
      [](tick) {},
      [](status_query) {
        return actor_status{"hooked_store_reader", "", "", "{}"};
      },
  };
}

struct image_worker_hooks {
  hook<images_put, done> put;
  hook<image_get, image_data> get;
  hook<images_drop, done> drop;
  hook<space_query, free_space> space;
};

inline image_worker_actor::behavior_type hooked_image_worker(image_worker_actor::pointer self,
                                                             std::shared_ptr<image_worker_hooks> h) {
  return {
      [=](images_put& x) { return answer_by<done>(self, h->put, x); },
      [=](image_get& x) { return answer_by<image_data>(self, h->get, x); },
      [=](images_drop& x) { return answer_by<done>(self, h->drop, x); },
      [=](space_query& x) { return answer_by<free_space>(self, h->space, x); },
      [](tick) {},
      [](status_query) {
        return actor_status{"hooked_image_worker", "", "", "{}"};
      },
  };
}

struct pool_stocker_hooks {
  hook<pool_query, pool_state> state;
  hook<pool_command, pool_state> command;
  hook<live_request, live_codes> live;
  std::vector<shelf_report> reports;
};

inline pool_stocker_actor::behavior_type hooked_pool_stocker(pool_stocker_actor::pointer self,
                                                             std::shared_ptr<pool_stocker_hooks> h) {
  return {
      [=](pool_query& x) { return answer_by<pool_state>(self, h->state, x); },
      [=](pool_command& x) { return answer_by<pool_state>(self, h->command, x); },
      [=](live_request& x) { return answer_by<live_codes>(self, h->live, x); },
      [=](const shelf_report& x) { h->reports.push_back(x); },
      [](tick) {},
      [](status_query) {
        return actor_status{"hooked_pool_stocker", "", "", "{}"};
      },
  };
}

} // namespace qrwell::test
