include(${CMAKE_SOURCE_DIR}/tools/qrload/needs.cmake)
add_dependencies(${target} qrload)
