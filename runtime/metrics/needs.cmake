target_link_libraries(${target} PRIVATE prometheus::core)
