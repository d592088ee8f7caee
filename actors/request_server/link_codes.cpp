#include "actors/request_server/request_desk.hpp"

#include "runtime/qr/link_code.hpp"

namespace qrwell {

// Link codes: made, drawn, and shown again.

// No shelf knows this code: until it is bound it is nothing but an id.
void request_desk::start_link(visit& v, moment now) {
  v.code = {cfg_.mint(), 0, v.pool->ladder->state().gen_id};
  if (v.form == wanted_form::json || draw(v, v.pool->link.prefix + v.code.id, "nothing was bound", now))
    send_bind(v, now);
}

void request_desk::show_link_again(visit& v, const code_view& code, moment now) {
  if (v.form == wanted_form::jpeg) {
    http::problem what{ec::invalid_request,
                       "Accept: code " + code.id +
                           ", which this request got before, is a link code, whose image is image/png."};
    what.status = 406;
    return refuse(v, std::move(what));
  }
  if (!draw(v, code.link_prefix + code.id, "code " + code.id + " is bound", now)) return;
  ++(v.reused ? counts_.reused : counts_.replayed);
  note_code(v, code.id, "");
  answers_.replayed(v, code, &v.image, now.wall_ms);
  visits_.leave(v);
}

/// Gives the visit its image. False: it is refused, and was told the `outcome` of its code.
bool request_desk::draw(visit& v, const std::string& text, std::string_view outcome, moment now) {
  auto refuse_it = [&](ec code, std::string_view why, std::string_view what_to_do, uint32_t retry_after_s) {
    free_code(v);
    refuse(v, {code, std::string(why) + "; " + std::string(outcome) + ". " + std::string(what_to_do), retry_after_s});
    return false;
  };
  if (!drawings_.take(cfg_.drawings_per_s_max, now.mono_ms).allowed)
    return refuse_it(ec::overloaded, "Too many link codes are being drawn", "Try again, or ask for JSON.", 1);
  auto png = link_code_png(text, link_width_default);
  if (!png) return refuse_it(ec::internal, "The link code could not be drawn", "Ask for JSON.", 0);
  v.image = std::move(*png);
  v.image_format = "png";
  return true;
}

} // namespace qrwell
