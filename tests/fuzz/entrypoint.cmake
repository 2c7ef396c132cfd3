assay_fuzz(instructions USES entrypoint value expression base)
