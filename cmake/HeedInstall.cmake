# The install tree: headers under include/heed, libraries, and the package that find_package(heed) reads.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

get_property(libraries GLOBAL PROPERTY HEED_LIBRARIES)
install(TARGETS heed heed_dsl ${libraries}
        EXPORT heedTargets ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(TARGETS heed-opt heed-bench heed-compile RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
foreach(room dsl runtime)
  install(DIRECTORY ${room} DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/heed FILES_MATCHING PATTERN "*.h")
endforeach()
install(FILES driver/argument_types.h driver/bundle.h driver/compile.h driver/describe.h driver/heed.h driver/kernel.h driver/reference.h driver/sketch.h
        DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/heed/driver)
install(FILES ${HEED_GENERATED_INCLUDE}/heed/heed.h DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/heed)
install(FILES ${HEED_GENERATED_INCLUDE}/heed/dsl/words.h ${HEED_GENERATED_INCLUDE}/heed/dsl/pointwise.h
  ${HEED_GENERATED_INCLUDE}/heed/dsl/unnamed.h DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/heed/dsl)

set(package ${CMAKE_INSTALL_LIBDIR}/cmake/heed)
install(EXPORT heedTargets NAMESPACE heed:: DESTINATION ${package})
configure_package_config_file(cmake/heedConfig.cmake.in ${PROJECT_BINARY_DIR}/heedConfig.cmake INSTALL_DESTINATION ${package})
write_basic_package_version_file(${PROJECT_BINARY_DIR}/heedConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/heedConfig.cmake ${PROJECT_BINARY_DIR}/heedConfigVersion.cmake DESTINATION ${package})
