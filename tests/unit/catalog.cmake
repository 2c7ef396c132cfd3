assay_test(test_catalog USES value base)
