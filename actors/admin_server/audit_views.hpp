#pragma once

#include "messages/errors.hpp"
#include "messages/listing.hpp"
#include "runtime/http/target.hpp"

#include <boost/json/object.hpp>

namespace qrwell {

/// `GET /v1/audit?limit=&before=`: limit 1 to 500, default 100; before: a time. Error invalid_request names the
/// parameter.
caf::expected<audit_query> read_audit_query(const http::target& target);

/// `{"entries": [...]}`, the newest first.
boost::json::object audit_json(const audit_entries& found);

} // namespace qrwell
