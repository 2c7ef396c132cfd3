assay_test(test_history USES base value event history LINKS PkgConfig::SQLITE)
assay_test(test_history_crash USES base value event history
    LINKS PkgConfig::SQLITE)
assay_test(test_history_artifacts USES base value event history
    LINKS PkgConfig::ZLIB)
assay_test(test_history_follow USES base value event history
    LINKS PkgConfig::SQLITE)
