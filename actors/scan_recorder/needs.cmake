target_link_libraries(${target} PUBLIC qrwell_runtime_core qrwell_runtime_logging)
