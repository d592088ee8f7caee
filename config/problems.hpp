#pragma once

#include <map>
#include <string>
#include <vector>

namespace qrwell::config {

/// Where each key of a file stands. Keys are concrete paths, as in "pools[0].stock.low".
class places {
public:
  void add(const std::string& path, int line) { lines_.emplace(path, line); }
  bool given(const std::string& path) const { return lines_.count(path) > 0; }

  /// The line of a key; of one that is not there, the line of the map that it is missing from.
  int line(std::string path) const;

private:
  std::map<std::string, int> lines_;
};

/// All that is wrong with a file, and what is odd about it.
class problems {
public:
  problems(std::string file, const places& where)
      : file_(std::move(file))
      , where_(where) {}

  /// `allowed` may be empty: then nothing is said about it.
  void add(const std::string& path, std::string_view what, std::string_view allowed = {});
  void add_at(int line, const std::string& path, std::string_view what, std::string_view allowed = {});
  void warn(const std::string& path, std::string_view what);

  bool none() const noexcept { return wrong_.empty(); }
  std::string wrong() const;                 ///< in the order of lines, a line each
  std::vector<std::string> warnings() const; ///< in the order of lines

private:
  std::string format(int line, const std::string& path, std::string_view what, std::string_view allowed) const;

  std::string file_;
  const places& where_;
  std::multimap<int, std::string> wrong_, odd_;
};

} // namespace qrwell::config
