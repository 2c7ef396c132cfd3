set(ASSAY_WARNINGS
    -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion
    -Wstrict-prototypes -Wmissing-prototypes -Wold-style-definition
    -Wwrite-strings -Wcast-qual -Wformat=2 -Wundef -Wvla -Wswitch-enum
    -Wimplicit-fallthrough -Wpointer-arith -Wredundant-decls
    -Wnull-dereference -Wdouble-promotion)

if(CMAKE_C_COMPILER_ID STREQUAL "GNU")
    list(APPEND ASSAY_WARNINGS -Wlogical-op -Wduplicated-cond
        -Wduplicated-branches -Wjump-misses-init
        -Wformat-overflow=2 -Wformat-truncation=1)
elseif(CMAKE_C_COMPILER_ID MATCHES "Clang")
    list(APPEND ASSAY_WARNINGS -Wcomma -Wunreachable-code -Wassign-enum)
endif()
if(ASSAY_WERROR)
    list(APPEND ASSAY_WARNINGS -Werror)
endif()

add_compile_options(${ASSAY_WARNINGS} -fstack-protector-strong
    -fvisibility=hidden -fno-common)
if(ASSAY_SANITIZE)
    add_compile_options(-fsanitize=${ASSAY_SANITIZE} -fno-omit-frame-pointer
        -fno-sanitize-recover=all)
    add_link_options(-fsanitize=${ASSAY_SANITIZE})
endif()
if(ASSAY_FUZZ)
    add_compile_options(-fsanitize=fuzzer-no-link)
endif()
