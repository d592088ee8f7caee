target_link_libraries(${target} PRIVATE qrwell_runtime_qr)
