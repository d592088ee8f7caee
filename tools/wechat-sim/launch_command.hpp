#pragma once

namespace qrwell::sim {

/// `wechat-sim launch`: plays one launch and prints the times. Returns the exit code: 0 if the page found its target,
/// 1 if not, more for wrong arguments.
int run_launch_command(int argc, const char* const* argv);

} // namespace qrwell::sim
