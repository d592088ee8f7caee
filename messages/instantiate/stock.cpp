#include "messages/instantiate/instantiate.hpp"

QRWELL_STOCK_MESSAGES(QRWELL_INSTANTIATE_MESSAGE)
