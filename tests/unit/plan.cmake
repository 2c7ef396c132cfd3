assay_test(test_workflow USES workflow)
assay_test(test_plan_cases USES plan)
assay_test(test_resolve_cases USES base value workflow)
