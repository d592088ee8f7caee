#include "runtime/wechat/curl_call.hpp"

#include "runtime/wechat/redact.hpp"

namespace qrwell::wechat {

curl_call::curl_call(http_call call, std::function<void(http_outcome)> done, const curl_limits& limits)
    : call_(std::move(call))
    , done_(std::move(done))
    , limits_(limits)
    , easy_(curl_easy_init())
    , begun_(std::chrono::steady_clock::now()) {
  ready_ = easy_ && set_up();
}

curl_call::~curl_call() {
  if (easy_) curl_easy_cleanup(easy_);
  curl_slist_free_all(headers_);
}

bool curl_call::set_up() {
  // "Expect:" empty: no waiting for "100 Continue" between head and body.
  for (auto* line : {"Content-Type: application/json", "Accept: */*", "Expect:"}) {
    auto* longer = curl_slist_append(headers_, line);
    if (!longer) return false;
    headers_ = longer;
  }
  auto ok = true;
  auto set = [&](CURLoption option, auto value) { ok = ok && curl_easy_setopt(easy_, option, value) == CURLE_OK; };
  set(CURLOPT_URL, call_.url.reveal().c_str());
  set(CURLOPT_ERRORBUFFER, error_.data());
  set(CURLOPT_NOSIGNAL, 1L);
  set(CURLOPT_NOPROXY, "*");
  set(CURLOPT_PROTOCOLS_STR, "http,https");
  set(CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
  set(CURLOPT_FOLLOWLOCATION, 0L);
  set(CURLOPT_DISALLOW_USERNAME_IN_URL, 1L);
  set(CURLOPT_SSL_VERIFYPEER, 1L);
  set(CURLOPT_SSL_VERIFYHOST, 2L);
  if (!limits_.ca_file.empty()) set(CURLOPT_CAINFO, limits_.ca_file.c_str());
  set(CURLOPT_TIMEOUT_MS, static_cast<long>(call_.timeout_for_ms));
  set(CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(std::min(call_.connect_timeout_for_ms, call_.timeout_for_ms)));
  set(CURLOPT_MAXAGE_CONN, static_cast<long>(limits_.idle_connection_max_s));
  // A name server that does not answer must not hold up the thread of all calls when one of them is given up.
  set(CURLOPT_QUICK_EXIT, 1L);
  set(CURLOPT_HTTPHEADER, headers_);

  // A body that comes from a callback which cannot seek: so libcurl cannot send the request a second time, when a
  // kept-alive connection is closed under it, but ends with CURLE_SEND_FAIL_REWIND. That holds once a byte of the body
  // is out; on_request holds for all of the request.
  set(CURLOPT_POST, 1L);
  set(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(call_.body.reveal().size()));
  set(CURLOPT_READFUNCTION, &curl_call::on_upload);
  set(CURLOPT_READDATA, static_cast<void*>(this));
  set(CURLOPT_PREREQFUNCTION, &curl_call::on_request);
  set(CURLOPT_PREREQDATA, static_cast<void*>(this));

  set(CURLOPT_HEADERFUNCTION, &curl_call::on_header);
  set(CURLOPT_HEADERDATA, static_cast<void*>(this));
  set(CURLOPT_WRITEFUNCTION, &curl_call::on_body);
  set(CURLOPT_WRITEDATA, static_cast<void*>(this));
  return ok;
}

size_t curl_call::on_upload(char* to, size_t size, size_t count, void* self) {
  auto& me = *static_cast<curl_call*>(self);
  const auto& body = me.call_.body.reveal();
  auto n = std::min(size * count, body.size() - me.uploaded_);
  std::memcpy(to, body.data() + me.uploaded_, n);
  me.uploaded_ += n;
  return n;
}

size_t curl_call::on_header(char*, size_t size, size_t count, void* self) {
  auto& me = *static_cast<curl_call*>(self);
  me.header_bytes_ += size * count;
  if (me.header_bytes_ <= me.limits_.header_bytes_max) return size * count;
  me.too_large_ = true;
  return 0;
}

size_t curl_call::on_body(char* data, size_t size, size_t count, void* self) {
  auto& me = *static_cast<curl_call*>(self);
  if (me.body_.size() + size * count > me.call_.response_bytes_max) {
    me.too_large_ = true;
    return 0;
  }
  try {
    me.body_.insert(me.body_.end(), data, data + size * count);
  } catch (const std::bad_alloc&) {
    return 0;
  }
  return size * count;
}

int curl_call::on_request(void* self, char*, char*, int, int) {
  return ++static_cast<curl_call*>(self)->requests_ == 1 ? CURL_PREREQFUNC_OK : CURL_PREREQFUNC_ABORT;
}

http_outcome curl_call::outcome(CURLcode how, std::string_view why) {
  http_outcome out;
  out.curl = static_cast<int32_t>(how);
  long status = 0, request_bytes = 0;
  curl_easy_getinfo(easy_, CURLINFO_RESPONSE_CODE, &status);
  curl_easy_getinfo(easy_, CURLINFO_REQUEST_SIZE, &request_bytes);
  out.status = static_cast<uint32_t>(status);
  out.any_byte_written = request_bytes > 0;
  const char* type = nullptr;
  curl_easy_getinfo(easy_, CURLINFO_CONTENT_TYPE, &type);
  if (type) out.content_type = printable(type, 128);
  out.took_ms = static_cast<uint32_t>(
      std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - begun_).count());
  out.too_large = too_large_;
  out.body = std::move(body_);
  if (how == CURLE_OK) return out;
  if (!why.empty())
    out.detail = why;
  else if (too_large_)
    out.detail = "the answer is larger than " + std::to_string(call_.response_bytes_max) + " bytes, or its head than " +
                 std::to_string(limits_.header_bytes_max);
  else if (how == CURLE_SEND_FAIL_REWIND || requests_ > 1)
    out.detail = "the connection was closed before an answer came";
  else
    out.detail = printable(error_[0] ? error_.data() : curl_easy_strerror(how), 256);
  // libcurl's sentences name hosts and ports only; should one ever name the query, nobody may read it.
  out.detail = without_query(out.detail, call_.url);
  return out;
}

} // namespace qrwell::wechat
