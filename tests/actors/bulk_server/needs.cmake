target_link_libraries(${target} PRIVATE qrwell_actors_bulk_server)
