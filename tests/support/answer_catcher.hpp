#pragma once

#include "messages/interfaces.hpp"

#include <caf/all.hpp>

#include <memory>
#include <string>
#include <vector>

namespace qrwell::test {

/// What a front end would have written.
struct caught {
  std::string written;
  size_t answers = 0;
  std::vector<std::string> forgotten; ///< ids

  bool says(std::string_view what) const { return written.find(what) != std::string::npos; }
  void clear() { *this = {}; }
};

inline answer_sink::behavior_type answer_catcher(answer_sink::pointer, std::shared_ptr<caught> to) {
  return {
      [=](const http_answers& answers) {
        to->written += answers.arena;
        to->answers += answers.answers.size();
      },
      [](const hot_scenes&) {},
      [=](const scenes_changed& changed) {
        to->forgotten.insert(to->forgotten.end(), changed.ids.begin(), changed.ids.end());
      },
  };
}

/// Sends a request to a service as a front end would: the answers go to `front`.
template <class Service>
void send_request(const Service& service, const answer_sink& front, http_request request) {
  caf::actor_cast<caf::abstract_actor*>(service)->enqueue(
      caf::make_mailbox_element(caf::actor_cast<caf::strong_actor_ptr>(front), caf::make_message_id(), {},
                                http_batch{{std::move(request)}}),
      nullptr);
}

} // namespace qrwell::test
