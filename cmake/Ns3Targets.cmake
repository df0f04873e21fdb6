# SPDX-License-Identifier: MIT
# Imported targets for ns-3, whatever it came from.
#
#   ns3_find(MODULES core network wifi      -> targets ns3sim::core …, fails loudly
#            IF_PRESENT olsr                -> the same for those that ns-3 has; NS3_MODULES are
#                                              both, always linked
#            OPTIONAL mesh dsr)             -> the same, linked on request: NS3_OPTIONAL
#
# Input (cache variables; the environment variable of the same name is the fallback)
#   NS3_PROVIDER   auto      root if NS3_ROOT is set, wheel if NS3_WHEEL_DIR is set, else download:
#                            another ns-3 release, which gives other results, is never taken
#                            silently
#                  download  the pinned wheel, see Ns3Download.cmake
#                  wheel     an `ns3` wheel that is installed, or unpacked at NS3_WHEEL_DIR
#                  root      NS3_ROOT
#                  system    the distribution's package (Debian, Ubuntu: libns3-dev)
#   NS3_ROOT       install prefix (lib or lib64, include/ns3) or built source tree (build/lib,
#                  build/include/ns3)
#   NS3_WHEEL_DIR  the `ns3` folder of a wheel (holds include/ and lib64/)
# Output: NS3_PROVIDER_USED NS3_VERSION NS3_INCLUDE_DIR NS3_LIB_DIR NS3_DEFINITIONS
#         NS3_CXX_STANDARD NS3_MODULES NS3_OPTIONAL
#
# The CMake packages that the wheel and Debian ship name files of their build machines, so
# everything is derived from the files present.

include_guard(GLOBAL)
include("${CMAKE_CURRENT_LIST_DIR}/Ns3Download.cmake")

foreach(_name NS3_PROVIDER NS3_ROOT NS3_WHEEL_DIR)
  if(NOT DEFINED ${_name} AND DEFINED ENV{${_name}})
    set(${_name} "$ENV{${_name}}")
  endif()
endforeach()
if(NOT NS3_PROVIDER)
  set(NS3_PROVIDER auto)
endif()
set(NS3_PROVIDER "${NS3_PROVIDER}" CACHE STRING "auto, download, wheel, root or system")
set(NS3_ROOT "${NS3_ROOT}" CACHE PATH "ns-3 install prefix or built source tree")
set(NS3_WHEEL_DIR "${NS3_WHEEL_DIR}" CACHE PATH "the ns3 folder of an ns-3 wheel")

set(_NS3_OLDEST_MINOR 37)     # the oldest release that the sources are tested with
set(_NS3_CXX20_MINOR 42)      # from here on the headers need C++20; before, g++ 12 rejects it
set(_NS3_CXX23_MINOR 46)      # … C++23
set(_NS3_PROFILES "debug|default|release|optimized|minsizerel|relwithdebinfo")

# The library file of MODULE in FOLDER, or ""; the release that its name tells goes to OUT_VERSION.
function(_ns3_library folder module out out_version)
  set(_hit "")
  set(_version "")
  file(GLOB _files RELATIVE "${folder}" "${folder}/libns3*-${module}*.so*")
  list(SORT _files)   # the plain .so comes before .so.37
  foreach(_file IN LISTS _files)
    if(_file MATCHES "^libns3([.][0-9]+([.][0-9]+)?|-dev)?-${module}(-(${_NS3_PROFILES}))?[.]so([.][0-9]+)?$")
      set(_hit "${folder}/${_file}")
      set(_release "${CMAKE_MATCH_1}")   # the next match overwrites it
      if(_release MATCHES "^[.]")
        set(_version "3${_release}")
      else()
        file(REAL_PATH "${_hit}" _real)
        if(_real MATCHES "[.]so[.]([0-9]+)$")
          set(_version "3.${CMAKE_MATCH_1}")
        endif()
      endif()
      break()
    endif()
  endforeach()
  set(${out} "${_hit}" PARENT_SCOPE)
  set(${out_version} "${_version}" PARENT_SCOPE)
endfunction()

