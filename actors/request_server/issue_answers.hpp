#pragma once

#include "actors/request_server/visit.hpp"
#include "messages/batch.hpp"
#include "runtime/http/answer.hpp"

#include <string>
#include <utility>
#include <vector>

namespace qrwell {

/// Writes the answers of `POST /v1/codes`: one arena for each front end, sent once per round.
class issue_answers {
public:
  explicit issue_answers(std::string public_url)
      : public_url_(std::move(public_url)) {}

  /// 201 with the code, or with its image if the visit has read it.
  void bound(const visit& v, const code_view& code, int64_t wall_ms);

  /// 200 with the code as it is now, or with `image`: of a replay, or of another request with the same target.
  void replayed(const visit& v, const code_view& code, const bytes* image, int64_t wall_ms);

  void problem(const visit& v, http::problem what);

  /// An item that is not let in yet.
  void later(uint32_t asker, uint64_t item, const http::problem& why, uint32_t after_ms);

  /// Before there is a visit.
  void problem(uint32_t sink, const http_request& request, const http::problem& what);

  /// What was written since the last call, by front end.
  std::vector<std::pair<uint32_t, http_answers>> take();

  /// Ends of items since the last call, by batch_server.
  std::vector<std::pair<uint32_t, issue_results>> take_items();

private:
  issue_result& end_of_item(const visit& v, item_end end);
  void add(const visit& v, int status, const code_view& code, const bytes* image, std::string_view rung,
           std::string_view again, int64_t wall_ms);
  http::answer_writer& writer(uint32_t sink);

  std::string public_url_, body_, location_;
  std::vector<http::answer_writer> writers_; ///< by front end
  std::vector<issue_results> items_;         ///< by batch_server
};

} // namespace qrwell
