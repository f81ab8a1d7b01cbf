# Debian packages by CPack: `./dev package`. A component of GlimtInstall is a package; what they depend on is found out when they are
# built (GlimtShlibs), and what Debian wants of their files is done to the staged tree (packaging/debian/stage.cmake).
set(CPACK_GENERATOR DEB)
set(CPACK_OUTPUT_FILE_PREFIX ${PROJECT_SOURCE_DIR}/build/packages)
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)
set(CPACK_COMPONENTS_ALL command library development)
set(CPACK_PROJECT_CONFIG_FILE ${CMAKE_CURRENT_LIST_DIR}/GlimtShlibs.cmake)
set(CPACK_PRE_BUILD_SCRIPTS ${PROJECT_SOURCE_DIR}/packaging/debian/stage.cmake)
set(CPACK_GLIMT_SOURCE ${PROJECT_SOURCE_DIR})
set(CPACK_GLIMT_BUILD ${PROJECT_BINARY_DIR})
set(CPACK_GLIMT_LIBDIR ${CMAKE_INSTALL_LIBDIR})

set(CPACK_PACKAGE_VERSION ${PROJECT_VERSION})
set(CPACK_PACKAGE_CONTACT "Glimt developers <glimt@example.org>")
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_RELEASE 1)
set(CPACK_DEBIAN_PACKAGE_SOURCE glimt)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
set(exactly "(= ${PROJECT_VERSION}-${CPACK_DEBIAN_PACKAGE_RELEASE})")

set(CPACK_DEBIAN_COMMAND_PACKAGE_NAME glimt)
set(CPACK_DEBIAN_COMMAND_PACKAGE_SECTION video)
set(CPACK_DEBIAN_COMMAND_PACKAGE_SUGGESTS "avahi-daemon, ffmpeg, opencv-data")
set(CPACK_DEBIAN_COMMAND_PACKAGE_CONTROL_EXTRA ${PROJECT_SOURCE_DIR}/packaging/debian/conffiles
    ${PROJECT_SOURCE_DIR}/packaging/debian/postinst ${PROJECT_SOURCE_DIR}/packaging/debian/prerm
    ${PROJECT_SOURCE_DIR}/packaging/debian/postrm)
set(CPACK_COMPONENT_COMMAND_DESCRIPTION "live pictures from one program to another: the command
Sends pictures of cameras, files and programs over shared memory, UDP or
TCP, and shows, records or passes on what is received: the newest picture
always. As a hub it serves any number of streams, which are steered while they
run.")

set(CPACK_DEBIAN_LIBRARY_PACKAGE_NAME libglimt0)
set(CPACK_DEBIAN_LIBRARY_PACKAGE_SECTION libs)
set(CPACK_DEBIAN_LIBRARY_PACKAGE_CONTROL_EXTRA ${PROJECT_SOURCE_DIR}/packaging/debian/triggers ${PROJECT_BINARY_DIR}/shlibdeps/shlibs)
set(CPACK_COMPONENT_LIBRARY_DESCRIPTION "live pictures from one program to another: the library
Takes and gives cv::Mat. Cameras, windows, recordings and H.264 stand in
modules that are opened at first use: what only they need is recommended.")

set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_NAME libglimt-dev)
set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_SECTION libdevel)
set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_DEPENDS "libglimt0 ${exactly}, libopencv-dev")
set(CPACK_COMPONENT_DEVELOPMENT_DESCRIPTION "live pictures from one program to another: development files
Headers, the packages for CMake and pkg-config, and one example a task.")
include(CPack)
