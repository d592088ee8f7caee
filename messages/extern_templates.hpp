#pragma once

#include "messages/message_list.hpp"

#include <caf/detail/tuple_vals.hpp>
#include <caf/mailbox_element.hpp>

// What CAF makes of a message type (copying, comparing, serialising, printing) hangs on virtual functions, so every
// file that sends one would compile all of it. Said to be elsewhere, it is compiled once, in messages/instantiate/:
// that took two thirds off the time of a file that sends many.
#define QRWELL_MESSAGE_TEMPLATES(linkage, type)                                                                        \
  linkage template class caf::detail::type_erased_value_impl<qrwell::type>;                                            \
  linkage template class caf::detail::tuple_vals_impl<caf::detail::message_data, qrwell::type>;                        \
  linkage template class caf::detail::tuple_vals<qrwell::type>;                                                        \
  linkage template class caf::detail::tuple_vals_impl<caf::type_erased_tuple, qrwell::type>;

#ifndef QRWELL_INSTANTIATES_MESSAGES
#define QRWELL_EXTERN_MESSAGE(type, wire_name)                                                                         \
  QRWELL_MESSAGE_TEMPLATES(extern, type)                                                                               \
  extern template class caf::mailbox_element_vals<qrwell::type>;
QRWELL_MESSAGES(QRWELL_EXTERN_MESSAGE)
#undef QRWELL_EXTERN_MESSAGE
#endif
