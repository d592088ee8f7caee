target_link_libraries(${target} PUBLIC ZLIB::ZLIB)
