# Installs what was built, builds examples/classify and examples/c against that as outside projects do, by
# CMake and by pkg-config, and runs them, and examples/ctypes with the installed library.
#
#   cmake -D BUILD=... -D SOURCE=... -D COMPILER=... -D C_COMPILER=... -D FLAGS=... -D WRITE_CLASSIFIER=...
#         -D PYTHON=... -D READELF=... -P install_test.cmake
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

run(${CMAKE_COMMAND} -S ${SOURCE}/examples/c -B ${work}/build_c -G Ninja -D CMAKE_PREFIX_PATH=${prefix}
    -D CMAKE_C_COMPILER=${C_COMPILER} "-DCMAKE_C_FLAGS=${FLAGS} -Werror")
run(${CMAKE_COMMAND} --build ${work}/build_c)
run(${work}/build_c/run_model ${work}/shapes.onnx)
set(answer_of_c "${output}")
if(NOT answer_of_c MATCHES "^(-?[0-9]+\\.[0-9]+\n)(-?[0-9]+\\.[0-9]+\n)(-?[0-9]+\\.[0-9]+\n)$")
  message(FATAL_ERROR "run_model printed: ${output}")
endif()
run(${prefix}/bin/lathe compile ${work}/shapes.onnx -o ${work}/shapes.lathe)
run(${work}/build_c/run_model ${work}/shapes.lathe)
if(NOT output STREQUAL answer_of_c)
  message(FATAL_ERROR "run_model printed for the compiled model: ${output}, and before: ${answer_of_c}")
endif()
file(GLOB_RECURSE library ${prefix}/*/liblathe.so)

# What a sanitizer's run time has to come first for is not loaded into a Python without it.
if(FLAGS STREQUAL "")
  run(${PYTHON} ${SOURCE}/examples/ctypes/run_model.py ${library} ${work}/shapes.onnx)
  if(NOT output STREQUAL answer_of_c)
    message(FATAL_ERROR "run_model.py printed: ${output}, and run_model: ${answer_of_c}")
  endif()
  execute_process(COMMAND ${PYTHON} ${SOURCE}/examples/ctypes/run_model.py ${library} ${work}/missing.onnx
                  RESULT_VARIABLE status ERROR_VARIABLE errors)
  if(NOT status EQUAL 1 OR NOT errors MATCHES "missing.onnx")
    message(FATAL_ERROR "run_model.py ended with ${status}: ${errors}")
  endif()
endif()

# All C functions of the header are there, under their version, and so are the classes, without.
run(${READELF} --dyn-syms --wide ${library})
set(symbols "${output}")
file(STRINGS ${SOURCE}/include/lathe/c_api.h lines REGEX "LATHE_C_API .*[* ]lathe_[a-z_]+\\(")
list(LENGTH lines count)
if(count LESS 50)
  message(FATAL_ERROR "c_api.h declares ${count} functions")
endif()
foreach(line ${lines})
  string(REGEX REPLACE ".*[* ](lathe_[a-z_]+)\\(.*" "\\1" name "${line}")
  if(NOT symbols MATCHES " ${name}@@LATHE_0.1\n")
    message(FATAL_ERROR "liblathe.so does not have ${name} under the version LATHE_0.1")
  endif()
endforeach()
if(NOT symbols MATCHES " _ZN5lathe5Model4loadE[A-Za-z0-9_]*\n")
  message(FATAL_ERROR "liblathe.so does not have lathe::Model::load")
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
  separate_arguments(flags UNIX_COMMAND "${FLAGS}")
  run(${C_COMPILER} -std=c11 -Wall -Wextra -pedantic -Werror ${flags} ${SOURCE}/examples/c/run_model.c
      -o ${work}/c_by_pkg_config ${options})
  run(${CMAKE_COMMAND} -E env LD_LIBRARY_PATH=${libraries} ${work}/c_by_pkg_config ${work}/shapes.onnx)
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

foreach(arguments "${work}/missing.onnx" "${SOURCE}/tests/data/gradient.png"
                  "${work}/shapes.onnx;${work}/shapes.onnx")
  execute_process(COMMAND ${work}/build_c/run_model ${arguments} RESULT_VARIABLE status
                  ERROR_VARIABLE errors OUTPUT_QUIET)
  if(NOT status EQUAL 1 OR errors STREQUAL "")
    message(FATAL_ERROR "run_model ${arguments} ended with ${status}: ${errors}")
  endif()
endforeach()

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
