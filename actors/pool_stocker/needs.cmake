target_link_libraries(${target} PUBLIC qrwell_runtime_core qrwell_runtime_ids qrwell_runtime_plan qrwell_runtime_wechat JPEG::JPEG PNG::PNG qrwell_runtime_logging)
