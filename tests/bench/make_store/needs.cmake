target_link_libraries(${target} PRIVATE qrwell_node)
