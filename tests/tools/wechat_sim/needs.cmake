target_link_libraries(${target} PRIVATE qrwell_wechat_sim)
# program_test.cpp starts the program itself.
add_dependencies(${target} wechat-sim)
