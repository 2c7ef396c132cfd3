# `cmake --install` and `cpack -G DEB`: the program, its manual, and what it holds
# inside as files to read: schemas, catalog, documents.
include(GNUInstallDirs)

if(TARGET assay)
    install(TARGETS assay RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
endif()
install(DIRECTORY docs/man/ DESTINATION ${CMAKE_INSTALL_MANDIR}/man1
    FILES_MATCHING PATTERN "*.1")
install(DIRECTORY schemas/ DESTINATION ${CMAKE_INSTALL_DATADIR}/assay/schemas
    FILES_MATCHING PATTERN "*.schema.json" PATTERN "*.sql")
install(DIRECTORY marketplace/catalog/
    DESTINATION ${CMAKE_INSTALL_DATADIR}/assay/catalog)
install(DIRECTORY docs/ DESTINATION ${CMAKE_INSTALL_DOCDIR}
    FILES_MATCHING PATTERN "*.md" PATTERN "man" EXCLUDE)
install(FILES README.md SECURITY.md DESTINATION ${CMAKE_INSTALL_DOCDIR})
install(FILES LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR} RENAME copyright)

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME assay)
set(CPACK_PACKAGE_CONTACT "The Assay authors <maintainers@assay.invalid>")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "${PROJECT_DESCRIPTION}")
set(CPACK_PACKAGE_DESCRIPTION
"Assay runs TestWorkflow files that check whether infrastructure is healthy,
as processes in a sandbox on this machine, and keeps a record of every run.")
set(CPACK_STRIP_FILES ON)
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS
    OWNER_READ OWNER_WRITE OWNER_EXECUTE
    GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION utils)
# What the program runs or loads by name; dpkg-shlibdeps finds what it links.
string(REGEX MATCH "^[0-9]+[.][0-9]+" GIT_SOVERSION "${GIT_VERSION}")
string(REGEX MATCH "^[0-9]+" SSL_SOVERSION "${SSL_VERSION}")
set(CPACK_DEBIAN_PACKAGE_DEPENDS
    "bubblewrap, libcurl4, libjq1, libgit2-${GIT_SOVERSION}, libssl${SSL_SOVERSION}, libzstd1, zlib1g")
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
include(CPack)
