# Fails where a program is linked with a library that it should do without.
#
#   cmake -D PROGRAM=... -D READELF=... -D FORBIDDEN=REGEX -P needed_libraries.cmake
execute_process(COMMAND ${READELF} --dynamic ${PROGRAM} OUTPUT_VARIABLE dynamic
                COMMAND_ERROR_IS_FATAL ANY)
string(REGEX MATCHALL "Shared library: [^\n]*" libraries "${dynamic}")
if(NOT libraries)
  message(FATAL_ERROR "${PROGRAM}: readelf names no libraries")
endif()
foreach(library IN LISTS libraries)
  if(library MATCHES "${FORBIDDEN}")
    message(FATAL_ERROR "${PROGRAM}: is linked with ${library}")
  endif()
endforeach()