# Take ns-3 from the first of INCLUDES × LIBS that has the core module's header and library.
function(_ns3_try provider includes libs)
  foreach(_include IN LISTS includes)
    if(NOT EXISTS "${_include}/ns3/core-module.h")
      continue()
    endif()
    foreach(_lib IN LISTS libs)
      _ns3_library("${_lib}" core _core _version)
      if(_core)
        set(NS3_PROVIDER_USED "${provider}" PARENT_SCOPE)
        set(NS3_INCLUDE_DIR "${_include}" PARENT_SCOPE)
        set(NS3_LIB_DIR "${_lib}" PARENT_SCOPE)
        set(NS3_VERSION "${_version}" PARENT_SCOPE)
        set(NS3_CORE_LIBRARY "${_core}" PARENT_SCOPE)
        return()
      endif()
    endforeach()
  endforeach()
endfunction()

# The folder of an installed ns3 wheel. It is found without being imported, so that its Python
# side may be broken.
function(_ns3_installed_wheel out)
  execute_process(
    COMMAND "${Python_EXECUTABLE}" -c
            "import importlib.util as u; s = u.find_spec('ns3'); \
p = s and s.submodule_search_locations; print(next(iter(p)) if p else '', end='')"
    OUTPUT_VARIABLE _folder ERROR_QUIET)
  set(${out} "${_folder}" PARENT_SCOPE)
endfunction()

# The macros that the libraries were built with. NS3_ASSERT_ENABLE and NS3_LOG_ENABLE only switch
# code in headers and in this project's sources.
macro(_ns3_definitions)
  if(NS3_PROVIDER_USED MATCHES "^(wheel|download)$")
    set(NS3_DEFINITIONS NS3_BUILD_PROFILE_RELEASE NS3_ASSERT_ENABLE NS3_LOG_ENABLE)
  elseif(NS3_CORE_LIBRARY MATCHES "-(${_NS3_PROFILES})[.]so")
    string(TOUPPER "NS3_BUILD_PROFILE_${CMAKE_MATCH_1}" NS3_DEFINITIONS)
    if(CMAKE_MATCH_1 MATCHES "debug|default|relwithdebinfo")
      list(APPEND NS3_DEFINITIONS NS3_ASSERT_ENABLE NS3_LOG_ENABLE)
    endif()
  else()
    set(NS3_DEFINITIONS NS3_BUILD_PROFILE_RELEASE)
  endif()
  set(NS3_CXX_STANDARD 20)
  if(NS3_VERSION MATCHES "^3[.]([0-9]+)")
    set(_minor ${CMAKE_MATCH_1})
    if(_minor LESS _NS3_OLDEST_MINOR)
      message(FATAL_ERROR "ns-3 ${NS3_VERSION} at ${NS3_LIB_DIR} is too old: "
                          "3.${_NS3_OLDEST_MINOR} is the oldest supported release")
    endif()
    if(_minor LESS _NS3_CXX20_MINOR)
      set(NS3_CXX_STANDARD 17)
    elseif(NOT _minor LESS _NS3_CXX23_MINOR)
      set(NS3_CXX_STANDARD 23)
    endif()
  else()
    set(NS3_VERSION "development")
    set(_minor 999)
    set(NS3_CXX_STANDARD 23)
    message(WARNING "Cannot tell the release of ns-3 in ${NS3_LIB_DIR}, taking it for the newest")
  endif()
  list(APPEND NS3_DEFINITIONS "NS3_MINOR=${_minor}" "NS3_RELEASE=\"${NS3_VERSION}\""
       "NS3_PROVIDER=\"${NS3_PROVIDER_USED}\"")
endmacro()

