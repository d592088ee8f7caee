target_link_libraries(${target} PUBLIC qrwell_runtime_ids PRIVATE qrwell_runtime_core SQLite::SQLite3)
