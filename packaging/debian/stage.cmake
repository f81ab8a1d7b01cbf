# Run by CPack over the staged files before they are packed: what Debian wants of them, and what is for Debian alone.
set(here ${CMAKE_CURRENT_LIST_DIR})

function(compress)
  execute_process(COMMAND gzip -9nf ${ARGN} COMMAND_ERROR_IS_FATAL ANY)
endfunction()

foreach(component COMMAND LIBRARY DEVELOPMENT)
  string(TOLOWER ${component} folder)
  set(doc ${CPACK_TEMPORARY_DIRECTORY}/${folder}/usr/share/doc/${CPACK_DEBIAN_${component}_PACKAGE_NAME})
  configure_file(${here}/copyright ${doc}/copyright COPYONLY)
  configure_file(${here}/changelog ${doc}/changelog.Debian COPYONLY)
  compress(${doc}/changelog.Debian)
endforeach()

set(root ${CPACK_TEMPORARY_DIRECTORY}/command)
file(REMOVE ${root}/usr/share/doc/glimt/LICENSE)  # Debian ships it once, and the copyright file says where
file(RENAME ${root}/usr/share/doc/glimt/CHANGELOG.md ${root}/usr/share/doc/glimt/changelog)
compress(${root}/usr/share/doc/glimt/changelog ${root}/usr/share/man/man1/glimt.1)
file(MAKE_DIRECTORY ${root}/usr/share/zsh/vendor-completions)
file(RENAME ${root}/usr/share/zsh/site-functions/_glimt ${root}/usr/share/zsh/vendor-completions/_glimt)
file(REMOVE_RECURSE ${root}/usr/share/zsh/site-functions)
file(COPY ${here}/../systemd/glimt-hub.service DESTINATION ${root}/lib/systemd/system)
file(COPY ${here}/../hub.toml DESTINATION ${root}/etc/glimt)
