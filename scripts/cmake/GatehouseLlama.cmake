# SPDX-License-Identifier: GPL-3.0-or-later
# llama.cpp as static libraries: the targets `llama` and `llama-common`, built only as far as something links them.
#
# The source tree is, in this order: FETCHCONTENT_SOURCE_DIR_LLAMA; build/deps/llama.cpp, where scripts/fetch-llama puts it
# (which also works where GitHub can't be reached); what FetchContent clones.

option(GATEHOUSE_NATIVE "Tune llama.cpp to this machine's processor; the program may not run on another one" OFF)

set(GATEHOUSE_LLAMA_TAG v0.5.0)
# The tree and not the commit, because it also identifies a clone whose history was squashed.
set(GATEHOUSE_LLAMA_TREE fd570ef54b10ec5fecb739e7e04c8ce44a6f415a)

# Sets `result` to the folder of the source tree.
function(gatehouse_find_llama result)
    set(fetched ${PROJECT_SOURCE_DIR}/build/deps/llama.cpp)
    if(FETCHCONTENT_SOURCE_DIR_LLAMA)
        set(${result} ${FETCHCONTENT_SOURCE_DIR_LLAMA} PARENT_SCOPE)
        return()
    elseif(EXISTS ${fetched}/CMakeLists.txt)
        set(${result} ${fetched} PARENT_SCOPE)
        return()
    endif()

    message(STATUS "Fetching llama.cpp ${GATEHOUSE_LLAMA_TAG} (no GitHub here? run scripts/fetch-llama first)")
    include(FetchContent)
    # A SOURCE_SUBDIR without CMakeLists.txt keeps FetchContent from adding the folder itself: before CMake 3.28 it
    # can't do so with EXCLUDE_FROM_ALL.
    FetchContent_Declare(llama GIT_REPOSITORY https://github.com/ggml-org/llama.cpp GIT_TAG ${GATEHOUSE_LLAMA_TAG}
        GIT_SHALLOW ON SOURCE_SUBDIR licenses)
    FetchContent_MakeAvailable(llama)
    execute_process(COMMAND git -C ${llama_SOURCE_DIR} rev-parse "HEAD^{tree}"
        OUTPUT_VARIABLE tree OUTPUT_STRIP_TRAILING_WHITESPACE)
    if(NOT tree STREQUAL GATEHOUSE_LLAMA_TREE)
        message(FATAL_ERROR "llama.cpp ${GATEHOUSE_LLAMA_TAG} has the tree '${tree}', not ${GATEHOUSE_LLAMA_TREE}")
    endif()
    set(${result} ${llama_SOURCE_DIR} PARENT_SCOPE)
endfunction()

# Adds the tree with settings of its own: everything that is set here ends with this function.
function(gatehouse_add_llama source)
    set(BUILD_SHARED_LIBS OFF)
    set(LLAMA_BUILD_COMMON ON)
    set(LLAMA_BUILD_IS_DEV OFF)
    set(LLAMA_ALL_WARNINGS OFF)
    foreach(part TESTS TOOLS EXAMPLES SERVER APP UI)
        set(LLAMA_BUILD_${part} OFF)
    endforeach()
    set(LLAMA_OPENSSL OFF)    # only its downloader needs it
    set(LLAMA_SUBPROCESS OFF) # only its server needs it

    set(GGML_CCACHE OFF) # the launcher is set for the whole project already
    set(GGML_NATIVE ${GATEHOUSE_NATIVE})
    if(NOT GATEHOUSE_NATIVE) # every x86 processor since 2013; ignored elsewhere
        foreach(feature SSE42 AVX AVX2 FMA F16C BMI2)
            set(GGML_${feature} ON)
        endforeach()
    endif()
    if(GATEHOUSE_SANITIZE MATCHES thread)
        set(GGML_OPENMP OFF) # libgomp is not instrumented: every barrier would be reported as a race
    endif()

    set(CMAKE_AUTOMOC OFF)
    set(CMAKE_AUTORCC OFF)
    set(CMAKE_CXX_STANDARD 17)
    set(CMAKE_COMPILE_WARNING_AS_ERROR OFF)
    # Unoptimised, a token takes thirty times as long. The same flags in every configuration also let ccache build it once.
    foreach(configuration DEBUG RELEASE RELWITHDEBINFO MINSIZEREL)
        set(CMAKE_C_FLAGS_${configuration} "-O3 -DNDEBUG")
        set(CMAKE_CXX_FLAGS_${configuration} "-O3 -DNDEBUG")
    endforeach()

    get_directory_property(options COMPILE_OPTIONS)
    if(GATEHOUSE_SANITIZE MATCHES undefined) # ggml's kernels do it on purpose; misused memory is still reported
        set_directory_properties(PROPERTIES COMPILE_OPTIONS "${options};-fno-sanitize=undefined")
    endif()
    add_subdirectory(${source} ${PROJECT_BINARY_DIR}/_deps/llama-build EXCLUDE_FROM_ALL SYSTEM)
    set_directory_properties(PROPERTIES COMPILE_OPTIONS "${options}")
endfunction()

gatehouse_find_llama(GATEHOUSE_LLAMA_SOURCE)
gatehouse_add_llama(${GATEHOUSE_LLAMA_SOURCE})
