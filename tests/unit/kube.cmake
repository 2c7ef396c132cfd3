assay_test(test_kube_config USES kube value base)
