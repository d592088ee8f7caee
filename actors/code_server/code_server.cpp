#include "actors/code_server/code_server.hpp"

#include "actors/code_server/change_request.hpp"
#include "actors/code_server/image_answer.hpp"
#include "runtime/codes/code_json.hpp"
#include "runtime/http/json.hpp"
#include "runtime/http/visit.hpp"

#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

namespace qrwell {
namespace {

using visit = http::visit<watched<code_server_actor, code_server_state>*>;
using visit_ptr = std::shared_ptr<visit>;

const log::voice voice{"code_server"};

constexpr auto late_change_wait = std::chrono::minutes(10);

// What the writer itself says when it has rolled back, or never began. A time-out or its death says neither.
bool surely_undone(const caf::error& why) {
  auto code = code_of(why);
  return why.category() == caf::atom("qrwell") &&
         (code == ec::overloaded || code == ec::shutting_down || code == ec::store_busy || code == ec::store_failed ||
          code == ec::disk_full || code == ec::unavailable);
}

struct shell {
  watched<code_server_actor, code_server_state>* self;
  code_server_config cfg;
  wall_clock wall;
  store_reader_actor reader;
  store_writer_actor writer;
  image_worker_actor images;
  scan_server_actor scans;

  void serve(const http_batch& batch) const {
    auto sink = caf::actor_cast<answer_sink>(self->current_sender());
    for (const auto& request : batch.requests)
      serve(std::make_shared<visit>(self, sink, request, self->state.under_way));
  }

  void serve(const visit_ptr& v) const {
    auto& st = self->state;
    if (st.under_way > cfg.under_way_max) {
      ++st.refused;
      return v->refuse(ec::overloaded, "too many requests for codes and images are under way: try again", 1);
    }
    auto target = http::parse_target(v->request.target);
    if (!target) return v->refuse(ec::invalid_request, "the path must be /v1/codes/{id} or /v1/codes/{id}/image");
    const auto& parts = target->segments;
    if (parts.size() == 4 && parts[3] == "image")
      return find(v, parts[2], [this_ = *this, v](const code_record& r) { this_.image(v, r); });
    if (parts.size() != 3) return v->refuse(ec::not_found, "there is nothing under this path");
    auto id = parts[2];
    auto changes = v->request.method == http_method::patch || v->request.method == http_method::del;
    st.keys->with_key(v->request.authorization, [this_ = *this, v, id, changes](caf::expected<const api_key*> key) {
      changes ? this_.change(v, id, key) : this_.show(v, id, key);
    });
  }

  template <class Then>
  void find(const visit_ptr& v, const std::string& id, Then then) const {
    self->request(reader, std::chrono::milliseconds(cfg.store_timeout_ms), code_query{id})
        .then([then](const code_record& record) { then(record); },
              [v, this_ = *this](const caf::error& why) { this_.store_away(v, why); });
  }

  void store_away(const visit_ptr& v, const caf::error& why) const {
    ++self->state.failed;
    v->refuse(code_of(why) == ec::overloaded ? ec::overloaded : ec::unavailable,
              "the store cannot be asked at the moment: try again", 1);
  }

  void show(const visit_ptr& v, const std::string& id, const caf::expected<const api_key*>& key) const {
    if (!key) return v->refuse(key.error());
    if (!self->state.keys->charge(**key, *v)) return;
    if (auto err = permit_scope_or_admin(**key, scope_read)) return v->refuse(err);
    // The key lives in the ring only for this call.
    find(v, id, [this_ = *this, v, reads = **key](const code_record& record) { this_.show_record(v, reads, record); });
  }

  void show_record(const visit_ptr& v, const api_key& key, const code_record& record) const {
    auto all = is_admin(key);
    // What a key may not see does not exist for it; neither does a code that nobody owns yet.
    auto visible = record.found &&
                   (record.code.state == code_state::bound || record.code.state == code_state::revoked || all) &&
                   (all || (record.code.owner == key.owner && !permit_pool(key, record.code.pool)));
    if (!visible) return v->refuse(ec::not_found, "no code has this id, or it belongs to another owner or pool");
    ++self->state.shown;
    std::string body;
    code_context context;
    context.public_url = cfg.public_url;
    context.now_ms = record.now_ms;
    context.record = &record;
    append_code_json(body, record.code, context);
    auto tag = '"' + std::to_string(record.code.version) + '"';
    v->answer([&](http::answer_writer& out) {
      if (matches(v->request.if_none_match, tag))
        out.add(v->request.at, 304, "", "", v->request.request_id, {{"ETag", tag}, {"Cache-Control", "no-store"}});
      else
        out.add(v->request.at, 200, "application/json", body, v->request.request_id,
                {{"ETag", tag}, {"Cache-Control", "no-store"}}, v->request.method == http_method::head);
    });
  }

