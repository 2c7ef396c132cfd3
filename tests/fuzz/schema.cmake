assay_fuzz(schema USES schema value base)
assay_fuzz(pattern USES schema base)
