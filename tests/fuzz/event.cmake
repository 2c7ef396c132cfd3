assay_fuzz(event USES base value event)
