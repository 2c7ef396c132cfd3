assay_test(test_registry USES registry value base)
