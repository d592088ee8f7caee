#include "actors/code_server/image_answer.hpp"

#include "runtime/codes/code_json.hpp"
#include "runtime/ids/hash.hpp"

#include <fmt/format.h>

namespace qrwell {
namespace {

// Bound once, an image never changes under its id.
constexpr std::string_view forever = "public, max-age=31536000, immutable";

} // namespace

std::string image_tag(const code_view& code) {
  return '"' + to_hex(code.image_sha).substr(0, 32) + '"';
}

void add_image(http::answer_writer& out, const http_request& request, const code_view& code, const bytes& image) {
  add_image(out, request, image_form{image_tag(code), image_type(code.image_format)},
            std::string_view(reinterpret_cast<const char*>(image.data()), image.size()));
}

void add_image(http::answer_writer& out, const http_request& request, const image_form& form, std::string_view all) {
  const auto& tag = form.tag;
  auto head = request.method == http_method::head;
  if (matches(request.if_none_match, tag))
    return out.add(request.at, 304, "", "", request.request_id,
                   {{"ETag", tag}, {"Cache-Control", forever}, {"Vary", form.vary}});
  byte_range range;
  bool ranged = !head && range_holds(request.if_range, tag);
  switch (ranged ? read_range(request.range, all.size(), range) : range_verdict::whole) {
  case range_verdict::whole:
    return out.add(request.at, 200, form.type, all, request.request_id,
                   {{"ETag", tag}, {"Cache-Control", forever}, {"Vary", form.vary}, {"Accept-Ranges", "bytes"}}, head);
  case range_verdict::part: {
    auto where = fmt::format("bytes {}-{}/{}", range.first, range.last, all.size());
    return out.add(request.at, 206, form.type, all.substr(range.first, range.last - range.first + 1),
                   request.request_id,
                   {{"ETag", tag},
                    {"Cache-Control", forever},
                    {"Vary", form.vary},
                    {"Accept-Ranges", "bytes"},
                    {"Content-Range", where}});
  }
  case range_verdict::unsatisfiable: {
    http::problem what;
    what.code = ec::invalid_request;
    what.status = 416;
    what.detail = fmt::format("Range: the image has {} bytes, and none of those that are asked for.", all.size());
    what.content_range = fmt::format("bytes */{}", all.size());
    return out.add_problem(request.at, what, request.request_id);
  }
  }
}

} // namespace qrwell
