target_link_libraries(${target} PRIVATE qrwell_actors_transfer_server)
