#include "node/pool_spec.hpp"

#include "runtime/http/json.hpp"

#include <boost/json/object.hpp>

namespace qrwell {

code_spec spec_of(const pool_settings& pool) {
  code_spec spec;
  spec.app = pool.app;
  spec.page = pool.page;
  spec.env_version = pool.env_version;
  spec.width = pool.width;
  spec.auto_color = pool.auto_color;
  spec.red = pool.line_color.red;
  spec.green = pool.line_color.green;
  spec.blue = pool.line_color.blue;
  spec.hyaline = pool.hyaline;
  spec.check_path = pool.check_path;
  return spec;
}

std::string spec_text(const code_spec& spec) {
  return http::canonical_json(boost::json::object{{"app", spec.app},
                                                  {"auto_color", spec.auto_color},
                                                  {"blue", spec.blue},
                                                  {"check_path", spec.check_path},
                                                  {"env_version", spec.env_version},
                                                  {"green", spec.green},
                                                  {"hyaline", spec.hyaline},
                                                  {"page", spec.page},
                                                  {"red", spec.red},
                                                  {"width", spec.width}});
}

} // namespace qrwell
