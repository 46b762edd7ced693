# Compiler settings and third parties that every target shares.
set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/bin)
if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE Release)
endif()
# What the sanitizer presets use: line numbers in reports, and a third less to compile than -O2 -g.
set(CMAKE_CXX_FLAGS_SANITIZED "-O1 -g1 -DNDEBUG")

find_program(LATHE_CCACHE ccache)
if(LATHE_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  # What ccache needs to know of precompiled headers, and paths that do not depend on where the tree is.
  set(CMAKE_CXX_COMPILER_LAUNCHER
      ${CMAKE_COMMAND} -E env CCACHE_SLOPPINESS=pch_defines,time_macros CCACHE_BASEDIR=${PROJECT_SOURCE_DIR}
      CCACHE_NOHASHDIR=1 ${LATHE_CCACHE})
endif()
find_program(LATHE_LLD ld.lld)
if(LATHE_LLD AND NOT CMAKE_CROSSCOMPILING)
  add_link_options(-fuse-ld=lld)
endif()

add_library(lathe_options INTERFACE)
target_include_directories(lathe_options INTERFACE $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/src>
                                                   $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include>)
target_compile_definitions(lathe_options INTERFACE LATHE_VERSION="${PROJECT_VERSION}")
# No contraction: a*b+c rounds twice on every machine, so that integer requantization gives the
# same bits whatever the compiler may fuse. Kernels that want FMA say so with intrinsics.
target_compile_options(lathe_options INTERFACE -Wall -Wextra -Wpedantic -Wshadow -Wnon-virtual-dtor
                                               -ffp-contract=off)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # GCC 12 reports the inactive member of a std::variant as maybe uninitialized.
  target_compile_options(lathe_options INTERFACE -Wno-maybe-uninitialized)
endif()
if(LATHE_WERROR)
  target_compile_options(lathe_options INTERFACE -Werror)
endif()
if(LATHE_SANITIZE)
  add_compile_options(-fsanitize=${LATHE_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${LATHE_SANITIZE})
endif()
if(LATHE_FUZZ)
  # Coverage for libFuzzer in every library; its main is linked into the programs of fuzz/ alone.
  add_compile_options(-fsanitize=fuzzer-no-link)
endif()

find_package(Threads REQUIRED)
if(CMAKE_CROSSCOMPILING)
  # Header-only use: no foreign-architecture packages are needed for the core.
  add_library(lathe_fmt INTERFACE)
  target_include_directories(lathe_fmt SYSTEM INTERFACE ${PROJECT_BINARY_DIR}/host_headers)
  target_compile_definitions(lathe_fmt INTERFACE FMT_HEADER_ONLY SPDLOG_FMT_EXTERNAL SPDLOG_HEADER_ONLY)
  file(MAKE_DIRECTORY ${PROJECT_BINARY_DIR}/host_headers)
  foreach(dir fmt spdlog nlohmann)
    file(CREATE_LINK /usr/include/${dir} ${PROJECT_BINARY_DIR}/host_headers/${dir} SYMBOLIC)
  endforeach()
  target_link_libraries(lathe_options INTERFACE lathe_fmt Threads::Threads)
else()
  find_package(fmt REQUIRED)
  find_package(spdlog REQUIRED)
  find_package(nlohmann_json REQUIRED)
  target_link_libraries(lathe_options INTERFACE fmt::fmt spdlog::spdlog nlohmann_json::nlohmann_json
                                                Threads::Threads)
endif()

if(LATHE_TESTS)
  if(CMAKE_CROSSCOMPILING)
    if(EXISTS /usr/src/googletest)
      add_subdirectory(/usr/src/googletest ${PROJECT_BINARY_DIR}/googletest EXCLUDE_FROM_ALL)
    endif()
  else()
    find_package(GTest QUIET)
  endif()
  # Debian has GMock in a package of its own.
  if(NOT TARGET GTest::gmock OR NOT TARGET GTest::gtest_main)
    message(FATAL_ERROR "The tests need GoogleTest with GMock: run scripts/setup.sh --with-tests, or \
leave the tests out with -DLATHE_TESTS=OFF")
  endif()
endif()
