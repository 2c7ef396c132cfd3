assay_fuzz(registry USES registry value base)
