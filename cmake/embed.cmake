# assay_embed(TARGET symbol file): puts the bytes of `file` into TARGET as
#   extern const unsigned char symbol[]; extern const unsigned char symbol_end[];
# The file may be the product of another target.
function(assay_embed target symbol file)
    set(source ${CMAKE_CURRENT_BINARY_DIR}/${symbol}.c)
    file(CONFIGURE OUTPUT ${source} @ONLY CONTENT [[
/* Made at build time: the bytes of one file. */
__asm__(".section .rodata\n"
        ".balign 16\n"
        ".global @symbol@\n"
        ".hidden @symbol@\n"
        "@symbol@:\n"
        ".incbin \"@file@\"\n"
        ".global @symbol@_end\n"
        ".hidden @symbol@_end\n"
        "@symbol@_end:\n"
        ".byte 0\n"
        ".previous\n");
typedef int embedded_file;
]])
    set_source_files_properties(${source} PROPERTIES OBJECT_DEPENDS ${file})
    target_sources(${target} PRIVATE ${source})
endfunction()
