#include "messages/instantiate/instantiate.hpp"

QRWELL_SERVING_MESSAGES(QRWELL_INSTANTIATE_MESSAGE)
