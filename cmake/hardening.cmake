# Hardened release builds: FORTIFY needs optimisation, so it is left out of the
# sanitizer builds, which check the same and more.
if(NOT ASSAY_SANITIZE AND NOT ASSAY_FUZZ)
    add_compile_options(-fstack-clash-protection -fcf-protection
        $<$<CONFIG:Release>:-U_FORTIFY_SOURCE> $<$<CONFIG:Release>:-D_FORTIFY_SOURCE=2>)
    add_link_options(-Wl,-z,relro -Wl,-z,now -Wl,-z,noexecstack -pie
        -Wl,--gc-sections -Wl,--as-needed)
    add_compile_options(-ffunction-sections -fdata-sections)
endif()
