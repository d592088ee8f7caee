#pragma once

#include "messages/http.hpp"
#include "runtime/http/json.hpp"

#include <boost/json.hpp>
#include <boost/test/unit_test.hpp>

#include <map>
#include <string>
#include <vector>

namespace qrwell::test {

/// One HTTP answer taken apart.
struct answer_text {
  http_place at;
  int status = 0;
  std::map<std::string, std::string> headers;
  std::string body;

  std::string header(const std::string& name) const {
    auto found = headers.find(name);
    return found == headers.end() ? "" : found->second;
  }
  boost::json::object json() const {
    auto value = http::parse_json(body);
    BOOST_REQUIRE_MESSAGE(value, body);
    return value->as_object();
  }
  std::string code() const { return std::string(json().at("code").as_string()); }
  std::string detail() const { return std::string(json().at("detail").as_string()); }
  std::string id() const { return std::string(json().at("id").as_string()); }
};

inline std::vector<answer_text> take_apart(const http_answers& answers) {
  std::vector<answer_text> out;
  for (const auto& a : answers.answers) {
    auto text = answers.arena.substr(a.offset, a.size);
    answer_text one;
    one.at = a.at;
    auto end = text.find("\r\n\r\n");
    BOOST_REQUIRE(end != std::string::npos);
    one.status = std::stoi(text.substr(9, 3));
    one.body = text.substr(end + 4);
    for (auto line = text.find("\r\n") + 2; line < end + 2;) {
      auto stop = text.find("\r\n", line), colon = text.find(": ", line);
      one.headers[text.substr(line, colon - line)] = text.substr(colon + 2, stop - colon - 2);
      line = stop + 2;
    }
    out.push_back(std::move(one));
  }
  return out;
}

} // namespace qrwell::test
