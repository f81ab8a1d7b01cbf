# What `cmake --install` lays down besides modules (glimt_module) and the command (apps/glimt). The prefix may be moved: every
# path in it is taken from where the file that names it lies. Components: command, library, development; each is a Debian package.
include(CMakePackageConfigHelpers)

install(TARGETS glimt EXPORT glimt LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT library NAMELINK_COMPONENT development
        INCLUDES DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
install(DIRECTORY ${PROJECT_SOURCE_DIR}/include/glimt DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} COMPONENT development)

set(package ${CMAKE_INSTALL_LIBDIR}/cmake/glimt)
install(EXPORT glimt NAMESPACE glimt:: FILE glimt-targets.cmake DESTINATION ${package} COMPONENT development)
write_basic_package_version_file(${PROJECT_BINARY_DIR}/glimt-config-version.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${CMAKE_CURRENT_LIST_DIR}/glimt-config.cmake ${PROJECT_BINARY_DIR}/glimt-config-version.cmake
        DESTINATION ${package} COMPONENT development)

file(RELATIVE_PATH PREFIX_FROM_PC /${CMAKE_INSTALL_LIBDIR}/pkgconfig /)
configure_file(${CMAKE_CURRENT_LIST_DIR}/glimt.pc.in ${PROJECT_BINARY_DIR}/glimt.pc @ONLY)
install(FILES ${PROJECT_BINARY_DIR}/glimt.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig COMPONENT development)

install(FILES ${PROJECT_SOURCE_DIR}/docs/glimt.1 DESTINATION ${CMAKE_INSTALL_MANDIR}/man1 COMPONENT command)
install(FILES ${PROJECT_SOURCE_DIR}/packaging/completion/glimt DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions
        COMPONENT command)
install(FILES ${PROJECT_SOURCE_DIR}/packaging/completion/_glimt DESTINATION ${CMAKE_INSTALL_DATADIR}/zsh/site-functions
        COMPONENT command)
install(FILES ${PROJECT_SOURCE_DIR}/README.md ${PROJECT_SOURCE_DIR}/CHANGELOG.md ${PROJECT_SOURCE_DIR}/LICENSE
              ${PROJECT_SOURCE_DIR}/docs/options.md ${PROJECT_SOURCE_DIR}/docs/statistics.md ${PROJECT_SOURCE_DIR}/docs/ctl.md
              ${PROJECT_SOURCE_DIR}/docs/hub.md ${PROJECT_SOURCE_DIR}/docs/metrics.md
        DESTINATION ${CMAKE_INSTALL_DOCDIR} COMPONENT command)
install(FILES ${PROJECT_SOURCE_DIR}/docs/hub.toml DESTINATION ${CMAKE_INSTALL_DOCDIR}/examples COMPONENT command)
install(DIRECTORY ${PROJECT_SOURCE_DIR}/examples DESTINATION ${CMAKE_INSTALL_DOCDIR} COMPONENT development
        FILES_MATCHING PATTERN "*.cpp")
