assay_fuzz(sshsig USES marketplace value base LINKS PkgConfig::CRYPTO)
assay_fuzz(allowed_signers USES marketplace value base)
assay_fuzz(market USES marketplace value base)
