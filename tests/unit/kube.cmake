assay_test(test_kube_config USES kube value base)
assay_test(test_kube_log USES kube value base)
assay_test(test_kube_access USES kube value base)
assay_test(test_kube_client USES kube value base)
