# How folders become targets. A folder's sources are globbed: adding a file needs no change here.

add_library(qrwell_common INTERFACE)
target_include_directories(qrwell_common INTERFACE ${CMAKE_SOURCE_DIR})
target_link_libraries(qrwell_common INTERFACE CAF::io Boost::json Boost::url OpenSSL::Crypto fmt::fmt Threads::Threads)
target_compile_definitions(qrwell_common INTERFACE QRWELL_VERSION="${PROJECT_VERSION}" SPDLOG_FMT_EXTERNAL)

# The one precompiled header; every other target reuses it.
file(WRITE ${CMAKE_BINARY_DIR}/pch.cpp "")
add_library(qrwell_pch OBJECT ${CMAKE_BINARY_DIR}/pch.cpp)
target_link_libraries(qrwell_pch PUBLIC qrwell_common)
target_precompile_headers(qrwell_pch PRIVATE <cmake/pch.hpp>)  # by include path: the same text in every clone

function(qrwell_target target)
  target_link_libraries(${target} PUBLIC qrwell_common)
  target_precompile_headers(${target} REUSE_FROM qrwell_pch)
  # What a folder needs beyond its own lower floors it says in a file of its own: needs.cmake, run with `target` set.
endfunction()

# qrwell_library(NAME FOLDER): one static library of a whole folder.
function(qrwell_library name folder)
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/${folder}/*.cpp)
  string(REPLACE "/" "_" target qrwell_${name})
  add_library(${target} STATIC ${sources} ${CMAKE_SOURCE_DIR}/cmake/pch.hpp)
  set_target_properties(${target} PROPERTIES LINKER_LANGUAGE CXX)
  qrwell_target(${target})
  if (NOT name STREQUAL messages)
    target_link_libraries(${target} PUBLIC qrwell_messages)
  endif ()
  if (EXISTS ${CMAKE_SOURCE_DIR}/${folder}/needs.cmake)
    include(${CMAKE_SOURCE_DIR}/${folder}/needs.cmake)
  endif ()
endfunction()

# qrwell_library_per_folder(FOLDER): a library for each folder in it, so that each builds and is tested alone.
function(qrwell_library_per_folder folder)
  file(GLOB entries CONFIGURE_DEPENDS LIST_DIRECTORIES true ${CMAKE_SOURCE_DIR}/${folder}/*)
  foreach (entry IN LISTS entries)
    if (IS_DIRECTORY ${entry})
      get_filename_component(leaf ${entry} NAME)
      qrwell_library(${folder}_${leaf} ${folder}/${leaf})
      set_property(GLOBAL APPEND PROPERTY QRWELL_${folder} qrwell_${folder}_${leaf})
    endif ()
  endforeach ()
endfunction()

# qrwell_executables(FOLDER): a program for each folder in it that has a main.cpp, named like the folder.
function(qrwell_executables folder)
  file(GLOB mains CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/${folder}/*/main.cpp)
  foreach (main IN LISTS mains)
    get_filename_component(dir ${main} DIRECTORY)
    get_filename_component(target ${dir} NAME)
    file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${dir}/*.cpp)
    add_executable(${target} ${sources})
    qrwell_target(${target})
    if (EXISTS ${dir}/needs.cmake)
      include(${dir}/needs.cmake)
    endif ()
  endforeach ()
endfunction()
