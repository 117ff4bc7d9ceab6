# What an installation has, and the Debian package of it (`cpack -G DEB` in the build folder; ops/package/build does all).
# Included after all targets.
include(GNUInstallDirs)
# Packing builds nothing: ops/image/compile has, and tests are no part of it.
set(CMAKE_SKIP_INSTALL_ALL_DEPENDENCY ON)

install(TARGETS ringfence ringfence-intake ringfence-dedupe ringfence-cluster ringfence-publish
                ringfence-gateway
        RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
install(FILES ops/package/ringfence.service DESTINATION lib/systemd/system)
install(FILES ops/package/ringfence.sysusers DESTINATION lib/sysusers.d RENAME ringfence.conf)
# Everything that programs and documents refer to, beside each other as in ops/.
install(FILES README.md CHANGELOG.md ops/console-api.md ops/consuming.md ops/identities.md ops/incidents.md
              ops/metrics.md ops/operating.md ops/overrides.md ops/policy.md ops/problem-codes.md ops/referrals.md
              ops/rules.md ops/services.md
        DESTINATION ${CMAKE_INSTALL_DOCDIR})
install(DIRECTORY ops/alerts ops/config ops/dashboards ops/front ops/runbooks DESTINATION ${CMAKE_INSTALL_DOCDIR}
        FILES_MATCHING PATTERN "*.yaml" PATTERN "*.json" PATTERN "*.md" PATTERN "*.cfg")
# Made by ops/image/sbom out of the programs; absent where nobody has made it.
install(FILES ${CMAKE_BINARY_DIR}/ringfence.cdx.json DESTINATION ${CMAKE_INSTALL_DOCDIR} OPTIONAL)

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME ringfence)
set(CPACK_PACKAGE_CONTACT "Ringfence's operators <root@localhost>")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "Distributed fraud-report stream processor")
set(CPACK_PACKAGE_DESCRIPTION "Joins what partner companies report of frauds into campaigns, and publishes indicators
 that others block on. All in one process (ringfence serve), or as five services on Kafka.")
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION net)
# Which libraries of which versions the programs need.
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_DEPENDS "ca-certificates")
set(CPACK_DEBIAN_PACKAGE_RECOMMENDS "systemd")
set(CPACK_DEBIAN_PACKAGE_CONTROL_EXTRA
    "${CMAKE_SOURCE_DIR}/ops/package/postinst;${CMAKE_SOURCE_DIR}/ops/package/prerm;${CMAKE_SOURCE_DIR}/ops/package/postrm")
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION TRUE)
include(CPack)
