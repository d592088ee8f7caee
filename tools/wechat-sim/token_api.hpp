#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "tools/wechat-sim/sim_answer.hpp"
#include "tools/wechat-sim/sim_state.hpp"

namespace qrwell::sim {

/// GET /cgi-bin/token and POST /cgi-bin/stable_token.
class token_api {
public:
  explicit token_api(sim_state& state)
      : state_(state) {}

  sim_answer ordinary(const sim_request& request, int64_t now_us);
  sim_answer stable(const sim_request& request, int64_t now_us);

private:
  struct credentials {
    std::string_view appid;
    std::string_view grant_type;
    std::string_view secret;
  };
  enum class mode { ordinary, stable, forced };

  sim_answer grant(const credentials& given, mode wanted, const sim_request& request, int64_t now_us);
  int credentials_error(const app_state& app, const credentials& given) const;
  /// Charges a call to its quota; the error if there is none left, 0 if there is.
  int charge(app_counts& counts, mode wanted, int64_t now_us) const;

  sim_state& state_;
};

} // namespace qrwell::sim
