assay_fuzz(instructions USES entrypoint expression value base)
