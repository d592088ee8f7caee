#include "runtime/http/client_sentence.hpp"

namespace qrwell::http {
namespace {

constexpr std::string_view not_done = "This node could not do it. Its operator finds the reason in its log.";

// Stores begin their sentences with what they are, as in "store /var/lib/qrwell/store.db: ..."; the actors' own are
// whole sentences for clients; those of errors from inside (`internal`) begin with a capital letter.
bool is_of_a_store(std::string_view sentence) noexcept {
  for (std::string_view name : {"store ", "store:", "images: ", "jobs: ", "lease "})
    if (sentence.starts_with(name)) return true;
  return sentence.find("SQLite") != sentence.npos;
}

} // namespace

std::string_view client_sentence(ec code, std::string_view sentence) noexcept {
  switch (code) {
  case ec::store_busy:
    return "The store of this node has too much to do; nothing was done. Try again.";
  case ec::store_failed:
  case ec::store_corrupt:
    return "The store of this node did not do it. The operator of this node finds the reason in its log and status.";
  case ec::disk_full:
    return "A disk of this node has no room for it. Its operator can make some; then try again.";
  case ec::not_leader:
  case ec::locked:
  case ec::restored_copy:
    return "This node does not serve at the moment. Its operator finds the reason in its log and status.";
  case ec::invalid_config:
    return not_done;
  case ec::internal:
    return !sentence.empty() && sentence.front() >= 'A' && sentence.front() <= 'Z' ? sentence : not_done;
  case ec::unavailable:
    if (is_of_a_store(sentence))
      return "The store of this node is away. Its operator finds the reason in its log and status.";
    return sentence;
  case ec::outcome_unknown:
    if (is_of_a_store(sentence)) return "It is not known whether the store of this node did it. Look, then try again.";
    return sentence;
  default:
    return sentence;
  }
}

} // namespace qrwell::http
