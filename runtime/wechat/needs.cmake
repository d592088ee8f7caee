target_link_libraries(${target} PUBLIC CURL::libcurl)
