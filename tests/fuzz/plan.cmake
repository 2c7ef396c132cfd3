assay_fuzz(plan USES plan workflow value base)
