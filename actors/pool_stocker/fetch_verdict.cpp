#include "actors/pool_stocker/fetch_verdict.hpp"

#include "runtime/wechat/refusals.hpp"

namespace qrwell {
namespace {

fetch_verdict judge_refusal(const fetched_code& fetched, bool is_probe) {
  fetch_verdict v;
  v.outcome = "error_" + std::to_string(fetched.errcode);
  v.reason = "wechat_" + std::to_string(fetched.errcode);
  v.sentence = "WeChat refuses codes: " + wechat::describe(fetched.errcode, fetched.detail);
  switch (wechat::explain(fetched.errcode).kind) {
  case wechat::refusal::limit:
    v.next = next_step::slow_down;
    v.limit = fetched.errcode == 45009 || fetched.errcode == 45011;
    v.counts = false;
    break;
  case wechat::refusal::address:
  case wechat::refusal::credentials:
    v.next = next_step::wait;
    v.counts = false;
    break;
  case wechat::refusal::page:
    if (is_probe) {
      v.next = next_step::wait;
      v.counts = false;
      v.sentence += ". One call a minute tries; stocking begins by itself when the page is released";
      break;
    }
    [[fallthrough]];
  case wechat::refusal::arguments:
  case wechat::refusal::account:
    v.next = next_step::stop;
    break;
  default: // busy, token, and what nobody has named yet: if it goes on, too many codes die, and that stops the pool
    v.next = next_step::retry;
  }
  return v;
}

} // namespace

fetch_verdict judge(const fetched_code& fetched, std::string_view image_fault, bool is_probe) {
  fetch_verdict v;
  switch (fetched.outcome) {
  case fetch_outcome::image:
    v.outcome = image_fault.empty() ? "images" : "bad_images";
    v.next = image_fault.empty() ? next_step::keep : next_step::bury;
    v.reason = image_fault;
    if (!image_fault.empty()) v.sentence = "an image is not good: " + std::string(image_fault);
    break;
  case fetch_outcome::refused:
    return judge_refusal(fetched, is_probe);
  case fetch_outcome::not_an_answer:
    v.outcome = "bad_images";
    v.reason = "not_an_answer";
    v.sentence = "WeChat's answer is none: " + fetched.detail;
    break;
  case fetch_outcome::lost:
    v.how = unit_end::lost;
    v.outcome = v.reason = "lost";
    v.sentence =
        "a call to WeChat got no whole answer: " + (fetched.detail.empty() ? "the call was lost" : fetched.detail);
    break;
  case fetch_outcome::never_written:
    v.how = unit_end::never_written;
    v.next = next_step::wait;
    v.sentence = "WeChat cannot be called: " + (fetched.detail.empty() ? "no connection" : fetched.detail);
    v.counts = false;
    break;
  }
  return v;
}

} // namespace qrwell
