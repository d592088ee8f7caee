#include "messages/instantiate/instantiate.hpp"

QRWELL_STORE_MESSAGES(QRWELL_INSTANTIATE_MESSAGE)
