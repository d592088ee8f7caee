#pragma once

#include "messages/common.hpp"
#include "messages/errors.hpp"

#include <string>
#include <string_view>

namespace qrwell {

/// Symbols of up to version 3 (29 modules) are quick to scan from a printed square centimetre; with error correction M
/// they hold 42 bytes, which are a prefix of 22 and an id of 20 (ISO/IEC 18004, table 7).
constexpr size_t link_prefix_bytes_small = 22;

/// Modules of white around the symbol, as the standard demands (ISO/IEC 18004, 5.3.8).
constexpr uint32_t quiet_zone_modules = 4;

constexpr uint32_t link_width_min = 100, link_width_max = 4'096, link_width_default = 430;

/// How wide and high the symbol of this text is, in modules, without its quiet zone.
caf::expected<uint32_t> link_code_modules(std::string_view text);

/// A QR code, error correction M, as a PNG of exactly `width_px` by `width_px` pixels; modules have a whole number of
/// pixels each, what is left becomes margin. Errors invalid_request: a width out of range or too small for a pixel a
/// module, a text too long for any symbol.
caf::expected<bytes> link_code_png(std::string_view text, uint32_t width_px);

/// The same as an SVG that scales to any size.
caf::expected<std::string> link_code_svg(std::string_view text, uint32_t width_px);

} // namespace qrwell
