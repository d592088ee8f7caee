target_link_libraries(${target} PUBLIC qrwell_runtime_core qrwell_runtime_http qrwell_runtime_keys qrwell_runtime_codes
                      qrwell_runtime_ids qrwell_runtime_logging)
