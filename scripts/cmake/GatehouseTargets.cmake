# SPDX-License-Identifier: GPL-3.0-or-later
# The three kinds of targets: rooms (static libraries), programs and tests.

add_library(gatehouse_options INTERFACE)
target_include_directories(gatehouse_options INTERFACE ${PROJECT_SOURCE_DIR}/src)
target_compile_options(gatehouse_options INTERFACE
    -Wall -Wextra -Wpedantic -Wshadow -Wnon-virtual-dtor -Woverloaded-virtual -Wold-style-cast
    -Wcast-qual -Wformat=2 -Wimplicit-fallthrough -Wno-missing-field-initializers
    $<$<CXX_COMPILER_ID:GNU>:-Wduplicated-cond -Wlogical-op>
    $<$<NOT:$<CONFIG:Debug>>:-D_FORTIFY_SOURCE=2> -fstack-protector-strong)
target_compile_definitions(gatehouse_options INTERFACE
    QT_NO_CAST_FROM_ASCII QT_NO_CAST_TO_ASCII QT_NO_FOREACH QT_NO_KEYWORDS QT_NO_URL_CAST_FROM_STRING
    QT_DISABLE_DEPRECATED_BEFORE=0x060400
    GATEHOUSE_VERSION="${PROJECT_VERSION}")

if(GATEHOUSE_SANITIZE)
    add_compile_options(-fsanitize=${GATEHOUSE_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
    add_link_options(-fsanitize=${GATEHOUSE_SANITIZE})
endif()

if(GATEHOUSE_FUZZ)
    add_compile_options(-fsanitize=fuzzer-no-link) # Coverage of the rooms, which libFuzzer is guided by.
endif()

# gatehouse_room(<name> SOURCES <files…> [ROOMS <rooms…>] [LIBRARIES <targets…>])
# One static library a room, linked to just the rooms that src/ARCHITECTURE.md lets it include.
function(gatehouse_room name)
    cmake_parse_arguments(PARSE_ARGV 1 room "" "" "SOURCES;ROOMS;LIBRARIES")
    add_library(gatehouse_${name} STATIC ${room_SOURCES})
    list(TRANSFORM room_ROOMS PREPEND gatehouse_)
    target_link_libraries(gatehouse_${name} PUBLIC gatehouse_options Qt6::Core ${room_ROOMS} ${room_LIBRARIES})
endfunction()

# die_after_fork: tests start servers by QProcess, which forks beside running threads.
set(gatehouse_sanitizer_options
    "LSAN_OPTIONS=suppressions=${PROJECT_SOURCE_DIR}/tests/lsan.supp:print_suppressions=0"
    "TSAN_OPTIONS=suppressions=${PROJECT_SOURCE_DIR}/tests/tsan.supp:die_after_fork=0")

# gatehouse_test(<name> SOURCES <files…> [LIBRARIES <targets…>] [LABELS <labels…>] [TIMEOUT <seconds>])
# A Qt Test program that ctest runs without a display and without a network beyond loopback.
function(gatehouse_test name)
    cmake_parse_arguments(PARSE_ARGV 1 test "" "TIMEOUT" "SOURCES;LIBRARIES;LABELS")
    add_executable(${name} ${test_SOURCES})
    target_link_libraries(${name} PRIVATE gatehouse_options Qt6::Test ${test_LIBRARIES})
    target_include_directories(${name} PRIVATE ${PROJECT_SOURCE_DIR}/tests)
    set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/tests)
    add_test(NAME ${name} COMMAND ${name})
    if(NOT test_TIMEOUT)
        set(test_TIMEOUT 120)
    endif()
    set_tests_properties(${name} PROPERTIES TIMEOUT ${test_TIMEOUT} LABELS "${test_LABELS}"
        ENVIRONMENT "QT_QPA_PLATFORM=offscreen;LC_ALL=C.UTF-8;GGML_NO_BACKTRACE=1;${gatehouse_sanitizer_options}")
endfunction()

# gatehouse_fuzzer(<name> SOURCES <files…> [LIBRARIES <targets…>])
# LLVMFuzzerTestOneInput; with GATEHOUSE_FUZZ a libFuzzer program, else a program that replays the
# corpus in tests/fuzz/corpus/<name>/ and is a test.
function(gatehouse_fuzzer name)
    cmake_parse_arguments(PARSE_ARGV 1 fuzz "" "" "SOURCES;LIBRARIES")
    add_executable(fuzz_${name} ${fuzz_SOURCES})
    target_link_libraries(fuzz_${name} PRIVATE gatehouse_options ${fuzz_LIBRARIES})
    target_include_directories(fuzz_${name} PRIVATE ${PROJECT_SOURCE_DIR}/tests)
    if(GATEHOUSE_FUZZ)
        target_link_options(fuzz_${name} PRIVATE -fsanitize=fuzzer)
    else()
        target_sources(fuzz_${name} PRIVATE ${PROJECT_SOURCE_DIR}/tests/fuzz/replay_main.cpp)
        set_target_properties(fuzz_${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/tests)
        add_test(NAME fuzz_${name} COMMAND fuzz_${name} ${PROJECT_SOURCE_DIR}/tests/fuzz/corpus/${name})
        set_tests_properties(fuzz_${name} PROPERTIES TIMEOUT 120 LABELS "fuzz")
    endif()
endfunction()
