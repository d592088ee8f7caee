target_sources(${target} PRIVATE ${CMAKE_SOURCE_DIR}/tests/contract/rig.cpp)
target_link_libraries(${target} PRIVATE qrwell_actors_store_worker qrwell_runtime_stores)
