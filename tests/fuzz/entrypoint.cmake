assay_fuzz(instructions USES entrypoint value expression base)
assay_fuzz(pod_text USES entrypoint value expression base)
