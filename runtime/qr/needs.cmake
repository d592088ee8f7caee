target_link_libraries(${target} PUBLIC PNG::PNG PkgConfig::QRENCODE qrwell_runtime_http qrwell_runtime_ids)
