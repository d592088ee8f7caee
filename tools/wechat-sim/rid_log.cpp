#include "tools/wechat-sim/rid_log.hpp"

#include <algorithm>
#include <utility>

namespace qrwell::sim {

void rid_log::add(rid_entry entry) {
  entry.request_body.resize(std::min(entry.request_body.size(), body_bytes_max));
  if (entries_.size() == entries_max) entries_.pop_front();
  entries_.push_back(std::move(entry));
}

const rid_entry* rid_log::find(std::string_view rid) const {
  auto found = std::ranges::find(entries_, rid, &rid_entry::rid);
  return found == entries_.end() ? nullptr : &*found;
}

bool is_rid(std::string_view text) {
  constexpr std::size_t group = 8;
  if (text.size() != 3 * group + 2) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    bool dash = i == group || i == 2 * group + 1;
    bool hex = (text[i] >= '0' && text[i] <= '9') || (text[i] >= 'a' && text[i] <= 'f');
    if (dash ? text[i] != '-' : !hex) return false;
  }
  return true;
}

} // namespace qrwell::sim
