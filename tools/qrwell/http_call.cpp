#include "tools/qrwell/http_call.hpp"

#include <curl/curl.h>

#include <fmt/format.h>

#include <memory>

namespace qrwell::cli {
namespace {

constexpr size_t answer_bytes_max = 64 << 20;

size_t take(char* data, size_t size, size_t count, void* to) {
  auto& text = *static_cast<std::string*>(to);
  if (text.size() + size * count > answer_bytes_max) return 0;
  text.append(data, size * count);
  return size * count;
}

size_t take_header(char* data, size_t size, size_t count, void* to) {
  std::string_view line(data, size * count);
  auto colon = line.find(':');
  if (colon != line.npos) {
    auto trim = [](std::string_view text) {
      auto from = text.find_first_not_of(" \t"), last = text.find_last_not_of(" \t\r\n");
      return from == text.npos ? std::string() : std::string(text.substr(from, last - from + 1));
    };
    std::string name(line.substr(0, colon));
    for (auto& c : name) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
    static_cast<http_got*>(to)->headers.emplace_back(std::move(name), trim(line.substr(colon + 1)));
  }
  return line.size();
}

} // namespace

std::string_view http_got::header(std::string_view lower_name) const noexcept {
  for (const auto& [name, value] : headers)
    if (name == lower_name) return value;
  return {};
}

caf::expected<http_got> http_call(std::string_view method, const std::string& url,
                                  const std::vector<std::string>& headers, std::string_view body, long timeout_s) {
  std::unique_ptr<CURL, decltype(&curl_easy_cleanup)> curl(curl_easy_init(), curl_easy_cleanup);
  if (!curl) return fail(ec::internal, "libcurl cannot be used");
  http_got out;
  curl_slist* list = nullptr;
  for (const auto& header : headers) list = curl_slist_append(list, header.c_str());
  std::unique_ptr<curl_slist, decltype(&curl_slist_free_all)> owned(list, curl_slist_free_all);
  curl_easy_setopt(curl.get(), CURLOPT_URL, url.c_str());
  curl_easy_setopt(curl.get(), CURLOPT_HTTPHEADER, owned.get());
  curl_easy_setopt(curl.get(), CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(curl.get(), CURLOPT_NOPROXY, "*");
  curl_easy_setopt(curl.get(), CURLOPT_CONNECTTIMEOUT, 3L);
  curl_easy_setopt(curl.get(), CURLOPT_TIMEOUT, timeout_s);
  curl_easy_setopt(curl.get(), CURLOPT_WRITEFUNCTION, take);
  curl_easy_setopt(curl.get(), CURLOPT_WRITEDATA, &out.body);
  curl_easy_setopt(curl.get(), CURLOPT_HEADERFUNCTION, take_header);
  curl_easy_setopt(curl.get(), CURLOPT_HEADERDATA, &out);
  if (method == "POST" || !body.empty()) {
    curl_easy_setopt(curl.get(), CURLOPT_POSTFIELDSIZE, static_cast<long>(body.size()));
    curl_easy_setopt(curl.get(), CURLOPT_COPYPOSTFIELDS, std::string(body).c_str());
  }
  if (method != "POST") curl_easy_setopt(curl.get(), CURLOPT_CUSTOMREQUEST, std::string(method).c_str());
  auto result = curl_easy_perform(curl.get());
  if (result != CURLE_OK)
    return fail(ec::unavailable, fmt::format("nobody answers at {}: {}", url, curl_easy_strerror(result)));
  curl_easy_getinfo(curl.get(), CURLINFO_RESPONSE_CODE, &out.status);
  double seconds = 0;
  curl_easy_getinfo(curl.get(), CURLINFO_TOTAL_TIME, &seconds);
  out.took_ms = static_cast<long>(seconds * 1'000);
  return out;
}

} // namespace qrwell::cli
