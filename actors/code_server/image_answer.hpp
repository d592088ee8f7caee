#pragma once

#include "messages/bind.hpp"
#include "messages/http.hpp"
#include "runtime/http/answer.hpp"
#include "runtime/http/byte_range.hpp"

#include <string>
#include <string_view>

namespace qrwell {

/// Entity tag of a code's image: it never changes under one id.
std::string image_tag(const code_view& code);

/// What an image is sent as.
struct image_form {
  std::string tag;
  std::string_view type;
  std::string_view vary = {}; ///< header fields that it depends on; empty: none
};

/// 200, 206, 304 or 416.
void add_image(http::answer_writer& out, const http_request& request, const image_form& form, std::string_view image);

/// The same of an image that WeChat made.
void add_image(http::answer_writer& out, const http_request& request, const code_view& code, const bytes& image);

} // namespace qrwell