macro(ns3_find)
  cmake_parse_arguments(_NF "" "" "MODULES;IF_PRESENT;OPTIONAL" ${ARGN})
  set(NS3_PROVIDER_USED "")
  set(_tried "")
  set(_choice "${NS3_PROVIDER}")
  if(_choice STREQUAL "auto")
    if(NS3_ROOT)
      set(_choice root)
    elseif(NS3_WHEEL_DIR)
      set(_choice wheel)
    else()
      set(_choice download)
    endif()
  endif()

  if(_choice STREQUAL "root")
    set(_libs lib64 lib "lib/${CMAKE_LIBRARY_ARCHITECTURE}" build/lib build/lib64)
    list(TRANSFORM _libs PREPEND "${NS3_ROOT}/")
    _ns3_try(root "${NS3_ROOT}/include;${NS3_ROOT}/build/include" "${_libs}")
    set(_tried "NS3_ROOT='${NS3_ROOT}': no include/ns3/core-module.h with a libns3*-core*.so in \
lib64, lib, lib/${CMAKE_LIBRARY_ARCHITECTURE} or build/lib (is it built, with shared libraries?)")
  elseif(_choice STREQUAL "wheel")
    set(_folder "${NS3_WHEEL_DIR}")
    if(NOT _folder)
      _ns3_installed_wheel(_folder)
    endif()
    _ns3_try(wheel "${_folder}/include" "${_folder}/lib64;${_folder}/lib")
    set(_tried "NS3_WHEEL_DIR='${NS3_WHEEL_DIR}', ${Python_EXECUTABLE} sees ns3 at '${_folder}': \
no include/ns3 with lib64/libns3*-core.so there")
  elseif(_choice STREQUAL "download")
    _ns3_download(_folder _why)
    if(_folder)
      _ns3_try(download "${_folder}/include" "${_folder}/lib64")
    endif()
    set(_tried "${NS3_DOWNLOAD_REQUIREMENT} by '${Python_EXECUTABLE} -m pip': ${_why}")
  elseif(_choice STREQUAL "system")
    _ns3_try(system "/usr/include;/usr/local/include"
      "/usr/lib/${CMAKE_LIBRARY_ARCHITECTURE};/usr/lib64;/usr/lib;/usr/local/lib64;/usr/local/lib")
    set(_tried "/usr and /usr/local: no ns3/core-module.h with a libns3*-core.so")
  else()
    message(FATAL_ERROR
      "NS3_PROVIDER='${NS3_PROVIDER}' is none of auto, download, wheel, root, system")
  endif()

  if(NOT NS3_PROVIDER_USED)
    message(FATAL_ERROR "No ns-3 found (NS3_PROVIDER=${NS3_PROVIDER}). Tried ${_choice}:\n  ${_tried}\n"
      "Do one of:\n"
      "  export NS3_ROOT=/path/to/ns-3       your own prefix or built source tree\n"
      "  export NS3_WHEEL_DIR=/path/to/ns3   an unpacked ns3 wheel; works without network\n"
      "  pip install --no-deps ${NS3_DOWNLOAD_REQUIREMENT} && export NS3_PROVIDER=wheel\n"
      "  apt-get install libns3-dev && export NS3_PROVIDER=system   (ns-3.37 on Debian 12)")
  endif()
  _ns3_definitions()
  message(STATUS "ns-3 ${NS3_VERSION} (${NS3_PROVIDER_USED}) at ${NS3_LIB_DIR}")

  set(NS3_MODULES "")
  set(NS3_OPTIONAL "")
  foreach(_module IN LISTS _NF_MODULES _NF_IF_PRESENT _NF_OPTIONAL)
    _ns3_library("${NS3_LIB_DIR}" ${_module} _file _version)
    if(NOT _file)
      if(_module IN_LIST _NF_MODULES)
        message(FATAL_ERROR "ns-3 at ${NS3_LIB_DIR} has no module '${_module}'. "
                            "Build ns-3 with it, or unset NS3_ROOT to use the pinned wheel.")
      endif()
      continue()
    endif()
    if(_module IN_LIST _NF_OPTIONAL)
      list(APPEND NS3_OPTIONAL ${_module})
    else()
      list(APPEND NS3_MODULES ${_module})
    endif()
    add_library(ns3sim::${_module} SHARED IMPORTED GLOBAL)
    set_target_properties(ns3sim::${_module} PROPERTIES
      IMPORTED_LOCATION "${_file}"
      INTERFACE_INCLUDE_DIRECTORIES "${NS3_INCLUDE_DIR}"
      INTERFACE_COMPILE_DEFINITIONS "${NS3_DEFINITIONS}"
      INTERFACE_COMPILE_FEATURES "cxx_std_${NS3_CXX_STANDARD}")
  endforeach()
endmacro()
