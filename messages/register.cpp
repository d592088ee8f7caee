#include "messages/register.hpp"

#include "messages/errors.hpp"

namespace qrwell {

void register_messages(caf::actor_system_config& cfg) {
#define QRWELL_REGISTER(type, wire_name) cfg.add_message_type<type>(wire_name);
  QRWELL_MESSAGES(QRWELL_REGISTER)
#undef QRWELL_REGISTER
  // The lambda overload: the templated one does not compile in CAF 0.17.6.
  cfg.add_error_category(caf::atom("qrwell"), [](uint8_t code, caf::atom_value, const caf::message& context) {
    std::string text(to_string(static_cast<ec>(code)));
    if (context.match_elements<std::string>()) text += ": " + context.get_as<std::string>(0);
    return text;
  });
}

} // namespace qrwell
