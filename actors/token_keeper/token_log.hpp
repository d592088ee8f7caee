#pragma once

#include "actors/token_keeper/token_book.hpp"
#include "runtime/logging/repeats.hpp"

namespace qrwell {

/// Writes down what becomes of an app's token: compares the book with what it was at the last look. Never the token.
class token_log {
public:
  /// `host`: the one that was asked last; empty: none was.
  void look(const std::string& app, const std::string& host, const token_book& book, int64_t now_ms);
  void forced(const std::string& app, const std::string& actor);
  void moved(const std::string& app, const std::string& from, const std::string& to, const std::string& why,
             int64_t now_ms);

private:
  uint64_t refreshes_ = 0, failures_ = 0, refused_ = 0, foreign_ = 0;
  log::limiter failing_, moving_;
};

} // namespace qrwell
