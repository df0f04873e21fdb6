# SPDX-License-Identifier: MIT
# The header-only JSON library, nlohmann_json: a CMake package of the system, or the package
# nlohmann-json from PyPI. Gives the target nlohmann_json::nlohmann_json.
# For sources only: no installed header needs it.

include_guard(GLOBAL)
find_package(nlohmann_json 3.9 CONFIG QUIET)   # 3.9: the first with ordered_json
if(NOT nlohmann_json_FOUND)
  # Found without being imported: its own Python part needs a further package.
  execute_process(
    COMMAND "${Python_EXECUTABLE}" -c
            "import importlib.util as u; s = u.find_spec('nlohmann_json'); \
print(s.submodule_search_locations[0] if s else '', end='')"
    OUTPUT_VARIABLE _folder)
  if(NOT EXISTS "${_folder}/include/nlohmann/json.hpp")
    message(FATAL_ERROR "No nlohmann/json.hpp found. Do one of:\n"
      "  ${Python_EXECUTABLE} -m pip install nlohmann-json\n"
      "  apt-get install nlohmann-json3-dev")
  endif()
  add_library(nlohmann_json::nlohmann_json INTERFACE IMPORTED)
  set_target_properties(nlohmann_json::nlohmann_json PROPERTIES
    INTERFACE_INCLUDE_DIRECTORIES "${_folder}/include")
endif()
