# The page of src/web/viewer, bundled: ${GLIMT_VIEWER_DIR}/{index.html,page.css,icon.svg,page.js,worker.js}, made by the target glimt_viewer.
# Debian's esbuild alone; types are checked by its test, where npm may be.
find_program(ESBUILD esbuild REQUIRED)

set(GLIMT_VIEWER_DIR ${CMAKE_BINARY_DIR}/viewer)
set(viewer ${PROJECT_SOURCE_DIR}/src/web/viewer)
file(GLOB viewer_scripts CONFIGURE_DEPENDS ${viewer}/*.ts ${PROJECT_SOURCE_DIR}/js/src/live.ts ${PROJECT_SOURCE_DIR}/js/src/wire/*.ts)
set(GLIMT_VIEWER_FILES ${GLIMT_VIEWER_DIR}/index.html ${GLIMT_VIEWER_DIR}/page.css ${GLIMT_VIEWER_DIR}/icon.svg ${GLIMT_VIEWER_DIR}/page.js
                       ${GLIMT_VIEWER_DIR}/worker.js)

add_custom_command(
  OUTPUT ${GLIMT_VIEWER_FILES}
  COMMAND ${ESBUILD} page.ts worker.ts --bundle --minify --target=es2022 --format=iife --charset=utf8 --log-level=warning --outdir=${GLIMT_VIEWER_DIR}
  COMMAND ${ESBUILD} page.css --minify --charset=utf8 --log-level=warning --outdir=${GLIMT_VIEWER_DIR}
  COMMAND ${CMAKE_COMMAND} -E copy index.html icon.svg ${GLIMT_VIEWER_DIR}
  WORKING_DIRECTORY ${viewer}
  DEPENDS ${viewer_scripts} ${viewer}/page.css ${viewer}/index.html ${viewer}/icon.svg
  COMMENT "Bundling the page" VERBATIM)
add_custom_target(glimt_viewer DEPENDS ${GLIMT_VIEWER_FILES})
