# SPDX-License-Identifier: GPL-3.0-or-later
# The document of the API and, where `scripts/setup` has fetched their npm packages, the pages that show it, embedded
# into a target: /gatehouse/openapi.json, /gatehouse/docs/<file>. Nothing is read from disk or network at run time.

set(GATEHOUSE_DOCS_MODULES ${PROJECT_SOURCE_DIR}/resources/docs/node_modules CACHE PATH
    "Where the npm packages swagger-ui-dist and redoc are")

# gatehouse_embed(<target> <name> <prefix> <path> AS <name> [<path> AS <name>…])
function(gatehouse_embed target name prefix)
    set(files)
    while(ARGN)
        list(POP_FRONT ARGN path word alias)
        set_source_files_properties(${path} PROPERTIES QT_RESOURCE_ALIAS ${alias})
        list(APPEND files ${path})
    endwhile()
    # zlib, because its format is HTTP's `deflate`: the answers are the embedded bytes. Compressed, however little it saves.
    qt_add_resources(${target} ${name} PREFIX ${prefix} FILES ${files}
        OPTIONS --compress-algo zlib --compress 9 --threshold 1)
endfunction()

function(gatehouse_embed_docs target)
    set(resources ${PROJECT_SOURCE_DIR}/resources)
    gatehouse_embed(${target} gatehouse_openapi /gatehouse ${resources}/openapi.json AS openapi.json)

    set(swagger ${GATEHOUSE_DOCS_MODULES}/swagger-ui-dist)
    set(redoc ${GATEHOUSE_DOCS_MODULES}/redoc)
    if(NOT EXISTS ${swagger}/swagger-ui-bundle.js OR NOT EXISTS ${redoc}/bundles/redoc.standalone.js)
        message(WARNING "The pages /docs and /redoc are left out: run `npm ci --ignore-scripts` in ${resources}/docs")
        return()
    endif()
    gatehouse_embed(${target} gatehouse_docs /gatehouse/docs
        ${resources}/docs/pages/swagger.html AS swagger.html
        ${resources}/docs/pages/swagger-init.js AS swagger-init.js
        ${resources}/docs/pages/redoc.html AS redoc.html
        ${resources}/docs/pages/redoc-init.js AS redoc-init.js
        ${resources}/docs/pages/page.css AS page.css
        ${swagger}/swagger-ui-bundle.js AS swagger-ui-bundle.js
        ${swagger}/swagger-ui.css AS swagger-ui.css
        ${swagger}/favicon-32x32.png AS favicon-32x32.png
        ${redoc}/bundles/redoc.standalone.js AS redoc.standalone.js
        # What their licences ask to be passed on with them.
        ${swagger}/LICENSE AS swagger-ui.LICENSE.txt
        ${swagger}/NOTICE AS swagger-ui.NOTICE.txt
        ${swagger}/swagger-ui-bundle.js.LICENSE.txt AS swagger-ui-bundle.js.LICENSE.txt
        ${redoc}/LICENSE AS redoc.LICENSE.txt
        ${redoc}/bundles/redoc.standalone.js.LICENSE.txt AS redoc.standalone.js.LICENSE.txt)
endfunction()
