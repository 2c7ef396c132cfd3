assay_test(test_schema USES schema value base)
assay_test(test_schema_compile USES schema value base)
assay_test(test_schema_kinds USES schema value base)
# The private parts of the module: its own view of the tree is the root here.
assay_test(test_schema_pattern USES schema value base)
assay_test(test_schema_editors USES value base)
assay_test(test_schema_files USES schema marketplace value base)

# Our verdicts as JSON, for another implementation to judge.
add_executable(schema-verdict schema_verdict.c)
target_include_directories(schema-verdict PRIVATE ${CMAKE_SOURCE_DIR})
target_link_libraries(schema-verdict PRIVATE schema value base m)
add_test(NAME schema_judge
    COMMAND sh ${CMAKE_SOURCE_DIR}/tests/integration/schema_judge.sh)
set_tests_properties(schema_judge PROPERTIES TIMEOUT 120 SKIP_RETURN_CODE 77
    ENVIRONMENT "SCHEMA_VERDICT=$<TARGET_FILE:schema-verdict>")