  void change(const visit_ptr& v, const std::string& id, const caf::expected<const api_key*>& key) const {
    if (!key) return v->refuse(key.error());
    if (!self->state.keys->charge(**key, *v)) return;
    if (auto err = permit_scope_or_admin(**key, scope_issue)) return v->refuse(err);
    if (v->request.method == http_method::patch && !http::is_json_type(v->request.content_type))
      return v->refuse(http::problem_not_json());
    auto asked = read_change(v->request, id, **key, wall(), cfg.target);
    if (!asked) return v->refuse(asked.error());
    ask_writer(v, std::move(*asked));
  }

  // The client is answered after store_timeout_ms, but the end of its change is waited for much longer: one that
  // commits late must be forgotten by caches as any other. Past late_change_wait their age limit has to do.
  void ask_writer(const visit_ptr& v, code_change asked) const {
    auto& st = self->state;
    if (st.changes_open >= cfg.changes_max) {
      ++st.refused;
      return v->refuse(ec::overloaded, "too many changes wait for the store; nothing was changed: try again", 1);
    }
    ++st.changes_open;
    st.changes.push_back({mono_ms(self) + cfg.store_timeout_ms, v});
    self->delayed_send(self, std::chrono::milliseconds(cfg.store_timeout_ms), tick{});
    self->request(writer, late_change_wait, std::move(asked))
        .then(
            [v, this_ = *this](const code_changed& changed) {
              --this_.self->state.changes_open;
              this_.changed(v, changed);
            },
            [v, this_ = *this](const caf::error& why) {
              --this_.self->state.changes_open;
              this_.change_failed(v, why);
            });
  }

  void give_up_on_changes() const {
    auto& open = self->state.changes;
    for (; !open.empty() && open.front().until_ms <= mono_ms(self); open.pop_front())
      if (auto v = open.front().who.lock(); v && !v->answered())
        change_failed(v, fail(ec::timeout, "the store's writer did not answer in time"));
  }

  void changed(const visit_ptr& v, const code_changed& result) const {
    // Also when it was like that already: what made it so may be a change whose end nobody learned.
    if (result.end != change_end::not_found && result.end != change_end::forbidden) forget(v, result.code.id);
    switch (result.end) {
    case change_end::changed:
      ++self->state.changed;
      return show_changed(v, result);
    case change_end::unchanged:
      return show_changed(v, result);
    case change_end::not_found:
      return v->refuse(ec::not_found, "no bound code has this id, or it belongs to another owner or pool");
    case change_end::forbidden:
      return v->refuse(ec::forbidden, "path: the code's path, before or after, is none that this key may use");
    case change_end::other_version:
      return v->refuse(ec::version_mismatch,
                       "If-Match: the code has version " + std::to_string(result.code.version) +
                           " now; read it again, and repeat the change with that ETag if it is still wanted");
    case change_end::revoked:
      return v->refuse(ec::conflict, "this code is revoked, which is final; issue a new one");
    }
  }

  // Ahead of the answer, on the ways that it and the next scan take: who has read the answer is not shown the old
  // target.
  void forget(const visit_ptr& v, const std::string& id) const {
    self->send(scans, scenes_changed{{id}});
    self->send(v->sink(), scenes_changed{{id}});
  }

  void show_changed(const visit_ptr& v, const code_changed& result) const {
    std::string body;
    code_context context;
    context.public_url = cfg.public_url;
    context.now_ms = result.now_ms;
    append_code_json(body, result.code, context);
    v->json(200, body, '"' + std::to_string(result.code.version) + '"');
  }

  // What may or may not have happened is not cached either way.
  void change_failed(const visit_ptr& v, const caf::error& why) const {
    ++self->state.failed;
    auto code = code_of(why);
    if (!surely_undone(why)) {
      forget(v, http::parse_target(v->request.target)->segments[2]);
      return v->refuse(ec::outcome_unknown,
                       "it is not known whether this was committed; read the code, or repeat the change: a repeated "
                       "one does no harm",
                       1);
    }
    v->refuse(code == ec::overloaded ? ec::overloaded : ec::unavailable,
              "the store cannot write at the moment; nothing was changed: try again", 1);
  }

