#include "actors/admin_server/admin_calls.hpp"
#include "actors/admin_server/key_requests.hpp"
#include "runtime/http/json.hpp"

namespace qrwell {

namespace json = boost::json;

void admin_calls::list_keys(const call& c) {
  self_->request(to_.reader, std::chrono::milliseconds(cfg_.ask_timeout_ms), keys_query{})
      .then(
          [v = c.v](const keys_snapshot& keys) {
            json::array list;
            for (const auto& key : keys.keys) list.push_back(key_json(key));
            v->json(200, http::json_text(json::object{{"keys", std::move(list)}}));
          },
          [v = c.v](const caf::error& why) { v->refuse(why); });
}

void admin_calls::add_key(const call& c) {
  std::vector<std::string> pools;
  for (const auto& [name, stocker] : to_.stockers) pools.push_back(name);
  auto fresh = read_new_key(c.v->request.body, pools, wall_());
  if (!fresh) return c.v->refuse(fresh.error());
  self_->request(to_.writer, std::chrono::milliseconds(cfg_.ask_timeout_ms), key_add{std::move(fresh->row), c.actor})
      .then(
          [c, text = std::move(fresh->text)](const api_key& row) {
            write_down(c, "key_add", row.name);
            auto out = key_json(row);
            out["key"] = text.reveal(); // the only time that it is shown
            c.v->json(201, http::json_text(out));
          },
          [c](const caf::error& why) {
            write_down(c, "key_add", "", why);
            c.v->refuse(why);
          });
}

void admin_calls::revoke_key(const call& c) {
  self_->request(to_.writer, std::chrono::milliseconds(cfg_.ask_timeout_ms), key_revoke{c.target.segments[2], c.actor})
      .then(
          [c](const api_key& row) {
            write_down(c, "key_revoke", row.name);
            c.v->json(200, http::json_text(key_json(row)));
          },
          [c](const caf::error& why) {
            write_down(c, "key_revoke", c.target.segments[2], why);
            c.v->refuse(why);
          });
}

void admin_calls::rotate_key(const call& c) {
  auto asked = read_key_rotation(c.v->request.body, c.target.segments[2]);
  if (!asked) return c.v->refuse(asked.error());
  asked->row.actor = c.actor;
  self_->request(to_.writer, std::chrono::milliseconds(cfg_.ask_timeout_ms), std::move(asked->row))
      .then(
          [c, text = std::move(asked->text)](const api_key& row) {
            write_down(c, "key_rotate", row.name);
            auto out = key_json(row);
            out["key"] = text.reveal(); // the only time that it is shown
            c.v->json(201, http::json_text(out));
          },
          [c](const caf::error& why) {
            write_down(c, "key_rotate", c.target.segments[2], why);
            c.v->refuse(why);
          });
}

} // namespace qrwell
