#include "runtime/http/request_parser.hpp"

#include "runtime/http/words.hpp"

#include <boost/beast/http/basic_parser.hpp>

#include <algorithm>
#include <charconv>

namespace qrwell::http {

namespace bh = boost::beast::http;

namespace {

using beast_view = boost::beast::string_view;
using beast_code = boost::beast::error_code;
using result = request_parser::result;

constexpr size_t chunk_line_bytes_max = 256;
constexpr std::string_view not_in_hosts = " \t/@,?#\\";

std::string_view view(beast_view s) {
  return {s.data(), s.size()};
}

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

http_method method_of(bh::verb verb) {
  switch (verb) {
  case bh::verb::get:
    return http_method::get;
  case bh::verb::head:
    return http_method::head;
  case bh::verb::post:
    return http_method::post;
  case bh::verb::put:
    return http_method::put;
  case bh::verb::patch:
    return http_method::patch;
  case bh::verb::delete_:
    return http_method::del;
  case bh::verb::options:
    return http_method::options;
  case bh::verb::trace:
    return http_method::trace;
  default:
    return http_method::other;
  }
}

} // namespace

/// Beast's parser over the header alone. Refuses what two readers may understand differently.
class header_reader : public bh::basic_parser<true> {
public:
  header_reader(request_parser& out, std::string_view header)
      : out_(out)
      , header_(header) {}

  int status = 0;
  std::string_view sentence;
  bool chunked = false, http_11 = false, connect = false, has_length = false;
  size_t length = 0;

private:
  void on_request_impl(bh::verb verb, beast_view, beast_view target, int version, beast_code&) override {
    out_.method = method_of(verb);
    out_.target = view(target);
    http_11 = version == 11;
    connect = verb == bh::verb::connect;
  }

  void refuse(int code, std::string_view why, beast_code& err) {
    status = code;
    sentence = why;
    err = bh::error::bad_field;
  }

  void once(std::string_view& slot, std::string_view value, std::string_view why, beast_code& err) {
    if (slot.data() != nullptr) return refuse(400, why, err);
    slot = value;
  }

  void list(std::string_view& slot, std::string& joined, std::string_view value) {
    if (slot.data() == nullptr) {
      slot = value;
      return;
    }
    joined = std::string(slot) + ", " + std::string(value);
    slot = joined;
  }

  void on_field_impl(bh::field field, beast_view beast_name, beast_view beast_value, beast_code& err) override {
    auto name = view(beast_name), value = view(beast_value);
    if (value.data() == nullptr) value = header_.substr(0, 0);
    switch (field) {
    case bh::field::host:
      return once(out_.host, value, "The Host field comes twice.", err);
    case bh::field::authorization:
      return once(out_.authorization, value, "The Authorization field comes twice.", err);
    case bh::field::content_type:
      return once(out_.content_type, value, "The Content-Type field comes twice.", err);
    case bh::field::content_encoding:
      return once(out_.content_encoding, value, "The Content-Encoding field comes twice.", err);
    case bh::field::if_match:
      // A field without a value is no wish for "any version": it stays different from no field at all.
      return once(out_.if_match, value.empty() ? " " : value, "The If-Match field comes twice.", err);
    case bh::field::range:
      return once(out_.range, value, "The Range field comes twice.", err);
    case bh::field::if_range:
      return once(out_.if_range, value, "The If-Range field comes twice.", err);
    case bh::field::accept:
      return list(out_.accept, out_.joined_[0], value);
    case bh::field::if_none_match:
      return list(out_.if_none_match, out_.joined_[1], value);
    case bh::field::accept_encoding:
      return list(out_.accept_encoding, out_.joined_[3], value);
    case bh::field::forwarded:
      return list(out_.forwarded, out_.joined_[4], value);
    case bh::field::access_control_request_method:
      out_.asked_method = value;
      return;
    case bh::field::expect:
      if (!same_word(value, "100-continue")) return refuse(417, "Only Expect: 100-continue is known.", err);
      out_.expects_continue = true;
      return;
    case bh::field::content_length: {
      if (std::exchange(has_length, true)) return refuse(400, "The Content-Length field comes twice.", err);
      auto [end, failure] = std::from_chars(value.data(), value.data() + value.size(), length);
      if (value.empty() || failure != std::errc() || end != value.data() + value.size())
        return refuse(400, "The Content-Length field is not a plain number.", err);
      return;
    }
    case bh::field::transfer_encoding:
      if (std::exchange(chunked, true)) return refuse(400, "The Transfer-Encoding field comes twice.", err);
      if (!same_word(value, "chunked")) return refuse(501, "Of transfer encodings only chunked is known.", err);
      return;
    case bh::field::unknown:
      if (same_word(name, "X-Request-Id")) out_.request_id = value;
      if (same_word(name, "X-Forwarded-For")) list(out_.forwarded_for, out_.joined_[2], value);
      if (same_word(name, "Idempotency-Key"))
        once(out_.idempotency_key, value, "The Idempotency-Key field comes twice.", err);
      return;
    default:
      return;
    }
  }

