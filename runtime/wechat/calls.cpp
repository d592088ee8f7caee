#include "runtime/wechat/calls.hpp"

#include <boost/json.hpp>

namespace qrwell::wechat {
namespace {

std::string percent_encoded(const std::string& text) {
  constexpr std::string_view hex = "0123456789ABCDEF";
  std::string out;
  for (auto c : text) {
    auto u = static_cast<unsigned char>(c);
    if ((c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '-' || c == '.' ||
        c == '_' || c == '~')
      out += c;
    else
      out.append({'%', hex[u >> 4], hex[u & 15]});
  }
  return out;
}

} // namespace

http_call code_call(const std::string& host, const secret& token, const std::string& id, const code_spec& spec) {
  http_call call;
  call.url = secret(host + "/wxa/getwxacodeunlimit?access_token=" + percent_encoded(token.reveal()));
  boost::json::object body{
      {"scene", id},
      {"page", spec.page},
      {"check_path", spec.check_path},
      {"env_version", spec.env_version},
      {"width", spec.width},
      {"auto_color", spec.auto_color},
      {"line_color", boost::json::object{{"r", spec.red}, {"g", spec.green}, {"b", spec.blue}}},
      {"is_hyaline", spec.hyaline},
  };
  call.body = secret(boost::json::serialize(body));
  return call;
}

http_call token_call(const std::string& host, const std::string& appid, const secret& app_secret, bool force) {
  http_call call;
  call.url = secret(host + "/cgi-bin/stable_token");
  boost::json::object body{
      {"grant_type", "client_credential"}, {"appid", appid}, {"secret", app_secret.reveal()}, {"force_refresh", force}};
  call.body = secret(boost::json::serialize(body));
  call.response_bytes_max = 64 * 1024;
  call.urgent = true;
  return call;
}

} // namespace qrwell::wechat
