assay_fuzz(shell_text USES workflow base)
assay_fuzz(lint USES workflow value base)
