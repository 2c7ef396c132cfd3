assay_test(test_entrypoint_parts USES entrypoint expression value base)
assay_test(test_entrypoint_mask USES entrypoint expression value base)

# Runs the program as a container would, in both of its forms.
assay_test(test_entrypoint_steps USES value base)
add_dependencies(test_entrypoint_steps
    assay-entrypoint-checked assay_entrypoint_static)