  void on_header_impl(beast_code& err) override {
    if (chunked && has_length) return refuse(400, "Content-Length and Transfer-Encoding exclude each other.", err);
    if (chunked && !http_11) return refuse(400, "Transfer-Encoding needs HTTP/1.1.", err);
  }

  void on_response_impl(int, beast_view, int, beast_code&) override {}
  void on_body_init_impl(const boost::optional<uint64_t>&, beast_code&) override {}
  size_t on_body_impl(beast_view, beast_code&) override { return 0; }
  void on_chunk_header_impl(uint64_t, beast_view, beast_code&) override {}
  size_t on_chunk_body_impl(uint64_t, beast_view, beast_code&) override { return 0; }
  void on_finish_impl(beast_code&) override {}

  request_parser& out_;
  std::string_view header_;
};

size_t blank_lines(std::string_view in) noexcept {
  size_t n = 0;
  while (in.size() >= n + 2 && in[n] == '\r' && in[n + 1] == '\n') n += 2;
  return n;
}

request_parser::result request_parser::bad(int status, std::string_view sentence) {
  status_ = status;
  sentence_ = sentence;
  last = true;
  return result::bad;
}

request_parser::result request_parser::find_header(std::string_view in, parse_progress& progress,
                                                   const parse_limits& limits) {
  auto from = progress.scanned > 3 ? progress.scanned - 3 : 0;
  auto end = in.find("\r\n\r\n", from);
  auto header_bytes = end == in.npos ? in.size() : end + 4;
  if (header_bytes > limits.header_bytes_max) {
    if (in.substr(0, limits.header_bytes_max).find("\r\n") == in.npos)
      return bad(414, "The request line is longer than the limit.");
    return bad(431, "The header is longer than the limit.");
  }
  if (end == in.npos) {
    // What can never become a header is refused at once, not at its time-out: another protocol, or lines that end
    // without CR.
    if (in[0] < 'A' || in[0] > 'z') return bad(400, "This is not HTTP.");
    for (auto lf = in.find('\n', progress.scanned); lf != in.npos; lf = in.find('\n', lf + 1))
      if (lf == 0 || in[lf - 1] != '\r') return bad(400, "A line of the header does not end with CR LF.");
    progress.scanned = in.size();
    progress.need = in.size() + 1;
    return result::more;
  }
  progress.header_bytes = header_bytes;
  return result::done;
}

request_parser::result request_parser::read_header(std::string_view header, bool& chunked, size_t& length) {
  // A folded line may reach us in a buffer of Beast's own, which is gone after the call; RFC 9112 (5.2) lets a server
  // refuse it.
  if (header.find("\r\n ") != header.npos || header.find("\r\n\t") != header.npos)
    return bad(400, "A header field is folded over lines: write it on one.");
  header_reader reader(*this, header);
  reader.header_limit(static_cast<uint32_t>(header.size() + 1));
  reader.body_limit(boost::none);
  beast_code err;
  reader.put(boost::asio::const_buffer(header.data(), header.size()), err);
  if (reader.status != 0) return bad(reader.status, reader.sentence);
  if (err == bh::error::bad_version) {
    auto line = header.substr(0, header.find("\r\n"));
    auto version = line.substr(line.size() > 8 ? line.size() - 8 : 0);
    // With one of ours something else is wrong: a word too many.
    bool other = version.size() == 8 && version != "HTTP/1.1" && version != "HTTP/1.0" &&
                 version.substr(0, 5) == "HTTP/" && is_digit(version[5]) && version[6] == '.' && is_digit(version[7]);
    return other ? bad(505, "Only HTTP/1.1 and HTTP/1.0 are spoken here.")
                 : bad(400, "The request line is not of HTTP.");
  }
  if (err == bh::error::bad_content_length || err == bh::error::bad_transfer_encoding ||
      err == bh::error::multiple_content_length)
    return bad(400, "Content-Length or Transfer-Encoding is wrong, or both are there.");
  if (err || !reader.is_header_done()) return bad(400, "The header is not well-formed.");
  if (reader.connect) return bad(501, "CONNECT is not spoken here.");
  // HTTP/1.0 ends with each request unless the client asks otherwise (RFC 9112, 9.3), and knows no 100.
  last = !reader.keep_alive();
  http_10 = !reader.http_11;
  if (http_10) expects_continue = false;
  if (reader.http_11 && host.data() == nullptr) return bad(400, "HTTP/1.1 needs a Host field.");
  if (host.find_first_of(not_in_hosts) != host.npos) return bad(400, "The Host field is not a host and port.");
  chunked = reader.chunked;
  framed = reader.chunked || reader.has_length;
  length = reader.length;
  return take_target();
}

request_parser::result request_parser::take_target() {
  if (!target.empty() && target[0] == '/') return result::done;
  if (target == "*" && method == http_method::options) return result::done;
  // Absolute form: its host counts, not the field's (RFC 9112, 3.2.2).
  auto colon = target.find("://");
  auto scheme = colon == target.npos ? std::string_view() : target.substr(0, colon);
  if (same_word(scheme, "http") || same_word(scheme, "https")) {
    auto rest = target.substr(scheme.size() + 3);
    auto slash = rest.find_first_of("/?#");
    auto authority = rest.substr(0, slash);
    bool path = slash == rest.npos || rest[slash] == '/';
    if (path && !authority.empty() && authority.find_first_of(not_in_hosts) == authority.npos) {
      host = authority;
      target = slash == rest.npos ? std::string_view("/") : rest.substr(slash);
      return result::done;
    }
  }
  return bad(400, "The request target is neither a path nor an http URL.");
}

// Steps from size line to size line; complete chunks are looked at once, whatever the reads were.
request_parser::result request_parser::walk_chunks(std::string_view in, parse_progress& progress,
                                                   const parse_limits& limits) {
  for (;;) {
    auto rest = in.substr(std::min(progress.chunk_at, in.size()));
    auto eol = rest.find("\r\n");
    if (progress.trailer) {
      if (eol == 0) {
        used = progress.chunk_at + 2;
        return result::done;
      }
      if (eol == rest.npos) {
        if (in.size() - progress.scanned > limits.header_bytes_max)
          return bad(431, "The trailer is longer than the limit.");
        break;
      }
      auto line = rest.substr(0, eol);
      if (line.find(':') == line.npos || line[0] == ' ' || line[0] == '\t' ||
          line.find_first_of(std::string_view("\r\n\0", 3)) != line.npos)
        return bad(400, "The trailer is not well-formed.");
      progress.chunk_at += eol + 2; // read and forgotten
      if (progress.chunk_at - progress.scanned > limits.header_bytes_max)
        return bad(431, "The trailer is longer than the limit.");
      continue;
    }
    if (eol == rest.npos) {
      if (rest.size() > chunk_line_bytes_max) return bad(400, "The size line of a chunk is too long.");
      if (rest.find('\n') != rest.npos) return bad(400, "The size line of a chunk does not end with CR LF.");
      break;
    }
    auto line = rest.substr(0, eol);
    size_t size = 0;
    auto [end, failure] = std::from_chars(line.data(), line.data() + line.size(), size, 16);
    auto digits = static_cast<size_t>(end - line.data());
    auto extension = line.substr(digits);
    if (failure != std::errc() || digits == 0 || digits > 8 || line[0] == '-' || line.size() > chunk_line_bytes_max ||
        (!extension.empty() && extension[0] != ';') ||
        std::any_of(extension.begin(), extension.end(), [](char c) { return (c < ' ' && c != '\t') || c == 0x7f; }))
      return bad(400, "The size line of a chunk is not well-formed.");
    if (size == 0) {
      progress.trailer = true;
      progress.chunk_at += eol + 2;
      progress.scanned = progress.chunk_at;
      continue;
    }
    if (size > progress.body_bytes_max || progress.body_bytes > progress.body_bytes_max - size)
      return bad(413, "The body is larger than the limit.");
    auto next = eol + 2 + size;
    if (rest.size() < next + 2) {
      progress.need = progress.chunk_at + next + 2;
      return result::more;
    }
    if (rest[next] != '\r' || rest[next + 1] != '\n') return bad(400, "A chunk is longer than its size line says.");
    progress.body_bytes += size;
    progress.chunk_at += next + 2;
  }
  progress.need = in.size() + 1;
  return result::more;
}

// Only called when walk_chunks has seen it all.
void request_parser::join_chunks(std::string_view in, size_t from) {
  for (;;) {
    size_t size = 0;
    auto eol = in.find("\r\n", from);
    std::from_chars(in.data() + from, in.data() + eol, size, 16);
    if (size == 0) break;
    chunks_ += in.substr(eol + 2, size);
    from = eol + 2 + size + 2;
  }
  body = chunks_;
}

request_parser::result request_parser::parse(std::string_view in, parse_progress& progress,
                                             const parse_limits& limits) {
  if (in.size() < progress.need || in.empty()) return result::more;
  if (progress.header_bytes == 0)
    if (auto found = find_header(in, progress, limits); found != result::done) return found;
  if (progress.chunk_at != 0)
    if (auto walked = walk_chunks(in, progress, limits); walked != result::done) return walked;
  bool chunked = false;
  size_t length = 0;
  if (auto read = read_header(in.substr(0, progress.header_bytes), chunked, length); read != result::done) return read;
  if (progress.chunk_at != 0) {
    join_chunks(in, progress.header_bytes);
    return result::done;
  }
  bool batch = limits.is_batch != nullptr && limits.is_batch(method, target.substr(0, target.find('?')));
  auto body_bytes_max = batch ? limits.batch_body_bytes_max : limits.body_bytes_max;
  if (length > body_bytes_max) return bad(413, "The body is larger than the limit.");
  if (chunked) {
    progress.body_bytes_max = body_bytes_max;
    progress.chunk_at = progress.header_bytes;
    if (auto walked = walk_chunks(in, progress, limits); walked != result::done) return walked;
    join_chunks(in, progress.header_bytes);
    return result::done;
  }
  if (in.size() < progress.header_bytes + length) {
    progress.need = progress.header_bytes + length;
    return result::more;
  }
  body = in.substr(progress.header_bytes, length);
  used = progress.header_bytes + length;
  return result::done;
}

} // namespace qrwell::http
