#pragma once

#include "messages/errors.hpp"
#include "messages/interfaces.hpp"
#include "runtime/http/answer.hpp"

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
    auto retry =
        code == ec::unavailable || code == ec::timeout || code == ec::overloaded || code == ec::store_busy ? 1u : 0u;
    refuse(code, sentence_of(err).empty() ? render(err) : sentence_of(err), retry);
  }

  void json(int status, std::string_view body, std::string_view etag = {}) {
    answer([&](answer_writer& out) {
      std::vector<header> headers{{"Cache-Control", "no-store"}};
      if (!etag.empty()) headers.push_back({"ETag", etag});
      out.add(request.at, status, "application/json", body, request.request_id, std::span<const header>(headers),
              request.method == http_method::head);
    });
  }

  /// Somebody else answers it from now on.
  void hand_over() noexcept { answered_ = true; }

  /// The front end that the request came from.
  const answer_sink& sink() const noexcept { return sink_; }

  const http_request request;

private:
  Self self_;
  answer_sink sink_;
  size_t& under_way_;
  bool answered_ = false;
};

} // namespace qrwell::http
