#pragma once

#include "messages/errors.hpp"
#include "messages/interfaces.hpp"
#include "runtime/http/answer.hpp"
#include "runtime/http/gzip.hpp"
#include "runtime/http/problem.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <utility>

namespace qrwell::http {

/// One request on its way through an actor that asks others before it answers. Answered exactly once: if everyone who
/// could answer has let go of it, it answers 503 itself, so that no client waits for a forgotten request.
template <class Self>
class visit {
public:
  visit(Self self, answer_sink sink, http_request r, size_t& under_way)
      : request(std::move(r))
      , self_(self)
      , sink_(std::move(sink))
      , under_way_(under_way) {
    ++under_way_;
  }
  ~visit() {
    --under_way_;
    if (!answered_) refuse(ec::unavailable, "the request was dropped on its way: try again", 1);
  }
  visit(const visit&) = delete;
  visit& operator=(const visit&) = delete;

  /// `write` gets an answer_writer and adds the answer.
  template <class Write>
  void answer(Write write) {
    if (std::exchange(answered_, true)) return;
    answer_writer out;
    out.set_lines(lines(), timed_);
    write(out);
    self_->send(sink_, out.take());
  }

  void refuse(ec code, std::string detail, uint32_t retry_after_s = 0) {
    problem what;
    what.code = code;
    what.detail = std::move(detail);
    what.retry_after_s = retry_after_s;
    refuse(what);
  }

  void refuse(const problem& what) {
    answer([&](answer_writer& out) {
      out.add_problem(request.at, what, request.request_id, request.method == http_method::head);
    });
  }

  /// A caf error as a problem; with Retry-After where trying again makes sense.
  void refuse(const caf::error& err) {
    auto code = code_of(err);
    auto sentence = sentence_of(err);
    if (sentence.empty())
      sentence = code == ec::timeout ? "No answer in time from the part of this node that does it; it may have been "
                                       "done. Look, then try again."
                                     : render(err);
    auto retry = retry_after_s_of(err);
    refuse(code, std::move(sentence), retry == 0 && kind_of(code).retryable ? 1u : retry);
  }

  void json(int status, std::string_view body, std::string_view etag = {}) {
    text(status, "application/json", body, {{"Cache-Control", "no-store"}, {"ETag", etag}});
  }

  /// A body that shrinks well: in gzip for who takes it, if it is of a size that is worth it. One with an ETag stays as
  /// it is, since the tag names its bytes.
  void text(int status, std::string_view content_type, std::string_view body, std::initializer_list<header> more) {
    answer([&](answer_writer& out) {
      std::vector<header> headers(more);
      auto tagged = [](const header& h) { return h.first == "ETag" && !h.second.empty(); };
      auto head = request.method == http_method::head;
      std::string packed;
      if (worth_gzip(body) && std::none_of(headers.begin(), headers.end(), tagged)) {
        headers.push_back({"Vary", "Accept-Encoding"});
        if (request.gzip) packed = gzip(body);
        if (!packed.empty()) headers.push_back({"Content-Encoding", "gzip"});
      }
      out.add(request.at, status, content_type, packed.empty() ? body : packed, request.request_id,
              std::span<const header>(headers), head);
    });
  }

  /// Header lines of the answer, each with its CR LF, whatever it will be.
  void say(std::string_view lines) { said_ += lines; }

  /// Who asks may see how long the answer took.
  void may_see_times() noexcept { timed_ = true; }

  /// What was said so far, for who writes the answer elsewhere.
  const std::string& said() const noexcept { return said_; }
  bool timed() const noexcept { return timed_; }

  bool answered() const noexcept { return answered_; }

  /// Somebody else answers it from now on.
  void hand_over() noexcept { answered_ = true; }

  /// The front end that the request came from.
  const answer_sink& sink() const noexcept { return sink_; }

  const http_request request;

private:
  std::string lines() const {
    if (!timed_) return said_;
    auto spent = std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::steady_clock::now() - came_);
    return said_ + fmt::format("Server-Timing: work;dur={:.1f}\r\n", static_cast<double>(spent.count()) / 1'000);
  }

  Self self_;
  answer_sink sink_;
  size_t& under_way_;
  std::string said_;
  std::chrono::steady_clock::time_point came_ = std::chrono::steady_clock::now();
  bool answered_ = false, timed_ = false;
};

} // namespace qrwell::http
