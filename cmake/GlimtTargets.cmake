# What every target of the house has in common, and how a folder of src/ becomes one.

find_program(CCACHE ccache)
if(CCACHE)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CCACHE})
endif()

add_library(glimt_flags INTERFACE)
target_compile_features(glimt_flags INTERFACE cxx_std_20)
target_include_directories(glimt_flags INTERFACE ${PROJECT_SOURCE_DIR}/include ${PROJECT_SOURCE_DIR}/src)
target_compile_options(glimt_flags INTERFACE -Wall -Wextra -Wshadow -Wconversion -Wno-sign-conversion
                       -Wnon-virtual-dtor -Woverloaded-virtual -Werror)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # False alarms of GCC 12 about designated initializers and inlined containers.
  target_compile_options(glimt_flags INTERFACE -Wno-missing-field-initializers -Wno-array-bounds -Wno-stringop-overflow
                         -Wno-maybe-uninitialized -Wno-restrict)
else()
  target_compile_options(glimt_flags INTERFACE -Wno-missing-field-initializers -Wthread-safety)
endif()
if(GLIMT_SANITIZE)
  target_compile_options(glimt_flags INTERFACE -fsanitize=${GLIMT_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=undefined)
  target_link_options(glimt_flags INTERFACE -fsanitize=${GLIMT_SANITIZE})
endif()

# glimt_folder(NAME SOURCES ... USES folders-and-libraries ... EXCEPT files): one static library a folder of src/, with the
# unit tests that stand beside their units. Files of a module are left out here and built by glimt_module().
function(glimt_folder name)
  cmake_parse_arguments(ARG "" "" "USES;EXCEPT" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/${name}/*.cpp)
  set(tests ${sources})
  list(FILTER sources EXCLUDE REGEX "_test\\.cpp$")
  list(FILTER tests INCLUDE REGEX "_test\\.cpp$")
  foreach(file ${ARG_EXCEPT})
    list(REMOVE_ITEM sources ${CMAKE_CURRENT_SOURCE_DIR}/${name}/${file})
  endforeach()
  add_library(glimt_${name} STATIC ${sources})
  target_link_libraries(glimt_${name} PUBLIC glimt_flags ${ARG_USES})
  set_property(GLOBAL APPEND PROPERTY GLIMT_FOLDERS glimt_${name})
  if(GLIMT_TESTS AND tests)
    set_property(GLOBAL APPEND PROPERTY GLIMT_UNIT_TESTS ${name})
    set_property(GLOBAL PROPERTY GLIMT_UNIT_TESTS_OF_${name} ${tests})
  endif()
endfunction()

# glimt_module(NAME LIBRARIES ... FILES ...): what is opened at first use because of the libraries behind it. Built beside the
# library, installed into the folder glimt/ beside it: src/base/module.cpp looks in both.
function(glimt_module name)
  cmake_parse_arguments(ARG "" "" "LIBRARIES;FILES" ${ARGN})
  add_library(glimt_${name} MODULE ${ARG_FILES})
  set_target_properties(glimt_${name} PROPERTIES PREFIX "" INSTALL_RPATH "$ORIGIN/..")
  target_link_libraries(glimt_${name} PRIVATE glimt_house ${ARG_LIBRARIES})
  set_property(GLOBAL APPEND PROPERTY GLIMT_MODULES glimt_${name})
  install(TARGETS glimt_${name} LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR}/glimt COMPONENT library)
endfunction()
