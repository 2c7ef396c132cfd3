assay_test(test_entrypoint_parts USES base value expression entrypoint)
assay_test(test_entrypoint_files USES base value expression entrypoint)
assay_test(test_entrypoint_process USES base value)
add_dependencies(test_entrypoint_process
    assay-entrypoint-checked assay_entrypoint_static)
foreach(part artifacts outputs pause semantics)
    assay_test(test_entrypoint_${part} USES base value expression entrypoint)
    add_dependencies(test_entrypoint_${part}
        assay-entrypoint-checked assay_entrypoint_static)
endforeach()
