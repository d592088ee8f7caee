#pragma once

#include "messages/errors.hpp"

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace qrwell::http {

/// Which of the two fields the proxies write. Only that one is read: the other may be the client's own, handed on.
enum class forwarded_field : uint8_t { x_forwarded_for, forwarded };

/// The proxies whose word on a client's address is taken. Of a list of addresses the rightmost counts that is none of
/// theirs: what stands left of it anybody can have written.
class trusted_proxies {
public:
  trusted_proxies() = default;

  /// `networks`: addresses and CIDR networks of IPv4 and IPv6; error invalid_config names one that is none.
  static caf::expected<trusted_proxies> of(const std::vector<std::string>& networks, forwarded_field field);

  bool none() const noexcept { return networks_.empty(); }
  forwarded_field field() const noexcept { return field_; }
  bool holds(std::string_view address) const noexcept;

  struct verdict {
    std::string client;
    bool malformed = false; ///< something in the list is no address; what stands left of it was not read
  };

  /// `value`: of the field, as a trusted proxy at `peer` sent it.
  verdict client_of(std::string_view peer, std::string_view value) const;

private:
  using address = std::array<uint8_t, 16>; ///< IPv4 as ::ffff:a.b.c.d
  struct network {
    address first{};
    unsigned bits = 0;
  };
  static std::optional<address> read(std::string_view text) noexcept;
  static std::optional<network> read_network(std::string_view text) noexcept;
  bool holds(const address& one) const noexcept;
  friend bool is_network(std::string_view text) noexcept;

  std::vector<network> networks_;
  forwarded_field field_ = forwarded_field::x_forwarded_for;
};

/// "10.0.0.0/8", "192.0.2.7", "2001:db8::/32", "::1".
bool is_network(std::string_view text) noexcept;

} // namespace qrwell::http
