#pragma once

#include "config/problems.hpp"
#include "config/settings.hpp"

namespace qrwell::config {

/// Fills in the defaults that follow from other options. Idempotent.
void derive(settings& s, const places& where);
void derive(app_settings& app, const places& where, const std::string& path);
void derive(pool_settings& pool, const places& where, const std::string& path);

/// What no single option can know: names that refer to each other, order of numbers, what lies on the disk.
void check_all(settings& s, const places& where, problems& found);

} // namespace qrwell::config
