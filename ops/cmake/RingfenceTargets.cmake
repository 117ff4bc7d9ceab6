# ringfence_library(pipelines_cluster SOURCES a.cc DEPS ringfence::core PRIVATE_DEPS RocksDB::rocksdb)
#   One static library per folder, alias ringfence::<name>. PRIVATE_DEPS are the third-party libraries
#   that no header shows.
function(ringfence_library name)
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPS;PRIVATE_DEPS" ${ARGN})
  add_library(${name} STATIC ${ARG_SOURCES})
  add_library(ringfence::${name} ALIAS ${name})
  target_compile_options(${name} PRIVATE ${RINGFENCE_WARNINGS})
  target_link_libraries(${name} PUBLIC ${ARG_DEPS} PRIVATE ${ARG_PRIVATE_DEPS})
endfunction()

# ringfence_binary(ringfence SOURCES main.cc DEPS ...)
function(ringfence_binary name)
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPS" ${ARGN})
  add_executable(${name} ${ARG_SOURCES})
  target_compile_options(${name} PRIVATE ${RINGFENCE_WARNINGS})
  target_link_libraries(${name} PRIVATE ${ARG_DEPS})
  if(RINGFENCE_SANITIZE STREQUAL "thread")
    target_link_libraries(${name} PRIVATE tests_tsan)
  endif()
endfunction()

# ringfence_service(dedupe SOURCES main.cc DEPS ...)
#   The process of a service, ringfence-dedupe.
function(ringfence_service name)
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPS" ${ARGN})
  ringfence_binary(ringfence-${name} SOURCES ${ARG_SOURCES} DEPS ${ARG_DEPS})
  ringfence_use_jemalloc(ringfence-${name})
endfunction()

# ringfence_use_jemalloc(ringfence)
#   With the settings that servers have. Sanitizers bring their own allocator.
function(ringfence_use_jemalloc target)
  if(NOT RINGFENCE_SANITIZE)
    target_sources(${target} PRIVATE ${CMAKE_SOURCE_DIR}/services/runtime/malloc_conf.cc)
    target_link_libraries(${target} PRIVATE ${JEMALLOC_LIBRARY})
  endif()
endfunction()

# ringfence_test(pipelines_cluster_test SOURCES a_test.cc DEPS ... [LABELS integration] [ARGS ...])
#   One test binary per library, run shuffled.
function(ringfence_test name)
  cmake_parse_arguments(ARG "" "TIMEOUT" "SOURCES;DEPS;LABELS;ARGS" ${ARGN})
  ringfence_binary(${name} SOURCES ${ARG_SOURCES} DEPS ${ARG_DEPS} GTest::gmock_main)
  if(NOT ARG_LABELS)
    set(ARG_LABELS unit)
  endif()
  if(NOT ARG_TIMEOUT)
    set(ARG_TIMEOUT 600)
  endif()
  add_test(NAME ${name} COMMAND ${name} --gtest_shuffle --gtest_brief=1 ${ARG_ARGS}
           WORKING_DIRECTORY ${CMAKE_SOURCE_DIR})
  set_tests_properties(${name} PROPERTIES LABELS "${ARG_LABELS}" TIMEOUT ${ARG_TIMEOUT})
endfunction()
