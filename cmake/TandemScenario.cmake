# SPDX-License-Identifier: MIT
# How scenarios are built, installed and bundled with ns-3.
#
#   tandem_scenario_library(SOURCES … MODULES …)  -> static library tandem-scenario, installed with
#                                                    its headers for `tandem build`
#   tandem_moved_headers(OLD:NEW name… …)         -> installed headers at their old places that warn
#   tandem_compat_library(SOURCES …)              -> static library tandem-compat: foreign interfaces
#                                                    for `tandem build --compat`
#   tandem_add_scenario(name SOURCES …            -> executable <package>/_bin/name; MODULES are
#                       MODULES …)                   ns-3's beside those of tandem-scenario
#   tandem_bundle_ns3()                           -> ns-3's libraries and headers, <package>/_ns3

include_guard(GLOBAL)

set(TANDEM_PACKAGE tandem)
set(TANDEM_BIN "${TANDEM_PACKAGE}/_bin")
set(TANDEM_NS3 "${TANDEM_PACKAGE}/_ns3")
set(TANDEM_CPP "${TANDEM_PACKAGE}/_cpp")

# RPATH, which comes before LD_LIBRARY_PATH, not RUNPATH, which comes after it: another build of ns-3
# must not take the place of this one (ns3_scenarios/agent-link/loaded-libraries.h).
set(TANDEM_RUN_PATH_FIRST -Wl,--disable-new-dtags)

set(TANDEM_BUNDLED OFF)
if(NS3_PROVIDER_USED MATCHES "^(wheel|download)$")
  set(TANDEM_BUNDLED ON)
endif()

function(tandem_scenario_library)
  cmake_parse_arguments(A "" "" "SOURCES;HEADER_FOLDERS;MODULES" ${ARGN})
  add_library(tandem-scenario STATIC ${A_SOURCES})
  list(TRANSFORM A_MODULES PREPEND ns3sim::)
  target_link_libraries(tandem-scenario PUBLIC ${A_MODULES} PRIVATE nlohmann_json::nlohmann_json)
  target_include_directories(tandem-scenario PUBLIC "${CMAKE_CURRENT_SOURCE_DIR}")
  target_compile_definitions(tandem-scenario PUBLIC TANDEM_VERSION="${PROJECT_VERSION}")
  target_compile_options(tandem-scenario PRIVATE -Wall -Wextra)
  # NS_LOG_COMPONENT_DEFINE names its object g_log in every file, so each file of a batch gets a
  # g_log of its own.
  set_target_properties(tandem-scenario PROPERTIES
    UNITY_BUILD ${TANDEM_UNITY} UNITY_BUILD_BATCH_SIZE 16 UNITY_BUILD_UNIQUE_ID TANDEM_FILE
    UNITY_BUILD_CODE_BEFORE_INCLUDE
      "#define TANDEM_PASTE(a, b) a##b\n#define TANDEM_JOIN(a, b) TANDEM_PASTE(a, b)\n\
#define g_log TANDEM_JOIN(g_log_, TANDEM_FILE)"
    CXX_EXTENSIONS OFF POSITION_INDEPENDENT_CODE ON)
  if(TANDEM_UNITY)
    target_precompile_headers(tandem-scenario PRIVATE precompiled.h)
  endif()
  install(TARGETS tandem-scenario ARCHIVE DESTINATION "${TANDEM_CPP}" COMPONENT tandem)
  install(DIRECTORY ${A_HEADER_FOLDERS} DESTINATION "${TANDEM_CPP}/include" COMPONENT tandem
          FILES_MATCHING PATTERN "*.h")
  # The smallest scenario is the template of `tandem new`.
  install(FILES scenarios/hello.cc DESTINATION "${TANDEM_CPP}" COMPONENT tandem)
  set_property(GLOBAL PROPERTY TANDEM_MODULES ${A_MODULES})
endfunction()

