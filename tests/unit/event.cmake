assay_test(test_event USES base value event)
assay_test(test_event_codec USES base value event)
