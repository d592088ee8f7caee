#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>

namespace qrwell::http {

struct client_shares_config {
  double per_s_max = 0;        ///< of all clients together
  double per_client_s_max = 0; ///< of these, one client's
  size_t clients_max = 4'096;  ///< told apart; what is past it shares one share
};

/// What is done for anybody, in units a second: so much for all, and so much of that for one client, so that one that
/// takes all that it can leaves the rest to the others. A second's worth is there at once. Clients are addresses; those
/// of IPv6 count by their first 64 bits, all of which one client has.
class client_shares {
public:
  explicit client_shares(client_shares_config cfg)
      : cfg_(cfg) {}

  /// Takes `cost`, if it is there and leaves `kept` of what is for all.
  bool take(std::string_view client, double cost, int64_t mono_ms, double kept = 0);

  /// What was taken was not spent.
  void give_back(std::string_view client, double cost);

  size_t clients() const noexcept { return clients_.size(); }

private:
  struct bucket {
    double left = -1; ///< of one that was never asked: full
    int64_t at_ms = 0;
    void fill(double most, int64_t mono_ms);
  };
  bucket& of(std::string_view client, int64_t mono_ms);

  client_shares_config cfg_;
  bucket all_, others_;
  std::unordered_map<std::string, bucket> clients_;
  int64_t swept_ms_ = 0;
};

} // namespace qrwell::http
