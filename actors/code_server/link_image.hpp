#pragma once

#include "messages/bind.hpp"
#include "runtime/http/client_shares.hpp"
#include "runtime/http/target.hpp"

#include <list>
#include <string>
#include <string_view>
#include <unordered_map>

namespace qrwell {

enum class drawn_format : uint8_t { png, svg };

/// How a link code is to be drawn.
struct drawing {
  drawn_format format = drawn_format::png;
  uint32_t width_px = 0;
};

/// Reads `?format=` and `?width=`; without a format the first of Accept that can be drawn, else PNG. Error
/// invalid_request names the parameter and what it may be.
caf::expected<drawing> read_drawing(const http::target& target, std::string_view accept);

/// Error invalid_request for an image that WeChat made, if it is asked for in another form.
caf::error check_not_drawn(const http::target& target);

/// Entity tag: what is drawn follows from these, so that who has it need not have it drawn again.
std::string drawing_tag(std::string_view id, const drawing& how);

std::string_view drawing_type(drawn_format format) noexcept;

struct link_images_config {
  uint64_t kept_bytes_max = 16ull << 20;  ///< of drawn images
  uint32_t work_us_per_s_max = 400'000;   ///< what drawing may take of a processor, as estimated; past it 503
  uint32_t client_us_per_s_max = 100'000; ///< of that, for one client
  uint32_t usual_us_per_s = 100'000;      ///< of that, for images of the usual width only
};

/// Draws link codes on demand: anybody may ask for them, and each costs from a third of a millisecond to eight. So the
/// work of a second is bounded, for all and for each client, and what was drawn last is kept: readers of parts come
/// again at once. Past the bound others of this actor (reads and changes of codes) still have most of its time. Who
/// asks for one width after the other leaves room to those who ask for an image as it is printed.
class link_images {
public:
  explicit link_images(link_images_config cfg = {})
      : cfg_(cfg)
      , work_({double(cfg.work_us_per_s_max), double(cfg.client_us_per_s_max)}) {}

  /// The image of `text`, which `tag` names, for a client at `peer`; good until the next call. Errors: overloaded, and
  /// those of runtime/qr.
  caf::expected<std::string_view> draw(const std::string& text, const std::string& tag, const drawing& how,
                                       std::string_view peer, int64_t mono_ms);

  uint64_t drawn() const noexcept { return drawn_; }
  uint64_t kept_bytes() const noexcept { return kept_bytes_; }

private:
  struct image {
    std::string tag, data;
  };
  std::string_view keep(const std::string& tag, std::string data);

  link_images_config cfg_;
  std::list<image> kept_; ///< the last used first
  std::unordered_map<std::string_view, std::list<image>::iterator> by_tag_;
  uint64_t kept_bytes_ = 0, drawn_ = 0;
  http::client_shares work_;
};

} // namespace qrwell
