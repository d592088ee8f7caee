# yaml-cpp stays behind the loader: nothing above sees its types or its exceptions.
target_link_libraries(${target} PRIVATE yaml-cpp)
target_link_libraries(${target} PUBLIC qrwell_runtime_plan qrwell_runtime_http)
