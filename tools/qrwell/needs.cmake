target_link_libraries(${target} PRIVATE qrwell_node CURL::libcurl JPEG::JPEG)
add_dependencies(${target} wechat-sim)
