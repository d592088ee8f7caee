#include "actors/admin_server/admin_calls.hpp"
#include "actors/admin_server/audit_views.hpp"
#include "runtime/http/json.hpp"

namespace qrwell {

void admin_calls::list_audit(const call& c) {
  auto query = read_audit_query(c.target);
  if (!query) return c.v->refuse(query.error());
  self_->request(to_.reader, std::chrono::milliseconds(cfg_.ask_timeout_ms), *query)
      .then([v = c.v](const audit_entries& found) { v->json(200, http::json_text(audit_json(found))); },
            [v = c.v](const caf::error& why) { v->refuse(why); });
}

void admin_calls::audited(const call& c, std::string action, boost::json::object doc, std::function<void()> act) {
  doc["client"] = c.v->request.peer;
  audit_put entry{c.actor, action, http::json_text(doc)};
  self_->request(to_.writer, std::chrono::milliseconds(cfg_.ask_timeout_ms), std::move(entry))
      .then([act = std::move(act)](done) { act(); },
            [c, action = std::move(action)](const caf::error& why) {
              write_down(c, action, c.target.segments[2], why);
              c.v->refuse(why);
            });
}

} // namespace qrwell
