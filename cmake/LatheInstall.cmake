# cmake --install: the program with its manual page and completions, its training module (installed
# by src/train), the library with its headers, and what other projects find it by: the CMake package
# with the target lathe::lathe, and lathe.pc for pkg-config.
include(CMakePackageConfigHelpers)

set(LATHE_PACKAGE_DIR ${CMAKE_INSTALL_LIBDIR}/cmake/lathe)
if(TARGET lathe)
  install(TARGETS lathe RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
endif()
# lathe_text(FORMAT FILE FOLDER): what `lathe help --format FORMAT` prints, as FOLDER/FILE of the
# installation. Another machine's program cannot be asked.
function(lathe_text format name folder)
  set(file ${PROJECT_BINARY_DIR}/share/${name})
  add_custom_command(OUTPUT ${file} COMMAND lathe help --format ${format} > ${file} DEPENDS lathe
                     COMMENT "Writing ${name}")
  set_property(GLOBAL APPEND PROPERTY LATHE_TEXTS ${file})
  install(FILES ${file} DESTINATION ${folder})
endfunction()

if(TARGET lathe AND NOT CMAKE_CROSSCOMPILING)
  file(MAKE_DIRECTORY ${PROJECT_BINARY_DIR}/share)
  lathe_text(man lathe.1 ${CMAKE_INSTALL_MANDIR}/man1)
  lathe_text(bash lathe ${CMAKE_INSTALL_DATADIR}/bash-completion/completions)
  lathe_text(zsh _lathe ${CMAKE_INSTALL_DATADIR}/zsh/site-functions)
  lathe_text(fish lathe.fish ${CMAKE_INSTALL_DATADIR}/fish/vendor_completions.d)
  get_property(texts GLOBAL PROPERTY LATHE_TEXTS)
  add_custom_target(lathe_texts ALL DEPENDS ${texts})
endif()

install(TARGETS lathe_api EXPORT latheTargets LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(DIRECTORY ${PROJECT_SOURCE_DIR}/include/lathe DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}
        FILES_MATCHING PATTERN *.h)
install(EXPORT latheTargets NAMESPACE lathe:: DESTINATION ${LATHE_PACKAGE_DIR}
        FILE latheTargets.cmake)

# The library brings all it needs, so the package has no dependencies to look for.
file(WRITE ${PROJECT_BINARY_DIR}/latheConfig.cmake
     "include(\${CMAKE_CURRENT_LIST_DIR}/latheTargets.cmake)\n")
write_basic_package_version_file(${PROJECT_BINARY_DIR}/latheConfigVersion.cmake
                                 COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/latheConfig.cmake ${PROJECT_BINARY_DIR}/latheConfigVersion.cmake
        DESTINATION ${LATHE_PACKAGE_DIR})
install(FILES ${PROJECT_SOURCE_DIR}/LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR})

# lathe.pc finds its folders from where it lies, so the installation can be moved.
set(LATHE_PC_DIR ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
file(RELATIVE_PATH LATHE_PC_TO_PREFIX ${CMAKE_INSTALL_PREFIX}/${LATHE_PC_DIR} ${CMAKE_INSTALL_PREFIX})
string(REGEX REPLACE "/$" "" LATHE_PC_TO_PREFIX "${LATHE_PC_TO_PREFIX}")
configure_file(${CMAKE_CURRENT_LIST_DIR}/lathe.pc.in ${PROJECT_BINARY_DIR}/lathe.pc @ONLY)
install(FILES ${PROJECT_BINARY_DIR}/lathe.pc DESTINATION ${LATHE_PC_DIR})
