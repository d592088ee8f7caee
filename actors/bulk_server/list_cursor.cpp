#include "actors/bulk_server/list_cursor.hpp"

#include "runtime/ids/base64url.hpp"
#include "runtime/ids/hash.hpp"

namespace qrwell {
namespace {

constexpr size_t hash_bytes = 8, time_bytes = 8, id_bytes_max = 64;

void put_number(std::string& out, int64_t number) {
  for (int shift = 56; shift >= 0; shift -= 8) out += static_cast<char>(static_cast<uint64_t>(number) >> shift & 0xff);
}

int64_t number_in(std::string_view bytes) {
  uint64_t out = 0;
  for (char c : bytes) out = out << 8 | static_cast<unsigned char>(c);
  return static_cast<int64_t>(out);
}

// Each text with its length in front, so that no two lists of filters look alike.
std::string hash_of(const code_list& filters) {
  std::string all;
  auto put = [&](std::string_view text) {
    put_number(all, static_cast<int64_t>(text.size()));
    all += text;
  };
  put(filters.owner);
  put(filters.tag);
  put_number(all, static_cast<int64_t>(filters.state));
  put_number(all, filters.from_ms);
  put_number(all, filters.to_ms);
  for (const auto& pool : filters.pools) put(pool);
  auto hash = sha256(all);
  return {reinterpret_cast<const char*>(hash.data()), hash_bytes};
}

} // namespace

std::string write_cursor(const code_list& filters, const code_page& page) {
  auto raw = hash_of(filters);
  put_number(raw, page.after_ms);
  return to_base64url(raw + page.after_id);
}

caf::error read_cursor(std::string_view text, code_list& list) {
  auto raw = from_base64url(text);
  constexpr auto head = hash_bytes + time_bytes;
  if (!raw || raw->size() <= head || raw->size() > head + id_bytes_max)
    return fail(ec::invalid_request, "cursor: is not a next_cursor that was given out here, or not all of it");
  if (raw->compare(0, hash_bytes, hash_of(list)) != 0)
    return fail(ec::invalid_request, "cursor: belongs to a list with other filters or of another key; send the filters "
                                     "that it came with, or begin without a cursor");
  list.after_ms = number_in(std::string_view(*raw).substr(hash_bytes, time_bytes));
  list.after_id = raw->substr(head);
  return caf::none;
}

} // namespace qrwell
