#pragma once

// The one place where CAF's code for a message is compiled; see messages/extern_templates.hpp.
#define QRWELL_INSTANTIATES_MESSAGES
#include "messages/interfaces.hpp"

namespace qrwell {

// mailbox_element_vals has a member that never compiles (dispose, CAF 0.17.6), so it cannot be instantiated by name:
// making one is what brings its virtual functions here.
template <class T>
caf::mailbox_element_ptr in_mailbox() {
  return caf::make_mailbox_element(nullptr, caf::make_message_id(), {}, T{});
}

} // namespace qrwell

// The empty argument is the missing word "extern".
#define QRWELL_INSTANTIATE_MESSAGE(type, wire_name)                                                                    \
  QRWELL_MESSAGE_TEMPLATES(, type)                                                                                     \
  template caf::mailbox_element_ptr qrwell::in_mailbox<qrwell::type>();
