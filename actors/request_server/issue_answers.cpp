#include "actors/request_server/issue_answers.hpp"

#include "runtime/codes/code_json.hpp"

namespace qrwell {
namespace {

struct rate_headers {
  std::string limit, remaining, reset;
};

// A key without a limit has no such headers: an empty value leaves its header out.
rate_headers headers_of(const rate_verdict& rate) {
  if (rate.limit == 0) return {};
  return {std::to_string(rate.limit), std::to_string(rate.remaining), std::to_string(rate.reset_s)};
}

// For the one answer that follows.
struct timed_writer {
  timed_writer(http::answer_writer& w, const visit& v)
      : writer(w) {
    if (v.timed) writer.set_lines(v.times, true);
  }
  ~timed_writer() { writer.set_lines({}, false); }
  timed_writer(const timed_writer&) = delete;
  timed_writer& operator=(const timed_writer&) = delete;

  http::answer_writer& writer;
};

} // namespace

void issue_answers::bound(const visit& v, const code_view& code, int64_t wall_ms) {
  if (v.is_item) {
    auto& end = end_of_item(v, item_end::issued);
    end.code = code;
    end.rung = to_string(v.who.reached);
    return;
  }
  add(v, 201, code, v.form == wanted_form::json ? nullptr : &v.image, to_string(v.who.reached), "", wall_ms);
}

void issue_answers::replayed(const visit& v, const code_view& code, const bytes* image, int64_t wall_ms) {
  if (v.is_item) {
    end_of_item(v, v.reused ? item_end::reused : item_end::replayed).code = code;
    return;
  }
  add(v, 200, code, image, "", "true", wall_ms);
}

void issue_answers::add(const visit& v, int status, const code_view& code, const bytes* image, std::string_view rung,
                        std::string_view again, int64_t wall_ms) {
  location_.assign("/v1/codes/").append(code.id);
  auto rate = headers_of(v.rate);
  auto etag = "\"" + std::to_string(code.version) + "\"";
  std::string_view content = "application/json", body, id;
  if (image) {
    content = image_type(code.image_format.empty() ? v.image_format : code.image_format);
    body = {reinterpret_cast<const char*>(image->data()), image->size()};
    id = code.id;
  } else {
    body_.clear();
    append_code_json(body_, code, {public_url_, wall_ms, rung});
    body = body_;
  }
  timed_writer out(writer(v.sink), v);
  out.writer.add(v.at, status, content, body, v.request_id,
                 {{"Location", location_},
                  {"ETag", etag},
                  {"Qrwell-Code-Id", id},
                  {"Idempotency-Replayed", v.reused ? "" : again},
                  {"Qrwell-Reused", v.reused ? again : ""},
                  {"Cache-Control", "no-store"},
                  {"RateLimit-Limit", rate.limit},
                  {"RateLimit-Remaining", rate.remaining},
                  {"RateLimit-Reset", rate.reset}});
}

void issue_answers::problem(const visit& v, http::problem what) {
  if (v.is_item) {
    auto& end = end_of_item(v, item_end::refused);
    end.problem = what.code;
    end.detail = std::move(what.detail);
    end.retry_after_ms = what.retry_after_s * 1'000;
    return;
  }
  auto rate = headers_of(v.rate);
  what.rate_limit = std::move(rate.limit);
  what.rate_remaining = std::move(rate.remaining);
  what.rate_reset = std::move(rate.reset);
  timed_writer out(writer(v.sink), v);
  out.writer.add_problem(v.at, what, v.request_id);
}

void issue_answers::problem(uint32_t sink, const http_request& request, const http::problem& what) {
  writer(sink).add_problem(request.at, what, request.request_id);
}

void issue_answers::later(uint32_t asker, uint64_t item, const http::problem& why, uint32_t after_ms) {
  visit none;
  none.sink = asker;
  none.item = item;
  auto& end = end_of_item(none, item_end::later);
  end.problem = why.code;
  end.detail = why.detail;
  end.retry_after_ms = after_ms;
}

issue_result& issue_answers::end_of_item(const visit& v, item_end end) {
  if (v.sink >= items_.size()) items_.resize(v.sink + 1);
  auto& out = items_[v.sink].results.emplace_back();
  out.ticket = v.item;
  out.end = end;
  return out;
}

std::vector<std::pair<uint32_t, issue_results>> issue_answers::take_items() {
  std::vector<std::pair<uint32_t, issue_results>> out;
  for (size_t i = 0; i < items_.size(); ++i)
    if (!items_[i].results.empty()) out.emplace_back(static_cast<uint32_t>(i), std::exchange(items_[i], {}));
  return out;
}

http::answer_writer& issue_answers::writer(uint32_t sink) {
  if (sink >= writers_.size()) writers_.resize(sink + 1);
  return writers_[sink];
}

std::vector<std::pair<uint32_t, http_answers>> issue_answers::take() {
  std::vector<std::pair<uint32_t, http_answers>> out;
  for (size_t i = 0; i < writers_.size(); ++i)
    if (!writers_[i].empty()) out.emplace_back(static_cast<uint32_t>(i), writers_[i].take());
  return out;
}

} // namespace qrwell
