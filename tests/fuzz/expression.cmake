assay_fuzz(expression USES expression value base)
assay_fuzz(template USES expression value base)
