#include "runtime/http/gzip.hpp"

#include "runtime/http/words.hpp"

#include <zlib.h>

#include <algorithm>

namespace qrwell::http {
namespace {

constexpr int gzip_window_bits = 15 + 16, memory_level = 8;

// In thousandths; 1000 without a weight, and 0 of one that is none.
int weight_of(std::string_view parameters) noexcept {
  parameters = trim(parameters);
  if (parameters.empty()) return 1'000;
  if (parameters.size() < 3 || (parameters[0] | 0x20) != 'q' || parameters[1] != '=') return 0;
  parameters.remove_prefix(2);
  if (parameters.size() > 5 || (parameters[0] != '0' && parameters[0] != '1')) return 0;
  if (parameters.size() > 1 && parameters[1] != '.') return 0;
  int out = (parameters[0] - '0') * 1'000, unit = 100;
  for (size_t i = 2; i < parameters.size(); ++i, unit /= 10) {
    if (parameters[i] < '0' || parameters[i] > '9') return 0;
    out += (parameters[i] - '0') * unit;
  }
  return std::min(out, 1'000);
}

} // namespace

bool wants_gzip(std::string_view accept_encoding) noexcept {
  int named = -1, any = -1, identity = -1;
  while (!accept_encoding.empty()) {
    auto comma = std::min(accept_encoding.find(','), accept_encoding.size());
    auto one = accept_encoding.substr(0, comma);
    accept_encoding.remove_prefix(std::min(comma + 1, accept_encoding.size()));
    auto semicolon = std::min(one.find(';'), one.size());
    auto coding = trim(one.substr(0, semicolon));
    auto weight = weight_of(one.substr(std::min(semicolon + 1, one.size())));
    if (same_word(coding, "gzip") || same_word(coding, "x-gzip")) named = std::max(named, weight);
    if (coding == "*") any = weight;
    if (same_word(coding, "identity")) identity = weight;
  }
  auto gzip_weight = named >= 0 ? named : any;
  return gzip_weight > 0 && gzip_weight >= identity;
}

std::string gzip(std::string_view body) {
  z_stream stream{};
  std::string out;
  if (deflateInit2(&stream, Z_BEST_SPEED, Z_DEFLATED, gzip_window_bits, memory_level, Z_DEFAULT_STRATEGY) != Z_OK)
    return out;
  // One call, with room for less than the body: what does not fit is not worth sending.
  out.resize(body.size());
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(body.data()));
  stream.avail_in = static_cast<uInt>(body.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  auto whole = deflate(&stream, Z_FINISH) == Z_STREAM_END;
  out.resize(whole ? stream.total_out : 0);
  deflateEnd(&stream);
  return out;
}

} // namespace qrwell::http
