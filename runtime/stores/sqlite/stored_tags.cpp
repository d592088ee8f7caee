#include "runtime/stores/sqlite/stored_tags.hpp"

#include <boost/json.hpp>

namespace qrwell::sqlite {

std::vector<std::string> tags_in(std::string_view stored) {
  std::vector<std::string> out;
  if (stored.empty()) return out;
  boost::json::error_code bad;
  auto value = boost::json::parse(stored, bad);
  if (bad || !value.is_array()) return out;
  for (auto& tag : value.get_array())
    if (tag.is_string()) out.emplace_back(tag.get_string());
  return out;
}

} // namespace qrwell::sqlite
