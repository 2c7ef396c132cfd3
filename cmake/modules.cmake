# assay_module(NAME USES module... LINKS target... SOURCES file...): the static
# library of one folder. A module sees only the headers of the folders that it
# USES (and its own): the source tree is not an include path. Each folder gets a
# view of its own, a folder of symbolic links to what it may include.
function(assay_module name)
    cmake_parse_arguments(ARG "" "" "USES;LINKS;SOURCES" ${ARGN})
    add_library(${name} STATIC ${ARG_SOURCES})
    set(view ${CMAKE_BINARY_DIR}/views/${name})
    file(RELATIVE_PATH own ${CMAKE_SOURCE_DIR} ${CMAKE_CURRENT_SOURCE_DIR})
    assay_view(${view} ${own})
    foreach(used ${ARG_USES})
        get_target_property(folder ${used} ASSAY_FOLDER)
        assay_view(${view} ${folder})
    endforeach()
    set_target_properties(${name} PROPERTIES ASSAY_FOLDER ${own}
        ASSAY_USES "${ARG_USES}")
    target_include_directories(${name} PRIVATE ${view})
    target_link_libraries(${name} PUBLIC ${ARG_USES} PRIVATE ${ARG_LINKS})
endfunction()

# Makes `folder` of the source tree visible in the view.
function(assay_view view folder)
    get_filename_component(parent ${view}/${folder} DIRECTORY)
    file(MAKE_DIRECTORY ${parent})
    file(CREATE_LINK ${CMAKE_SOURCE_DIR}/${folder} ${view}/${folder} SYMBOLIC)
endfunction()

# assay_test(NAME USES module... [SOURCES file...]): one cmocka program,
# tests/unit/NAME.c by default, linked with what it USES only.
function(assay_test name)
    cmake_parse_arguments(ARG "" "" "USES;LINKS;SOURCES" ${ARGN})
    if(NOT ARG_SOURCES)
        set(ARG_SOURCES ${name}.c)
    endif()
    add_executable(${name} ${ARG_SOURCES})
    target_include_directories(${name} PRIVATE ${CMAKE_SOURCE_DIR})
    target_compile_definitions(${name} PRIVATE
        SOURCE_FOLDER="${CMAKE_SOURCE_DIR}" BUILD_FOLDER="${CMAKE_BINARY_DIR}")
    target_link_libraries(${name} PRIVATE ${ARG_USES} ${ARG_LINKS}
        PkgConfig::CMOCKA)
    add_test(NAME ${name} COMMAND ${name})
endfunction()
