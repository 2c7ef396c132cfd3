assay_test(test_schema USES schema value base)
assay_test(test_schema_compile USES schema value base)
assay_test(test_schema_kinds USES schema value base)
# The private parts of the module: its own view of the tree is the root here.
assay_test(test_schema_pattern USES schema value base)
assay_test(test_schema_files USES schema marketplace value base)
