assay_test(test_entrypoint_parts USES base value expression entrypoint)
assay_test(test_entrypoint_files USES base value expression entrypoint)
assay_test(test_entrypoint_process USES base value)
add_dependencies(test_entrypoint_process
    assay-entrypoint-checked assay_entrypoint_static)
foreach(part artifacts faults outputs pause semantics)
    assay_test(test_entrypoint_${part} USES base value expression entrypoint)
    add_dependencies(test_entrypoint_${part}
        assay-entrypoint-checked assay_entrypoint_static)
endforeach()
add_library(clock_back MODULE clock_back.c)
add_dependencies(test_entrypoint_faults clock_back)
