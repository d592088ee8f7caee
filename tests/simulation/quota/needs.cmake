target_link_libraries(${target} PRIVATE qrwell_actors_quota_manager)