  void image(const visit_ptr& v, const code_record& record) const {
    if (!record.found || record.code.state == code_state::stocked || record.code.state == code_state::dead)
      return v->refuse(ec::not_found, "no code has this id");
    if (record.code.state == code_state::revoked) return v->refuse(ec::revoked, "this code was revoked");
    auto target = http::parse_target(v->request.target);
    if (!target) return v->refuse(target.error());
    if (record.code.kind == code_kind::link) return draw_image(v, record.code, *target);
    if (auto err = check_not_drawn(*target)) return v->refuse(err);
    if (record.code.kind == code_kind::imported)
      return v->refuse(ec::not_found, "this code was imported; its image is where it was made");
    self->request(images, std::chrono::milliseconds(cfg.store_timeout_ms),
                  image_get{record.code.id, record.code.image_format})
        .then([this_ = *this, v, code = record.code](const image_data& image) { this_.send_image(v, code, image); },
              [this_ = *this, v](const caf::error& why) { this_.store_away(v, why); });
  }

  void draw_image(const visit_ptr& v, const code_view& code, const http::target& target) const {
    auto how = read_drawing(target, v->request.accept);
    if (!how) return v->refuse(how.error());
    image_form form{drawing_tag(code.id, *how), drawing_type(how->format), target.param("format") ? "" : "Accept"};
    std::string_view data;
    if (!matches(v->request.if_none_match, form.tag)) {
      auto drawn =
          self->state.drawings->draw(code.link_prefix + code.id, form.tag, *how, v->request.peer, mono_ms(self));
      if (!drawn) return v->refuse(drawn.error());
      data = *drawn;
    }
    ++self->state.images;
    v->answer([&](http::answer_writer& out) { add_image(out, v->request, form, data); });
  }

  void send_image(const visit_ptr& v, const code_view& code, const image_data& image) const {
    if (!image.found) {
      ++self->state.failed;
      ++self->state.missing;
      self->state.last_missing = code.id;
      if (auto held_back = self->state.missing_images.admit("", mono_ms(self)))
        voice.error("the image of a bound code is missing", {{"request_id", v->request.request_id},
                                                             {"pool", code.pool},
                                                             {"id", code.id},
                                                             {"lines_held_back", *held_back}});
      return v->refuse(ec::unavailable, "the image of this code is not where it should be; the operator is told", 60);
    }
    ++self->state.images;
    v->answer([&](http::answer_writer& out) { add_image(out, v->request, code, image.data); });
  }

  void on_tick() const {
    give_up_on_changes();
    // Changes bring ticks of their own.
    auto& st = self->state;
    if (mono_ms(self) < st.round_due_ms) return;
    st.round_due_ms = mono_ms(self) + 1'000;
    self->delayed_send(self, std::chrono::seconds(1), tick{});
    self->state.keys->refresh_if_due();
    self->state.keys->tell_used(writer);
  }

  actor_status status() const {
    const auto& st = self->state;
    boost::json::object facts{
        {"under_way", st.under_way}, {"shown", st.shown},   {"changed", st.changed}, {"images", st.images},
        {"refused", st.refused},     {"failed", st.failed}, {"missing", st.missing}, {"drawn", st.drawings->drawn()}};
    std::string problem;
    if (st.missing > 0)
      problem = "Images of bound codes are not where they should be (" + std::to_string(st.missing) +
                " times since the start, last " + st.last_missing + "): bring images.dir back from the backup.";
    return {"code_server", "code_server", problem, boost::json::serialize(facts)};
  }
};

} // namespace

caf::error validate(const code_server_config& cfg) {
  if (cfg.under_way_max == 0 || cfg.changes_max == 0 || cfg.store_timeout_ms == 0)
    return fail(ec::invalid_config, "code_server: limits must be at least 1");
  return {};
}

code_server_actor::behavior_type code_server(watched<code_server_actor, code_server_state>* self, vitals_ptr v,
                                             code_server_config cfg, wall_clock wall, store_reader_actor reader,
                                             store_writer_actor writer, image_worker_actor images,
                                             scan_server_actor scans) {
  self->set_vitals(v);
  using keys_type = key_watch<watched<code_server_actor, code_server_state>*>;
  self->state.keys = std::make_unique<keys_type>(self, key_watch_config{}, wall, reader);
  self->state.drawings = std::make_unique<link_images>(cfg.drawing);
  shell sh{
      self, std::move(cfg), std::move(wall), std::move(reader), std::move(writer), std::move(images), std::move(scans)};
  self->send(self, tick{});
  return {
      watch(v, "tick", [sh](tick) { sh.on_tick(); }),
      watch(v, "http_batch", [sh](const http_batch& batch) { sh.serve(batch); }),
      watch(v, "status_query", [sh](status_query) -> actor_status { return sh.status(); }),
  };
}

} // namespace qrwell
