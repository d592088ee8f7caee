#include "runtime/wechat/refusals.hpp"

#include <algorithm>
#include <array>

namespace qrwell::wechat {
namespace {

// Sources: the error tables of getUnlimitedQRCode, getStableAccessToken and the global list of WeChat's server API;
// sorted by code.
constexpr std::array entries{
    refusal_entry{-1, refusal::busy, "WeChat is busy: qrwell tries again with growing pauses"},
    refusal_entry{0, refusal::none, "no error"},
    refusal_entry{40001, refusal::token,
                  "the access token is not the newest one: qrwell fetches the present one; if it repeats, another "
                  "program refreshes tokens of this appid"},
    refusal_entry{40002, refusal::arguments,
                  "WeChat does not know the grant type: a fault of qrwell, or of a proxy that changes requests"},
    refusal_entry{40013, refusal::credentials, "WeChat does not know this appid: check apps.appid"},
    refusal_entry{40014, refusal::token, "the access token is not valid: qrwell fetches the present one"},
    refusal_entry{40097, refusal::arguments,
                  "WeChat does not take a parameter, often env_version or width: check the pool's settings"},
    refusal_entry{
        40125, refusal::credentials,
        "the AppSecret is wrong: check apps.secret_file; after a reset in the console the old one stops working"},
    refusal_entry{
        40129, refusal::arguments,
        "WeChat does not take a character of the scene: please report it, qrwell uses letters, digits, - and _ only"},
    refusal_entry{40159, refusal::arguments, "WeChat misses or does not take the path"},
    refusal_entry{
        40164, refusal::address,
        "this machine's public address is not in the account's IP list: add it in the console (errmsg names it)"},
    refusal_entry{40169, refusal::arguments,
                  "WeChat could not read the request or its scene: does a proxy change requests?"},
    refusal_entry{40243, refusal::credentials, "the AppSecret is frozen: unfreeze it in the console"},
    refusal_entry{41001, refusal::token, "the request came without an access token: does a proxy cut off the query?"},
    refusal_entry{41002, refusal::credentials, "the request came without an appid: check apps.appid"},
    refusal_entry{41004, refusal::credentials, "the request came without an AppSecret: check apps.secret_file"},
    refusal_entry{41030, refusal::page,
                  "the middle page is not in the released version of the mini-program, or its name starts with / or "
                  "has a query: check the pool's page, release it, or set check_path: false"},
    refusal_entry{42001, refusal::token, "the access token has expired: qrwell fetches the present one"},
    refusal_entry{43002, refusal::arguments, "WeChat wants POST: does a proxy change requests?"},
    refusal_entry{44002, refusal::arguments, "the request came without a body: does a proxy change requests?"},
    refusal_entry{44990, refusal::limit, "too many calls in one second: qrwell slows down"},
    refusal_entry{45009, refusal::limit,
                  "the limit of calls is reached, of this minute or of this day: qrwell slows down; if our own count "
                  "is lower, another program calls with this appid"},
    refusal_entry{45011, refusal::limit,
                  "the limit of calls in a minute is reached: qrwell slows down; if our own count is lower, another "
                  "program calls with this appid"},
    refusal_entry{45029, refusal::arguments,
                  "the number of codes with limited total is used up: not a code of this kind, please report it"},
    refusal_entry{45035, refusal::address,
                  "this machine's public address is not in the account's IP list: add it in the console"},
    refusal_entry{45063, refusal::limit, "WeChat does not make a code just now: qrwell slows down"},
    refusal_entry{47001, refusal::arguments,
                  "WeChat could not read the request as JSON: does a proxy change requests?"},
    refusal_entry{48001, refusal::account, "the account may not use this interface: is it a verified mini-program?"},
    refusal_entry{48004, refusal::account, "the interface is banned for this account: see the notices in the console"},
    refusal_entry{50002, refusal::account, "the account is limited: see the notices in the console"},
    refusal_entry{50004, refusal::account, "the account may not fetch access tokens: see the notices in the console"},
    refusal_entry{50007, refusal::account, "the account is frozen: see the notices in the console"},
    refusal_entry{61004, refusal::address,
                  "this machine's public address is not in the account's IP list: add it in the console"},
    refusal_entry{61007, refusal::account, "the account has not authorised this interface"},
    refusal_entry{85096, refusal::arguments,
                  "the page or scene holds scancode_time, which WeChat keeps for itself: check the pool's page"},
    refusal_entry{
        89503, refusal::address,
        "an administrator of the account must confirm this machine's address: WeChat has sent them a message"},
    refusal_entry{89506, refusal::address,
                  "an administrator refused this machine's address: calls work again in 24 hours at the earliest"},
    refusal_entry{89507, refusal::address,
                  "an administrator refused this machine's address: calls work again in 1 hour at the earliest"},
};
static_assert(std::is_sorted(entries.begin(), entries.end(),
                             [](const auto& a, const auto& b) { return a.errcode < b.errcode; }));

constexpr refusal_entry not_known{0, refusal::unknown,
                                  "qrwell does not know this code: look it up in WeChat's list of global error codes"};

} // namespace

const refusal_entry& explain(int32_t errcode) noexcept {
  auto it = std::lower_bound(entries.begin(), entries.end(), errcode,
                             [](const auto& e, int32_t code) { return e.errcode < code; });
  return it != entries.end() && it->errcode == errcode ? *it : not_known;
}

std::string describe(int32_t errcode, std::string_view errmsg) {
  auto out = std::to_string(errcode);
  if (!errmsg.empty()) out.append(" ").append(errmsg);
  return out.append(" (").append(explain(errcode).advice).append(")");
}

} // namespace qrwell::wechat
