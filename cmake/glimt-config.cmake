# find_package(glimt) gives the target glimt::glimt.
include(CMakeFindDependencyMacro)
find_dependency(OpenCV 4.5 COMPONENTS core)
include(${CMAKE_CURRENT_LIST_DIR}/glimt-targets.cmake)
