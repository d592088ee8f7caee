get_property(actors GLOBAL PROPERTY QRWELL_actors)
get_property(runtimes GLOBAL PROPERTY QRWELL_runtime)
target_link_libraries(${target} PUBLIC ${actors} ${runtimes} qrwell_config)

# openapi.json becomes a part of the program. In pieces, since a string literal may not be longer than 64 KiB.
set(openapi_source ${CMAKE_BINARY_DIR}/openapi.cpp)
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/node/openapi.json)
file(READ ${CMAKE_CURRENT_SOURCE_DIR}/node/openapi.json openapi_json)
string(REGEX REPLACE "\n" ")~\"\n  R\"~(\\n" openapi_pieces "${openapi_json}")
string(REPLACE "R\"~(\\n" "\"\\n\" R\"~(" openapi_pieces "${openapi_pieces}")
file(GENERATE OUTPUT ${openapi_source}
     CONTENT "#include \"node/openapi.hpp\"\n\nnamespace qrwell {\n\nstd::string_view openapi_text() {\n  static constexpr char text[] = R\"~(${openapi_pieces})~\";\n  return {text, sizeof text - 1};\n}\n\n} // namespace qrwell\n")
target_sources(${target} PRIVATE ${openapi_source})
