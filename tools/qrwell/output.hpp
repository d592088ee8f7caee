#pragma once

#include "messages/errors.hpp"

#include <boost/json/value.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace qrwell::cli {

/// A line on standard output.
void print(std::string_view line);

/// An error on standard error, and the exit code that belongs to it.
int complain(const caf::error& err);

/// A line on standard error that is written over and goes at the end; nothing where no terminal is.
class progress_line {
public:
  progress_line();
  ~progress_line();
  progress_line(const progress_line&) = delete;
  progress_line& operator=(const progress_line&) = delete;
  void show(std::string_view text);

private:
  bool seen_, shown_ = false;
};

/// Columns, left aligned but for those of numbers; the first row is the header.
void print_table(const std::vector<std::vector<std::string>>& rows);

/// A member of an object as text: strings bare, null as "-".
std::string cell(const boost::json::object& from, std::string_view member);

/// A line for each former look of a pool of which codes are kept.
void print_former(const boost::json::object& pool);

} // namespace qrwell::cli
