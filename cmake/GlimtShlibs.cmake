# Read by CPack before it packs: what the packages depend on, by dpkg-shlibdeps. A module is opened at first use, so what only
# modules need is recommended; but the hub is a main job of the command, which therefore depends on what its modules need.
set(folder ${CPACK_GLIMT_BUILD}/shlibdeps)
set(library ${CPACK_GLIMT_BUILD}/lib/libglimt.so)
set(version ${CPACK_PACKAGE_VERSION}-${CPACK_DEBIAN_PACKAGE_RELEASE})
file(WRITE ${folder}/debian/control "Source: glimt\n\nPackage: glimt\nArchitecture: any\n")
# Of each other they want this very version; so do programs that are packed against the library.
foreach(file debian/shlibs.local shlibs)
  file(WRITE ${folder}/${file} "libglimt 0 libglimt0 (= ${version})\n")
endforeach()

# shlibdeps(PREFIX files and options): PREFIX_Depends, PREFIX_Recommends.
function(shlibdeps prefix)
  execute_process(COMMAND dpkg-shlibdeps -O -l${CPACK_GLIMT_BUILD}/lib ${ARGN}
                  WORKING_DIRECTORY ${folder} OUTPUT_VARIABLE found ERROR_VARIABLE said COMMAND_ERROR_IS_FATAL ANY)
  foreach(field Depends Recommends)
    string(REGEX MATCH "shlibs:${field}=([^\n]*)" ignored "${found}")
    set(${prefix}_${field} "${CMAKE_MATCH_1}" PARENT_SCOPE)
  endforeach()
endfunction()

file(GLOB modules ${CPACK_GLIMT_BUILD}/lib/glimt_*.so)
set(of_hub ${modules})
list(FILTER of_hub INCLUDE REGEX "glimt_(grpc|beast|avahi)\\.so$")

shlibdeps(library -xlibglimt0 -dDepends ${library} -dRecommends ${modules})
set(CPACK_DEBIAN_LIBRARY_PACKAGE_DEPENDS "${library_Depends}")
set(CPACK_DEBIAN_LIBRARY_PACKAGE_RECOMMENDS "${library_Recommends}")
shlibdeps(command -dDepends ${CPACK_GLIMT_BUILD}/bin/glimt ${of_hub})
set(CPACK_DEBIAN_COMMAND_PACKAGE_DEPENDS "${command_Depends}")
