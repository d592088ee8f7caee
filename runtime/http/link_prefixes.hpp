#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace qrwell::http {

/// What stands before the ids of link codes, as printed: "https://q.example.cn/", "https://q.example.cn/s?c=". Tells
/// whether a request is for something behind one of them. Scheme and default port do not count, since a proxy may have
/// ended TLS; hosts ignore case, paths do not.
class link_prefixes {
public:
  link_prefixes() = default;
  explicit link_prefixes(const std::vector<std::string>& prefixes);

  /// What stands where the id does: the rest of the path, if that is one segment and not empty, or the value of the
  /// query's parameter. `target` as sent.
  std::optional<std::string_view> id_behind(std::string_view host, std::string_view target) const;

  /// "host/path/NAME.txt", if that is a plain name in the last directory of a prefix: there WeChat looks for its check
  /// file.
  std::optional<std::string> file_behind(std::string_view host, std::string_view target) const;

  bool holds(std::string_view host, std::string_view target) const {
    return !all_.empty() && (id_behind(host, target) || file_behind(host, target));
  }

private:
  struct one {
    std::string host, rest; ///< rest: from the first slash on
  };
  std::vector<one> all_;
};

/// [A-Za-z0-9_-]+.txt of at most 128 bytes.
bool is_check_file_name(std::string_view name) noexcept;

/// "host/path/" of a prefix, as file_behind() begins its answers.
std::string check_file_folder(std::string_view prefix);

} // namespace qrwell::http
