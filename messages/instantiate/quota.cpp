#include "messages/instantiate/instantiate.hpp"

QRWELL_QUOTA_MESSAGES(QRWELL_INSTANTIATE_MESSAGE)
