# What keeps compiling quick: most of a small file's time goes into the headers of the standard library
# and of others. Those are precompiled, one set for the libraries and one for the tests, and small
# files are compiled a few at a time (a unity build), which also makes common templates once only.
#
# A file must still include what it uses: -DLATHE_PRECOMPILE=OFF -DLATHE_UNITY=OFF shows where not.
option(LATHE_PRECOMPILE "Precompile headers that most files include" ON)
option(LATHE_UNITY "Compile several small files at once" ON)

set(LATHE_COMMON_HEADERS
  <algorithm> <array> <atomic> <charconv> <chrono> <cmath> <cstdint> <cstdio> <cstring> <filesystem> <fmt/format.h>
  <fmt/ranges.h> <functional> <future> <limits> <map> <memory> <mutex> <numeric> <optional> <set> <span> <string>
  <string_view> <system_error> <thread> <utility> <variant> <vector>)

# lathe_common_headers(TARGET [HEADER...]): gives a target the common headers, and those named, in
# precompiled form. Targets that name none, or the same, share one.
function(lathe_common_headers target)
  if(NOT LATHE_PRECOMPILE)
    return()
  endif()
  string(MAKE_C_IDENTIFIER "headers_${ARGN}" name)
  if(NOT TARGET lathe_${name})
    file(CONFIGURE OUTPUT ${PROJECT_BINARY_DIR}/${name}.cc CONTENT "")
    add_library(lathe_${name} OBJECT ${PROJECT_BINARY_DIR}/${name}.cc)
    target_link_libraries(lathe_${name} PRIVATE lathe_options)
    if("${ARGN}" MATCHES "gmock")
      target_link_libraries(lathe_${name} PRIVATE GTest::gmock)
    endif()
    target_precompile_headers(lathe_${name} PRIVATE ${LATHE_COMMON_HEADERS} ${ARGN})
    if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
      target_compile_options(lathe_${name} PRIVATE -fpch-preprocess)
    endif()
  endif()
  target_precompile_headers(${target} REUSE_FROM lathe_${name})
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    # A precompiled header fits one kind of code; CMake compiles the files of programs as -fPIE.
    target_compile_options(${target} PRIVATE -fpch-preprocess -fPIC)
  endif()
endfunction()

# lathe_unity(TARGET COUNT): compiles up to so many files of the target at once.
function(lathe_unity target count)
  if(LATHE_UNITY)
    set_target_properties(${target} PROPERTIES UNITY_BUILD ON UNITY_BUILD_BATCH_SIZE ${count})
  endif()
endfunction()
