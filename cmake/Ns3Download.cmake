# SPDX-License-Identifier: MIT
# Fetch the pinned ns-3 wheel with pip, so that the user's index, proxy and cache settings hold,
# and unpack what a C++ build needs of it. Any CPython's wheel will do: only its C++ libraries and
# headers are used, none of its Python parts (and so none of their dependencies).

set(NS3_DOWNLOAD_REQUIREMENT "ns3==3.44.post0")
set(NS3_DOWNLOAD_FILE "ns3-3.44.post0-cp311-cp311-manylinux_2_28_x86_64.whl")
set(NS3_DOWNLOAD_SHA256 2a98479a4a3a1bb819b95ce061871a9d068268b42351b8f0ef598160939ba7ce)
set(NS3_DOWNLOAD_DIR "${CMAKE_BINARY_DIR}/ns3-wheel" CACHE PATH
    "where the downloaded ns-3 wheel is unpacked")

# Sets OUT to the unpacked `ns3` folder, or to "" with the reason in OUT_WHY.
function(_ns3_download out out_why)
  set(${out} "" PARENT_SCOPE)
  set(_stamp "${NS3_DOWNLOAD_DIR}/${NS3_DOWNLOAD_SHA256}")
  if(EXISTS "${_stamp}")
    set(${out} "${NS3_DOWNLOAD_DIR}/ns3" PARENT_SCOPE)
    return()
  endif()
  if(NOT CMAKE_SYSTEM_NAME STREQUAL "Linux" OR NOT CMAKE_SYSTEM_PROCESSOR STREQUAL "x86_64")
    set(${out_why} "the wheel exists for Linux x86_64 only, this is ${CMAKE_SYSTEM_NAME} \
${CMAKE_SYSTEM_PROCESSOR}" PARENT_SCOPE)
    return()
  endif()
  message(STATUS "Fetching ${NS3_DOWNLOAD_REQUIREMENT} (69 MB, without its dependencies)")
  execute_process(
    COMMAND "${Python_EXECUTABLE}" -m pip download --quiet --disable-pip-version-check --no-deps
            --only-binary=:all: --platform manylinux_2_28_x86_64 --implementation cp
            --python-version 3.11 --abi cp311 --dest "${NS3_DOWNLOAD_DIR}"
            "${NS3_DOWNLOAD_REQUIREMENT}"
    RESULT_VARIABLE _failed ERROR_VARIABLE _error)
  if(_failed)
    string(STRIP "${_error}" _error)
    string(REGEX REPLACE ".*\n" "" _last "${_error}")
    set(${out_why} "pip could not fetch it (no network?): ${_last}" PARENT_SCOPE)
    return()
  endif()
  set(_wheel "${NS3_DOWNLOAD_DIR}/${NS3_DOWNLOAD_FILE}")
  file(SHA256 "${_wheel}" _sum)
  if(NOT _sum STREQUAL NS3_DOWNLOAD_SHA256)
    message(FATAL_ERROR "${_wheel} has SHA-256 ${_sum}, expected ${NS3_DOWNLOAD_SHA256}. "
                        "It is not the file that was tested: delete it and look at your index.")
  endif()
  file(ARCHIVE_EXTRACT INPUT "${_wheel}" DESTINATION "${NS3_DOWNLOAD_DIR}"
       PATTERNS "ns3/include/ns3/*" "ns3/lib64/libns3.*" "ns3/lib64/libgsl*"
                "ns3/lib64/libsqlite3*" "ns3/lib64/libxml2*" "ns3/lib64/liblzma*"
                "ns3-*.dist-info/licenses/*")
  file(REMOVE "${_wheel}")
  file(TOUCH "${_stamp}")
  set(${out} "${NS3_DOWNLOAD_DIR}/ns3" PARENT_SCOPE)
endfunction()
