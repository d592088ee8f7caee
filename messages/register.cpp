#include "messages/register.hpp"

#include "messages/errors.hpp"

namespace qrwell {
namespace {

// add_message_type() would register streams and vectors of each type too, which nobody sends and which cost most of the
// time it takes to compile.
template <class T>
void add_message(caf::actor_system_config& cfg, const char* wire_name) {
  std::type_index type{typeid(T)};
  cfg.type_names_by_rtti.emplace(type, wire_name);
  cfg.value_factories_by_name.emplace(wire_name, &caf::make_type_erased_value<T>);
  cfg.value_factories_by_rtti.emplace(type, &caf::make_type_erased_value<T>);
}

} // namespace

void register_messages(caf::actor_system_config& cfg) {
#define QRWELL_REGISTER(type, wire_name) add_message<type>(cfg, wire_name);
  QRWELL_MESSAGES(QRWELL_REGISTER)
#undef QRWELL_REGISTER
  // The lambda overload: the templated one does not compile in CAF 0.17.6.
  cfg.add_error_category(caf::atom("qrwell"), [](uint8_t code, caf::atom_value, const caf::message& context) {
    std::string text(to_string(static_cast<ec>(code)));
    if (!context.empty() && context.match_element<std::string>(0)) text += ": " + context.get_as<std::string>(0);
    return text;
  });
}

} // namespace qrwell
