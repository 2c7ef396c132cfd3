assay_fuzz(stream USES base value event runtime)
