target_link_libraries(${target} PRIVATE qrwell_actors_token_keeper)
