# SPDX-License-Identifier: Apache-2.0
include(CMakePackageConfigHelpers)

install(TARGETS upinspect RUNTIME DESTINATION "${CMAKE_INSTALL_BINDIR}")
install(TARGETS upinspect_lib upinspect_dependencies EXPORT upinspect_targets
        ARCHIVE DESTINATION "${CMAKE_INSTALL_LIBDIR}")
install(DIRECTORY include/upinspect DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}")
install(EXPORT upinspect_targets NAMESPACE upinspect::
        DESTINATION "${CMAKE_INSTALL_LIBDIR}/cmake/upinspect")

configure_package_config_file(cmake/upinspectConfig.cmake.in
  "${CMAKE_CURRENT_BINARY_DIR}/upinspectConfig.cmake"
  INSTALL_DESTINATION "${CMAKE_INSTALL_LIBDIR}/cmake/upinspect")
write_basic_package_version_file("${CMAKE_CURRENT_BINARY_DIR}/upinspectConfigVersion.cmake"
  COMPATIBILITY SameMinorVersion)
install(FILES "${CMAKE_CURRENT_BINARY_DIR}/upinspectConfig.cmake"
              "${CMAKE_CURRENT_BINARY_DIR}/upinspectConfigVersion.cmake"
        DESTINATION "${CMAKE_INSTALL_LIBDIR}/cmake/upinspect")

# Relative to where the file lies, so that `cmake --install --prefix` may put the tree anywhere.
file(RELATIVE_PATH upinspect_pc_to_prefix "/${CMAKE_INSTALL_LIBDIR}/pkgconfig" "/")
configure_file(cmake/upinspect.pc.in "${CMAKE_CURRENT_BINARY_DIR}/upinspect.pc" @ONLY)
install(FILES "${CMAKE_CURRENT_BINARY_DIR}/upinspect.pc" DESTINATION "${CMAKE_INSTALL_LIBDIR}/pkgconfig")
if(EXISTS "${PROJECT_SOURCE_DIR}/docs/upinspect.1")
  install(FILES docs/upinspect.1 DESTINATION "${CMAKE_INSTALL_MANDIR}/man1")
endif()
