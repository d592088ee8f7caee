#pragma once

#include "messages/interfaces.hpp"
#include "messages/message_list.hpp"

namespace qrwell {

/// Makes all message types and our error category known to a system.
void register_messages(caf::actor_system_config& cfg);

} // namespace qrwell
