# cmake --install: the program, its training module (installed by src/train), the library with its
# headers, and the CMake package that gives other projects the target lathe::lathe.
include(CMakePackageConfigHelpers)

set(LATHE_PACKAGE_DIR ${CMAKE_INSTALL_LIBDIR}/cmake/lathe)
if(TARGET lathe)
  install(TARGETS lathe RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
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
