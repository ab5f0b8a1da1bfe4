# Options, parts and flags shared by all rooms.
option(HEED_BUILD_TESTS "build the tests" ${PROJECT_IS_TOP_LEVEL})
option(HEED_BUILD_EXAMPLES "build the examples" ${PROJECT_IS_TOP_LEVEL})
option(HEED_DEV "verify the IR after every pass" OFF)
option(HEED_ASAN "address and undefined-behaviour sanitizers" OFF)

set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
if(PROJECT_IS_TOP_LEVEL)
  set(CMAKE_RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bin)
  set(CMAKE_LIBRARY_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/lib)
  set(CMAKE_ARCHIVE_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/lib)
endif()

find_program(CCACHE ccache)
if(CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CCACHE})
endif()

list(APPEND CMAKE_PREFIX_PATH /usr/lib/llvm-22)
find_package(MLIR 22.1 REQUIRED CONFIG)
find_package(Threads REQUIRED)
find_package(Boost 1.81 REQUIRED)
find_package(ICU 72 REQUIRED COMPONENTS uc)
find_package(Python3 REQUIRED COMPONENTS Interpreter)
list(APPEND CMAKE_MODULE_PATH ${MLIR_CMAKE_DIR} ${LLVM_CMAKE_DIR})
include(TableGen)
include(AddLLVM)
include(AddMLIR)

if(HEED_DEV)
  add_compile_definitions(HEED_DEV)
endif()
if(HEED_ASAN)
  add_compile_options(-fsanitize=address,undefined -fno-omit-frame-pointer)
  add_link_options(-fsanitize=address,undefined)
endif()

# "heed/dsl/tape.h" is dsl/tape.h of this tree; generated headers live beside it in the build tree.
set(HEED_SOURCE_INCLUDE ${PROJECT_BINARY_DIR}/include)
set(HEED_GENERATED_INCLUDE ${PROJECT_BINARY_DIR}/generated)
file(MAKE_DIRECTORY ${HEED_SOURCE_INCLUDE} ${HEED_GENERATED_INCLUDE}/heed)
file(CREATE_LINK ${PROJECT_SOURCE_DIR} ${HEED_SOURCE_INCLUDE}/heed SYMBOLIC)
file(WRITE ${HEED_GENERATED_INCLUDE}/heed/heed.h
  "// The one header of heed.\n#pragma once\n#include \"heed/driver/heed.h\"\n")

# heed_library(name SOURCES ... LINK ...): a static library of one room, warnings on.
function(heed_library name)
  cmake_parse_arguments(ARG "" "" "SOURCES;LINK" ${ARGN})
  add_library(${name} STATIC ${ARG_SOURCES})
  target_include_directories(${name} PUBLIC
    $<BUILD_INTERFACE:${HEED_SOURCE_INCLUDE}> $<BUILD_INTERFACE:${HEED_GENERATED_INCLUDE}> $<INSTALL_INTERFACE:include>)
  target_compile_options(${name} PRIVATE -Wall -Wextra -Wno-unused-parameter)
  target_link_libraries(${name} PUBLIC ${ARG_LINK})
  set_property(GLOBAL APPEND PROPERTY HEED_LIBRARIES ${name})
endfunction()

# heed_mlir_library(name SOURCES ... LINK ...): the same for a room that speaks MLIR; its headers are precompiled.
function(heed_mlir_library name)
  heed_library(${name} ${ARGN})
  target_include_directories(${name} SYSTEM PUBLIC
    $<BUILD_INTERFACE:${MLIR_INCLUDE_DIRS}> $<BUILD_INTERFACE:${LLVM_INCLUDE_DIRS}>)
  target_link_libraries(${name} PUBLIC MLIR LLVM)
endfunction()

# heed_tablegen(target room/file.td out.inc flags... ): runs mlir-tblgen; the result is included as "heed/room/out.inc".
# Every target that includes it depends on `target`.
function(heed_tablegen target td)
  get_filename_component(room ${td} DIRECTORY)
  set(folder ${HEED_GENERATED_INCLUDE}/heed/${room})
  file(MAKE_DIRECTORY ${folder})
  set(source ${PROJECT_SOURCE_DIR}/${td})
  file(GLOB tables ${PROJECT_SOURCE_DIR}/${room}/*.td ${PROJECT_SOURCE_DIR}/dsl/*.td)
  set(outputs)
  set(rest ${ARGN})
  while(rest)
    list(POP_FRONT rest name flags)
    separate_arguments(flags)
    add_custom_command(OUTPUT ${folder}/${name}
      COMMAND ${MLIR_TABLEGEN_EXE} --write-if-changed ${flags} ${source} -I ${MLIR_INCLUDE_DIRS} -I ${HEED_SOURCE_INCLUDE} -o ${folder}/${name}
      DEPENDS ${tables} VERBATIM)
    list(APPEND outputs ${folder}/${name})
  endwhile()
  add_custom_target(${target} DEPENDS ${outputs})
endfunction()
