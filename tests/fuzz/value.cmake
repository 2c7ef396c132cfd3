assay_fuzz(yaml USES value base)
assay_fuzz(json USES value base)
