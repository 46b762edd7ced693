# Installs what was built, builds examples/classify against that as an outside project does, and
# classifies an image with it.
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
