target_link_libraries(${target} PRIVATE qrwell_actors_token_keeper qrwell_actors_wechat_fetcher)
add_dependencies(${target} wechat-sim)
