# Compiler launcher, linker, warnings and sanitizers: what every target shares.
find_program(RINGFENCE_CCACHE ccache)
if(RINGFENCE_CCACHE)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${RINGFENCE_CCACHE})
endif()
find_program(RINGFENCE_MOLD mold)
if(RINGFENCE_MOLD)
  add_link_options(-fuse-ld=mold)
endif()

set(RINGFENCE_SANITIZE "" CACHE STRING "Sanitizers, as -fsanitize takes them: address,undefined or thread")
if(RINGFENCE_SANITIZE)
  add_compile_options(-fsanitize=${RINGFENCE_SANITIZE} -fno-omit-frame-pointer)
  add_link_options(-fsanitize=${RINGFENCE_SANITIZE})
endif()
option(RINGFENCE_FUZZ "Build the fuzz targets with libFuzzer (needs clang)" OFF)
if(RINGFENCE_FUZZ)
  add_compile_options(-fsanitize=fuzzer-no-link,address,undefined -fno-omit-frame-pointer)
  add_link_options(-fsanitize=address,undefined)
endif()

# Only for our own code; generated code and system headers are not held to it.
set(RINGFENCE_WARNINGS -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Werror)
if(CMAKE_CXX_COMPILER_ID STREQUAL GNU)
  # g++ 12 reports std::string::insert falsely (GCC bug 105651).
  list(APPEND RINGFENCE_WARNINGS -Wno-restrict)
  # g++ 14 takes what stands in an optional in a variant for uninitialised when it is swapped.
  list(APPEND RINGFENCE_WARNINGS -Wno-maybe-uninitialized)
endif()
