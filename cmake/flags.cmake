# One set of flags for every target, so that all of them can share one precompiled header.
set(CMAKE_CXX_FLAGS_RELEASE "-O2 -g1 -DNDEBUG")
add_compile_options(-Wall -Wextra -Wpedantic -Wshadow -Wnon-virtual-dtor -Wold-style-cast -Wcast-qual -Werror
                    # g++ 12 warns falsely inside the standard library and CAF at -O2 (GCC bugs 105329, 105651, 107852)
                    -Wno-restrict -Wno-stringop-overflow -Wno-stringop-overread -Wno-array-bounds -Wno-maybe-uninitialized
                    -Wno-dangling-pointer
                    -fstack-protector-strong -fstack-clash-protection -fcf-protection -fPIE)
add_link_options(-pie -Wl,-z,relro,-z,now,-z,noexecstack)
add_compile_definitions(BOOST_ALLOW_DEPRECATED_HEADERS)
if (QRWELL_SANITIZE)
  # -O1: half the time to build, and the instrumented programs are slow either way.
  set(CMAKE_CXX_FLAGS_RELEASE "-O1 -g1 -DNDEBUG")
  # -fno-sanitize=null,vptr: CAF 0.17.6's own headers form null references on purpose, and its library has no RTTI for vptr checks.
  add_compile_options(-fsanitize=${QRWELL_SANITIZE} -fno-sanitize-recover=all -fno-sanitize=null,vptr -fno-omit-frame-pointer)
  add_link_options(-fsanitize=${QRWELL_SANITIZE})
else ()
  # No _GLIBCXX_ASSERTIONS: CAF 0.17.6 dereferences a null shared_ptr<tuple<>> when an actor is spawned without arguments.
  add_compile_definitions($<$<CONFIG:Release>:_FORTIFY_SOURCE=2>)
endif ()
