# SPDX-License-Identifier: Apache-2.0
# Flags that every target of ours takes. Generated and third-party code is compiled without them.
if(NOT CMAKE_CXX_COMPILER_LAUNCHER)
    find_program(CCACHE ccache)
    if(CCACHE)
        set(CMAKE_CXX_COMPILER_LAUNCHER
            ${CMAKE_COMMAND} -E env CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime
            CCACHE_BASEDIR=${CMAKE_SOURCE_DIR} CCACHE_NOHASHDIR=1 ${CCACHE})
    endif()
endif()

add_library(consilium_flags INTERFACE)
target_compile_options(consilium_flags INTERFACE
    -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wnon-virtual-dtor -Woverloaded-virtual
    -Wold-style-cast -Wcast-qual -Wimplicit-fallthrough -Wundef -Wvla -Werror
    -fno-omit-frame-pointer -fstack-protector-strong)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    # fpch-preprocess lets ccache see through precompiled headers; -Winvalid-pch would be noise.
    target_compile_options(consilium_flags INTERFACE -fpch-preprocess -Wno-invalid-pch)
    # At -O3, and with sanitizers, g++ 12 sees overflows inside std::string where there are none (GCC
    # bugs 105329, 105651).
    if(CMAKE_BUILD_TYPE STREQUAL "RelWithDebInfo" OR CONSILIUM_SANITIZE)
        target_compile_options(consilium_flags INTERFACE
            -Wno-restrict -Wno-stringop-overflow -Wno-array-bounds)
    endif()
    # Asio's fences are what the thread sanitizer does not model; it says so wherever they occur.
    if(CONSILIUM_SANITIZE MATCHES "thread")
        target_compile_options(consilium_flags INTERFACE -Wno-tsan)
    endif()
endif()

if(CMAKE_CXX_COMPILER_ID MATCHES "Clang")
    # A precompiled header without the times of its sources is the same in every build, so that
    # ccache knows it again; ninja knows when it has to be made anew.
    target_compile_options(consilium_flags INTERFACE "SHELL:-Xclang -fno-pch-timestamp")
endif()

find_program(MOLD mold)
if(MOLD)
    add_link_options(-fuse-ld=mold)
endif()
add_compile_definitions(_GLIBCXX_ASSERTIONS)
if(CONSILIUM_SANITIZE)
    add_compile_options(-fsanitize=${CONSILIUM_SANITIZE} -fno-sanitize-recover=all)
    add_link_options(-fsanitize=${CONSILIUM_SANITIZE})
endif()
if(CONSILIUM_COVERAGE)
    add_compile_options(--coverage -fprofile-update=atomic)
    add_link_options(--coverage)
endif()
if(CONSILIUM_FUZZ)
    add_compile_options(-fsanitize=fuzzer-no-link)
    add_link_options(-fsanitize=fuzzer-no-link)
endif()
