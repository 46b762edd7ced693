# lathe_library(NAME SOURCES ... [DEPS ...] [HEADERS ...] [FILE_BY_FILE | UNITY COUNT]
#               [TESTS ... [OPTIMISED_TESTS] [THREAD_TESTS ...] [TEST_DEPS ...] [TEST_ENVIRONMENTS ...]])
#
# One static library lathe_NAME for one folder of src/, its public dependencies, and one test
# program NAME_test. HEADERS are those of others that many of its files include, beside the common
# ones; FILE_BY_FILE leaves each its own compilation, UNITY joins so many (all: LatheCompileTime.cmake).
# TEST_ENVIRONMENTS runs the test program once more under each VAR=value given. OPTIMISED_TESTS: their
# results depend on what the optimiser does; THREAD_TESTS: those of TESTS that run several threads.
function(lathe_library name)
  cmake_parse_arguments(ARG "FILE_BY_FILE;OPTIMISED_TESTS" "UNITY"
                        "SOURCES;DEPS;HEADERS;TESTS;THREAD_TESTS;TEST_DEPS;TEST_ENVIRONMENTS" ${ARGN})
  set(target lathe_${name})
  add_library(${target} STATIC ${ARG_SOURCES})
  target_link_libraries(${target} PUBLIC lathe_options ${ARG_DEPS})
  lathe_common_headers(${target} ${ARG_HEADERS})
  if(NOT ARG_FILE_BY_FILE)
    if(NOT ARG_UNITY)
      set(ARG_UNITY 8)
    endif()
    lathe_unity(${target} ${ARG_UNITY})
  endif()
  set_property(GLOBAL APPEND PROPERTY LATHE_LIBRARIES ${target})
  if(LATHE_TESTS STREQUAL "THREADS")
    set(ARG_TESTS ${ARG_THREAD_TESTS})
  elseif(LATHE_TESTS STREQUAL "OPTIMISED" AND NOT ARG_OPTIMISED_TESTS)
    set(ARG_TESTS "")
  endif()
  if(LATHE_TESTS AND ARG_TESTS)
    lathe_test(${name}_test SOURCES ${ARG_TESTS} DEPS ${target} ${ARG_TEST_DEPS}
               ENVIRONMENTS ${ARG_TEST_ENVIRONMENTS})
  endif()
endfunction()

# lathe_allow_concatenation(TARGET): GCC 12 at -O3 sees an overlap in the concatenation of a literal
# and a string (bug 105651).
function(lathe_allow_concatenation target)
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    target_compile_options(${target} PRIVATE -Wno-restrict)
  endif()
endfunction()

# lathe_sees_folders(SOURCE...): LATHE_SOURCE_DIR and LATHE_BINARY_DIR for these tests alone: what they
# make is not in the compiler cache for another clone.
function(lathe_sees_folders)
  set_source_files_properties(${ARGN} PROPERTIES COMPILE_DEFINITIONS
      "LATHE_SOURCE_DIR=\"${PROJECT_SOURCE_DIR}\";LATHE_BINARY_DIR=\"${PROJECT_BINARY_DIR}\"")
endfunction()

# lathe_test(NAME SOURCES ... [DEPS ...] [ENVIRONMENTS ...]): a GoogleTest program run by ctest.
function(lathe_test name)
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPS;ENVIRONMENTS" ${ARGN})
  add_executable(${name} ${ARG_SOURCES})
  target_link_libraries(${name} PRIVATE ${ARG_DEPS} GTest::gtest_main GTest::gmock)
  lathe_common_headers(${name} <gmock/gmock.h> <gtest/gtest.h>)
  # What is measured and optimised is the library; a test calls it.
  target_compile_options(${name} PRIVATE $<$<CONFIG:Release>:-O1>)
  # UndefinedBehaviorSanitizer on the tests themselves would be two fifths of their compilation.
  target_compile_options(${name} PRIVATE $<$<CONFIG:Sanitized>:-fno-sanitize=undefined>)
  lathe_allow_concatenation(${name})
  add_test(NAME ${name} COMMAND ${name})
  foreach(environment ${ARG_ENVIRONMENTS})
    add_test(NAME ${name}:${environment} COMMAND ${name})
    set_tests_properties(${name}:${environment} PROPERTIES ENVIRONMENT ${environment})
  endforeach()
endfunction()
