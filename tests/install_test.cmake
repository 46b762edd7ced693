# Installs what was built, builds examples/classify against that as outside projects do, by CMake and by
# pkg-config, and classifies an image with it.
#
#   cmake -D BUILD=... -D SOURCE=... -D COMPILER=... -D FLAGS=... -D WRITE_CLASSIFIER=... -P install_test.cmake
cmake_minimum_required(VERSION 3.25)

set(work ${BUILD}/test_files/install)
set(prefix ${work}/prefix)
file(REMOVE_RECURSE ${work})
file(MAKE_DIRECTORY ${work})

# run(COMMAND...): sets `output`; an error where the command fails.
function(run)
  execute_process(COMMAND ${ARGN} RESULT_VARIABLE status OUTPUT_VARIABLE output ERROR_VARIABLE errors)
  if(NOT status EQUAL 0)
    list(JOIN ARGN " " command)
    message(FATAL_ERROR "${command}\nended with ${status}\n${output}${errors}")
  endif()
  set(output "${output}" PARENT_SCOPE)
endfunction()

run(${CMAKE_COMMAND} --install ${BUILD} --prefix ${prefix})
run(${CMAKE_COMMAND} -S ${SOURCE}/examples/classify -B ${work}/build -G Ninja
    -D CMAKE_PREFIX_PATH=${prefix} -D CMAKE_CXX_COMPILER=${COMPILER} "-DCMAKE_CXX_FLAGS=${FLAGS}")
run(${CMAKE_COMMAND} --build ${work}/build)

run(${WRITE_CLASSIFIER} ${work}/shapes.onnx)
run(${work}/build/classify ${work}/shapes.onnx ${SOURCE}/tests/data/gradient.png)
if(NOT output MATCHES "gradient.png: (circle|square|triangle), [0-9.]+ %\n$")
  message(FATAL_ERROR "classify printed: ${output}")
endif()

find_program(pkg_config NAMES pkg-config pkgconf)
if(pkg_config)
  file(GLOB_RECURSE package_file ${prefix}/*/lathe.pc)
  get_filename_component(package_folder ${package_file} DIRECTORY)
  set(ask ${CMAKE_COMMAND} -E env PKG_CONFIG_PATH=${package_folder} ${pkg_config})
  run(${ask} --cflags --libs lathe)
  separate_arguments(options UNIX_COMMAND "${output}")
  run(${ask} --variable=libdir lathe)
  string(STRIP "${output}" libraries)
  run(${COMPILER} -std=c++20 ${FLAGS} ${SOURCE}/examples/classify/main.cc -o ${work}/by_pkg_config ${options})
  run(${CMAKE_COMMAND} -E env LD_LIBRARY_PATH=${libraries} ${work}/by_pkg_config ${work}/shapes.onnx
      ${SOURCE}/tests/data/gradient.png)
else()
  message(STATUS "no pkg-config: lathe.pc is not tested")
endif()

foreach(file share/man/man1/lathe.1 share/bash-completion/completions/lathe share/zsh/site-functions/_lathe
             share/fish/vendor_completions.d/lathe.fish)
  if(NOT EXISTS ${prefix}/${file})
    message(FATAL_ERROR "${file} is not installed")
  endif()
  file(READ ${prefix}/${file} text)
  if(NOT text MATCHES "quantize")
    message(FATAL_ERROR "${file} does not tell of the verbs")
  endif()
endforeach()

run(${prefix}/bin/lathe --version)
if(NOT output MATCHES "^lathe [0-9.]+\n$")
  message(FATAL_ERROR "lathe --version printed: ${output}")
endif()

# Wrong calls and broken models end with an error, not a crash.
foreach(arguments "${work}/missing.onnx;${SOURCE}/tests/data/gradient.png"
                  "${SOURCE}/tests/data/gradient.png;${SOURCE}/tests/data/gradient.png"
                  "${work}/shapes.onnx;${work}/shapes.onnx")
  execute_process(COMMAND ${work}/build/classify ${arguments} RESULT_VARIABLE status
                  ERROR_VARIABLE errors OUTPUT_QUIET)
  if(NOT status EQUAL 1 OR errors STREQUAL "")
    message(FATAL_ERROR "classify ${arguments} ended with ${status}: ${errors}")
  endif()
endforeach()
