#include "tools/wechat-sim/error_text.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>

namespace qrwell::sim {

namespace {

constexpr std::string_view not_latest =
    "invalid credential, access_token is invalid or not latest, could get access_token by getStableAccessToken, "
    "more details at https://mmbizurl.cn/s/JtxxFh33r";

// The texts are protocol: clients have been seen to match on them.
constexpr std::array texts{
    std::pair{0, std::string_view{"ok"}},
    std::pair{40001, not_latest},
    std::pair{40002, std::string_view{"invalid grant_type"}},
    std::pair{40013, std::string_view{"invalid appid"}},
    std::pair{40014, std::string_view{"invalid access_token"}},
    std::pair{40066, std::string_view{"invalid url"}},
    std::pair{40097, std::string_view{"invalid args"}},
    std::pair{40125, std::string_view{"invalid appsecret"}},
    std::pair{40129, std::string_view{"invalid scene"}},
    std::pair{40159, std::string_view{"invalid length for path, or the data is not json string"}},
    std::pair{40164, std::string_view{"invalid ip, not in whitelist"}},
    std::pair{40169, std::string_view{"invalid length for scene, or the data is not json string"}},
    std::pair{40243, std::string_view{"AppSecret has been frozen"}},
    std::pair{41001, std::string_view{"access_token missing"}},
    std::pair{41002, std::string_view{"appid missing"}},
    std::pair{41004, std::string_view{"appsecret missing"}},
    std::pair{41030, std::string_view{"invalid page"}},
    std::pair{42001, std::string_view{"access_token expired"}},
    std::pair{43001, std::string_view{"require GET method"}},
    std::pair{43002, std::string_view{"require POST method"}},
    std::pair{44002, std::string_view{"empty post data"}},
    std::pair{45002, std::string_view{"content size out of limit"}},
    std::pair{44990, std::string_view{"reach max api second frequence limit"}},
    std::pair{45009, std::string_view{"reach max api daily quota limit"}},
    std::pair{45011, std::string_view{"api minute-quota reach limit, must slower, retry next minute"}},
    std::pair{45029, std::string_view{"qrcode count out of limit"}},
    std::pair{45035, std::string_view{"access clientip is not registered, not in ip-white-list"}},
    std::pair{47001, std::string_view{"data format error"}},
    std::pair{48001, std::string_view{"api unauthorized"}},
    std::pair{48004, std::string_view{"api forbidden for irregularities"}},
    std::pair{48006, std::string_view{"forbid to clear quota because of reaching the limit"}},
    std::pair{50002, std::string_view{"user limited"}},
    std::pair{50004, std::string_view{"forbidden to use the token interface"}},
    std::pair{50007, std::string_view{"account frozen"}},
    std::pair{61004, std::string_view{"access clientip is not registered"}},
    std::pair{76001, std::string_view{"rid not found"}},
    std::pair{76002, std::string_view{"rid is error"}},
    std::pair{76003, std::string_view{"rid is not belong to the app"}},
    std::pair{76004, std::string_view{"rid is out of time"}},
    std::pair{76021, std::string_view{"cgi_path not found, please check"}},
    std::pair{76022, std::string_view{"could not use this cgi_path, no permission"}},
    std::pair{85096, std::string_view{"not allow include scancode_time field"}},
    std::pair{89503, std::string_view{"this call requires the confirmation of the administrator"}},
    std::pair{89506, std::string_view{"this ip was refused by the administrator, retry in 24 hours"}},
    std::pair{89507, std::string_view{"this ip was refused by the administrator, retry in 1 hour"}},
};

} // namespace

std::string_view error_text(int code) {
  auto found = std::find_if(texts.begin(), texts.end(), [code](const auto& entry) { return entry.first == code; });
  return found == texts.end() ? std::string_view{"system error"} : found->second;
}

std::string ip_error_text(std::string_view ip) {
  return fmt::format("invalid ip {0} ipv6 ::ffff:{0}, not in whitelist", ip);
}

std::string error_body(int code, std::string_view text, std::string_view rid) {
  return fmt::format(R"({{"errcode":{},"errmsg":"{} rid: {}"}})", code, text, rid);
}

} // namespace qrwell::sim
