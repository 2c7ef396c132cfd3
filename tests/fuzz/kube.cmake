assay_fuzz(kubeconfig USES kube value base)
