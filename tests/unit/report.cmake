assay_test(test_report USES base value event report)
assay_test(test_report_live USES base value event report)