# Install for each name a header OLD/name.h that says so and includes NEW/name.h, for one release;
# name=new_name where the name has changed, too.
function(tandem_moved_headers)
  set(_include "${CMAKE_CURRENT_BINARY_DIR}/moved")
  file(REMOVE_RECURSE "${_include}")
  foreach(_item IN LISTS ARGN)
    if(_item MATCHES "^(.+):(.+)$")
      set(_from "${CMAKE_MATCH_1}")
      set(_to "${CMAKE_MATCH_2}")
      continue()
    endif()
    string(REGEX REPLACE "=.*" "" _old "${_from}/${_item}.h")
    string(REGEX REPLACE ".*=" "" _new "${_item}")
    set(_new "${_to}/${_new}.h")
    if(NOT EXISTS "${CMAKE_CURRENT_SOURCE_DIR}/${_new}")
      message(FATAL_ERROR "tandem_moved_headers: ${_new} does not exist")
    endif()
    if(_item MATCHES "=")
      set(_old "${_old}.h")
    endif()
    file(WRITE "${_include}/${_old}" "// SPDX-License-Identifier: GPL-2.0-only
#pragma once
#pragma message(\"${_old} is now ${_new}; the old name goes with the next release\")
#include \"${_new}\"
")
  endforeach()
  install(DIRECTORY "${_include}/" DESTINATION "${TANDEM_CPP}/include" COMPONENT tandem)
endfunction()

# Apart from tandem-scenario, so that only scenarios which ask for them get the foreign names.
function(tandem_compat_library)
  cmake_parse_arguments(A "" "" "SOURCES" ${ARGN})
  add_library(tandem-compat STATIC ${A_SOURCES})
  target_link_libraries(tandem-compat PUBLIC tandem-scenario PRIVATE nlohmann_json::nlohmann_json)
  target_compile_options(tandem-compat PRIVATE -Wall -Wextra)
  set_target_properties(tandem-compat PROPERTIES UNITY_BUILD ${TANDEM_UNITY} CXX_EXTENSIONS OFF
                                                 POSITION_INDEPENDENT_CODE ON)
  tandem_precompiled(tandem-compat)
  install(TARGETS tandem-compat ARCHIVE DESTINATION "${TANDEM_CPP}" COMPONENT tandem)
  install(DIRECTORY compat DESTINATION "${TANDEM_CPP}/include" COMPONENT tandem
          FILES_MATCHING PATTERN "*.h" PATTERN "compat/include" EXCLUDE)
  install(DIRECTORY compat/include/ DESTINATION "${TANDEM_CPP}/compat" COMPONENT tandem
          FILES_MATCHING PATTERN "*.h")
endfunction()

# Take the headers that tandem-scenario compiled beforehand. That needs the same code generation.
function(tandem_precompiled name)
  if(TANDEM_UNITY)
    target_compile_options(${name} PRIVATE -fPIC)
    target_precompile_headers(${name} REUSE_FROM tandem-scenario)
  endif()
endfunction()

function(tandem_add_scenario name)
  cmake_parse_arguments(A "" "" "SOURCES;MODULES" ${ARGN})
  add_executable(${name} ${A_SOURCES})
  foreach(_module IN LISTS A_MODULES)
    if(NOT TARGET ns3sim::${_module})
      message(FATAL_ERROR "tandem_add_scenario(${name}): no module '${_module}'; beside those of "
                          "tandem-scenario there are: ${NS3_OPTIONAL}")
    endif()
    target_link_libraries(${name} PRIVATE ns3sim::${_module})
  endforeach()
  target_link_libraries(${name} PRIVATE tandem-scenario)
  target_compile_options(${name} PRIVATE -Wall -Wextra)
  tandem_precompiled(${name})
  # The wheel's libraries need others that only the loader has to find.
  target_link_options(${name} PRIVATE -Wl,--allow-shlib-undefined ${TANDEM_RUN_PATH_FIRST})
  if(TANDEM_BUNDLED)
    set(_rpath "$ORIGIN/../_ns3")
  elseif(NS3_PROVIDER_USED STREQUAL "root")
    set(_rpath "${NS3_LIB_DIR}")
  else()
    set(_rpath "")
  endif()
  # Exported symbols give the call stack of a crash its names.
  set_target_properties(${name} PROPERTIES ENABLE_EXPORTS ON CXX_EXTENSIONS OFF INSTALL_RPATH "${_rpath}"
                                           INSTALL_RPATH_USE_LINK_PATH OFF)
  install(TARGETS ${name} RUNTIME DESTINATION "${TANDEM_BIN}" COMPONENT tandem)
endfunction()

# Install what users' scenarios are compiled and linked with: the description in _cpp/build.json
# and, for an ns-3 from a wheel, its libraries (with those they need, in one flat folder that
# run_path.py makes their run path), headers and licence.
function(tandem_bundle_ns3)
  get_property(_targets GLOBAL PROPERTY TANDEM_MODULES)
  set(_libraries "")
  foreach(_target IN LISTS _targets)
    get_target_property(_file ${_target} IMPORTED_LOCATION)
    list(APPEND _libraries "${_file}")
  endforeach()
  set(_bundle ${_libraries})
  set(_modules "")
  foreach(_module IN LISTS NS3_OPTIONAL)
    get_target_property(_file ns3sim::${_module} IMPORTED_LOCATION)
    list(APPEND _bundle "${_file}")
    get_filename_component(_name "${_file}" NAME)
    list(APPEND _modules "\"${_module}\": \"${_name}\"")
  endforeach()
  list(JOIN _modules ", " _modules)

  set(_include "${NS3_INCLUDE_DIR}")
  set(_lib "${NS3_LIB_DIR}")
  if(TANDEM_BUNDLED)
    set(_include "_ns3/include")  # relative to the package
    set(_lib "_ns3")
    install(DIRECTORY "${NS3_INCLUDE_DIR}/ns3" DESTINATION "${TANDEM_NS3}/include"
            COMPONENT tandem)
    file(GLOB _licences "${NS3_INCLUDE_DIR}/../../ns3-*.dist-info/licenses/*")
    install(FILES ${_licences} DESTINATION "${TANDEM_NS3}" COMPONENT tandem)
    install(CODE "
      if(POLICY CMP0207)
        cmake_policy(SET CMP0207 NEW)
      endif()
      set(_bundled \"${_bundle}\")
      file(GET_RUNTIME_DEPENDENCIES LIBRARIES \${_bundled}
        RESOLVED_DEPENDENCIES_VAR _needed UNRESOLVED_DEPENDENCIES_VAR _unresolved
        DIRECTORIES \"${NS3_LIB_DIR}\"
        PRE_EXCLUDE_REGEXES
          \"^(ld-linux.*|libc|libm|libdl|librt|libpthread|libgcc_s|libstdc[+][+])[.]so\")
      set(_all \${_bundled} \${_needed})
      list(TRANSFORM _all REPLACE \"//\" \"/\")
      list(REMOVE_DUPLICATES _all)
      get_filename_component(_from \"${NS3_LIB_DIR}\" REALPATH)
      foreach(_file IN LISTS _all)
        get_filename_component(_file \"\${_file}\" REALPATH)
        get_filename_component(_folder \"\${_file}\" DIRECTORY)
        if(_folder STREQUAL _from)
          file(INSTALL \"\${_file}\" DESTINATION \"\${CMAKE_INSTALL_PREFIX}/${TANDEM_NS3}\"
               TYPE SHARED_LIBRARY)
          get_filename_component(_file \"\${_file}\" NAME)
          list(APPEND _mended \"\$ENV{DESTDIR}\${CMAKE_INSTALL_PREFIX}/${TANDEM_NS3}/\${_file}\")
        endif()
      endforeach()
      execute_process(
        COMMAND \"${Python_EXECUTABLE}\" \"${PROJECT_SOURCE_DIR}/cmake/run_path.py\" \${_mended}
        COMMAND_ERROR_IS_FATAL ANY)" COMPONENT tandem)
  endif()

  set(_names "")
  foreach(_file IN LISTS _libraries)
    get_filename_component(_name "${_file}" NAME)
    list(APPEND _names "\"${_name}\"")
  endforeach()
  list(JOIN _names ", " _names)
  set(_definitions "")
  foreach(_definition IN LISTS NS3_DEFINITIONS)
    string(REPLACE "\"" "\\\"" _definition "${_definition}")
    list(APPEND _definitions "\"${_definition}\"")
  endforeach()
  list(JOIN _definitions ", " _definitions)
  file(WRITE "${CMAKE_CURRENT_BINARY_DIR}/build.json" "{
  \"tandem_version\": \"${PROJECT_VERSION}\",
  \"ns3_version\": \"${NS3_VERSION}\",
  \"ns3_provider\": \"${NS3_PROVIDER_USED}\",
  \"compiler\": \"${CMAKE_CXX_COMPILER_ID} ${CMAKE_CXX_COMPILER_VERSION}\",
  \"cxx_standard\": ${NS3_CXX_STANDARD},
  \"programs\": \"${TANDEM_PROGRAMS}\",
  \"include_dir\": \"${_include}\",
  \"library_dir\": \"${_lib}\",
  \"definitions\": [${_definitions}],
  \"libraries\": [${_names}],
  \"modules\": {${_modules}}
}
")
  install(FILES "${CMAKE_CURRENT_BINARY_DIR}/build.json" DESTINATION "${TANDEM_CPP}"
          COMPONENT tandem)
endfunction()
