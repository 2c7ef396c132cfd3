assay_test(test_shell_text USES workflow base)
assay_test(test_workflow_lint USES workflow)
assay_test(test_diagnostic_codes USES plan workflow)
