# SPDX-License-Identifier: Apache-2.0
# Folder = library = namespace. layers.txt is the one list of rooms and arrows; a room's
# CMakeLists.txt names its sources and tests, never the rooms it may use.

# One precompiled header of the standard library for all rooms.
file(WRITE ${CMAKE_BINARY_DIR}/pch/pch.cpp "")
add_library(consilium_pch OBJECT ${CMAKE_BINARY_DIR}/pch/pch.cpp)
target_precompile_headers(consilium_pch PRIVATE
    <algorithm> <array> <atomic> <bit> <charconv> <chrono> <condition_variable> <cstdint> <cstring>
    <deque> <filesystem> <fstream> <functional> <map> <memory> <mutex> <optional> <set> <span>
    <sstream> <string> <string_view> <thread> <tuple> <unordered_map> <utility> <variant> <vector>)
target_link_libraries(consilium_pch PRIVATE consilium_flags Threads::Threads)

# The same with GoogleTest, for test programs.
if(CONSILIUM_TESTS)
    file(WRITE ${CMAKE_BINARY_DIR}/pch/pch_test.cpp "")
    add_library(consilium_pch_test OBJECT ${CMAKE_BINARY_DIR}/pch/pch_test.cpp)
    target_precompile_headers(consilium_pch_test PRIVATE
        <algorithm> <array> <atomic> <bit> <charconv> <chrono> <cstdint> <cstring> <deque> <filesystem>
        <fstream> <functional> <map> <memory> <mutex> <optional> <set> <span> <sstream> <string>
        <string_view> <thread> <utility> <variant> <vector> <gtest/gtest.h> <gmock/gmock.h>)
    target_link_libraries(consilium_pch_test PRIVATE consilium_flags GTest::gtest GTest::gmock)
endif()

function(consilium_room_target OUT ROOM)
    string(REPLACE "/" "_" name ${ROOM})
    set(${OUT} consilium_${name} PARENT_SCOPE)
endfunction()

# consilium_room(ROOM SOURCES ... [TESTS ...] [TEST_SUPPORT ...] [LIBS third-party...] [PUBLIC_LIBS ...] [TEST_LIBS ...])
#   TESTS         x_test.cpp files, one program ROOM_test, label unit
#   TEST_SUPPORT  sources of a fixture library <target>_testing that other rooms' tests may link
function(consilium_room ROOM)
    cmake_parse_arguments(ARG "" "" "SOURCES;TESTS;TEST_SUPPORT;LIBS;PUBLIC_LIBS;TEST_LIBS" ${ARGN})
    consilium_room_target(target ${ROOM})
    set(links "")
    foreach(dep ${CONSILIUM_ARROWS_${ROOM}})
        consilium_room_target(dep_target ${dep})
        if(TARGET ${dep_target})  # a room of layers.txt whose folder is not there yet has no target
            list(APPEND links ${dep_target})
        endif()
    endforeach()
    if(ARG_SOURCES)
        add_library(${target} STATIC ${ARG_SOURCES})
        target_include_directories(${target} PUBLIC ${CMAKE_SOURCE_DIR}/src)
        target_link_libraries(${target} PUBLIC ${links} ${ARG_PUBLIC_LIBS} PRIVATE consilium_flags ${ARG_LIBS})
        target_precompile_headers(${target} REUSE_FROM consilium_pch)
    else()
        add_library(${target} INTERFACE)
        target_include_directories(${target} INTERFACE ${CMAKE_SOURCE_DIR}/src)
        target_link_libraries(${target} INTERFACE ${links} ${ARG_PUBLIC_LIBS})
    endif()
    if(CONSILIUM_TESTS AND ARG_TEST_SUPPORT)
        add_library(${target}_testing STATIC ${ARG_TEST_SUPPORT})
        target_link_libraries(${target}_testing PUBLIC ${target} GTest::gtest PRIVATE consilium_flags)
    endif()
    if(CONSILIUM_TESTS AND ARG_TESTS)
        add_executable(${target}_test ${ARG_TESTS})
        target_link_libraries(${target}_test PRIVATE ${target} consilium_flags ${ARG_TEST_LIBS}
            GTest::gtest GTest::gmock GTest::gtest_main)
        if(ARG_TEST_SUPPORT)
            target_link_libraries(${target}_test PRIVATE ${target}_testing)
        endif()
        target_precompile_headers(${target}_test REUSE_FROM consilium_pch_test)
        target_compile_definitions(${target}_test PRIVATE CONSILIUM_SOURCE_DIR="${CMAKE_SOURCE_DIR}")
        gtest_discover_tests(${target}_test DISCOVERY_MODE PRE_TEST TEST_PREFIX "${ROOM}." PROPERTIES LABELS unit)
    endif()
endfunction()

# Reads layers.txt and adds every room that has a CMakeLists.txt, in order.
function(consilium_add_rooms)
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/layers.txt)
    file(STRINGS ${CMAKE_SOURCE_DIR}/layers.txt lines REGEX "^[a-z]")
    set(seen "")
    foreach(line ${lines})
        string(REGEX MATCH "^([a-z_/]+):(.*)$" matched "${line}")
        if(NOT matched)
            message(FATAL_ERROR "layers.txt: cannot read the line '${line}'")
        endif()
        set(room ${CMAKE_MATCH_1})
        separate_arguments(arrows UNIX_COMMAND "${CMAKE_MATCH_2}")
        foreach(arrow ${arrows})
            if(NOT arrow IN_LIST seen)
                message(FATAL_ERROR "layers.txt: ${room} points at ${arrow}, which is not on a line above it")
            endif()
        endforeach()
        list(APPEND seen ${room})
        set(CONSILIUM_ARROWS_${room} ${arrows})
        if(EXISTS ${CMAKE_SOURCE_DIR}/src/${room}/CMakeLists.txt)
            add_subdirectory(src/${room})
        endif()
    endforeach()
endfunction()
