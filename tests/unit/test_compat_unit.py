# SPDX-License-Identifier: MIT
"""Reading foreign build files and sources, and the original module names."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

import tandem.scripts.compat as command
from tandem.bridge.core.errors import SchemaMismatch
from tandem.compat import enable
from tandem.compat.spaces import make_space
from tandem.scripts.app.common.toolchain import BuildError
from tandem.scripts.app.migration.targets import find_targets
from tandem.scripts.cli import app

CMAKE = """
set(common shared.cc)
build_lib(LIBNAME extra SOURCE_FILES lib/extra.cc HEADER_FILES lib/extra.h)
build_lib_example(
    NAME first   # a comment (with brackets)
    SOURCE_FILES first.cc ${common}
    LIBRARIES_TO_LINK ${libai} ${libextra}
)
pybind11_add_module(first_py py/first_py.cc)
set_target_properties(first_py PROPERTIES LIBRARY_OUTPUT_DIRECTORY ${CMAKE_CURRENT_SOURCE_DIR}/py)
if(WITH_TORCH)
  build_exec(EXECNAME second SOURCE_FILES second.cc)
endif()
add_subdirectory(below)
"""


def write(folder: Path, **files: str) -> Path:
    for name, text in files.items():
        path = folder / name.replace("__", "/").replace("_dot_", ".")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder


def test_cmake_files_are_read_for_targets(tmp_path: Path) -> None:
    names = ("first", "shared", "second", "lib__extra", "py__first_py", "below__third")
    write(tmp_path, CMakeLists_dot_txt=CMAKE, **{f"{name}_dot_cc": "" for name in names})
    write(tmp_path, below__CMakeLists_dot_txt="add_executable(third third.cc)")
    targets = {target.name: target for target in find_targets(tmp_path)}
    assert list(targets) == ["extra", "first", "first_py", "second", "third"]
    first = targets["first"]
    assert [file.name for file in first.sources] == ["first.cc", "shared.cc"]
    assert (first.kind, first.libraries) == ("simulator", ["ai", "extra"])
    assert targets["extra"].headers == [tmp_path / "lib" / "extra.h"]
    assert targets["first_py"].folder == tmp_path / "py"
    assert [name for name, target in targets.items() if target.conditional] == ["second"]
    # one file for all examples, as ns3-gym has it
    assert [target.name for target in find_targets(tmp_path / "lib")] == ["extra"]


def test_sources_in_several_lines_and_folders_with_spaces_are_kept(tmp_path: Path) -> None:
    text = """
    set(more "part two.cc" third.cc)
    list(APPEND more fourth.cc)
    file(GLOB rest ${CMAKE_CURRENT_SOURCE_DIR}/extra/*.cc)
    if((A) AND (NOT B)) # ( an open one
    endif()
    build_lib_example(
        NAME sim
        SOURCE_FILES ${CMAKE_CURRENT_SOURCE_DIR}/sim.cc "first one.cc"
        SOURCE_FILES ${more} ${rest}
        LIBRARIES_TO_LINK ${libai}
    )
    #[[ build_exec(EXECNAME commented SOURCE_FILES sim.cc) ]]
    add_executable(other ${CMAKE_CURRENT_LIST_DIR}/other.cc)
    """
    folder = tmp_path / "my project"
    names = ("sim", "first one", "part two", "third", "fourth", "other", "extra__fifth")
    write(folder, CMakeLists_dot_txt=text, **{f"{name}_dot_cc": "" for name in names})
    sim, other = find_targets(folder)
    assert [str(file.relative_to(folder.resolve())) for file in sim.sources] == [
        "sim.cc",
        "first one.cc",
        "part two.cc",
        "third.cc",
        "fourth.cc",
        "extra/fifth.cc",
    ]
    assert [(one.name, one.missing, one.conditional) for one in (sim, other)] == [
        ("sim", [], False),
        ("other", [], False),
    ]
    assert [file.name for file in other.sources] == ["other.cc"]


def test_a_target_whose_source_is_not_there_is_told_and_not_replaced(tmp_path: Path) -> None:
    text = "build_exec(EXECNAME sim SOURCE_FILES sim.cc gone.cc ${unknown})"
    write(tmp_path, CMakeLists_dot_txt=text, sim_dot_cc="int main() {}")
    (target,) = find_targets(tmp_path)
    assert target.missing == ["${unknown}", str(tmp_path / "gone.cc")]
    result = CliRunner().invoke(app, ["build", "--compat", str(tmp_path)])
    assert result.exit_code != 0
    assert "gone.cc" in str(result.exception)
    assert not (tmp_path / "tandem-build" / "sim").exists()


def test_folders_without_cmake_are_one_simulator(tmp_path: Path) -> None:
    folder = write(
        tmp_path / "mine",
        sim_dot_cc="int\nmain(int argc, char** argv) {}",
        part_dot_cc="",
        mine_py_dot_cc="PYBIND11_MODULE(mine_module, m) {}",
    )
    simulator, module = find_targets(folder)
    assert (simulator.name, module.name) == ("mine", "mine_module")
    assert [file.name for file in simulator.sources] == ["sim.cc", "part.cc"]
    with pytest.raises(BuildError, match=r"neither CMakeLists\.txt nor"):
        find_targets(write(tmp_path / "empty", note_dot_txt=""))


def test_original_names_are_served_where_no_other_package_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script = (
        "import tandem.compat, sys; print(tandem.compat.enable())\n"
        "import ns3ai_utils, ns3ai_gym_env.envs, gymnasium\n"
        "print(ns3ai_utils.Experiment.__module__)\n"
        "from ns3gym import ns3env; print(ns3env.__file__)\n"
    )
    real = write(tmp_path, ns3gym____init___dot_py="", ns3gym__ns3env_dot_py="")
    (real / "ns3gym" / "__init__.py").touch()
    monkeypatch.setenv("PYTHONPATH", str(real))
    lines = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    ).stdout.splitlines()
    assert lines == ["['ns3gym']", "tandem.compat.ns3ai", str(real / "ns3gym" / "ns3env.py")]


def test_enable_and_disable_write_one_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(command, "_pth", lambda: tmp_path / command.PTH_NAME)
    monkeypatch.setattr(sys, "path", [*sys.path])
    assert CliRunner().invoke(app, ["compat", "enable"]).exit_code == 0
    (line,) = (tmp_path / command.PTH_NAME).read_text().splitlines()
    assert (Path(line) / "ns3ai_utils.py").is_file()
    assert "disabled" in CliRunner().invoke(app, ["compat", "disable"]).output
    assert not list(tmp_path.iterdir())
    assert enable() == []


def test_bounds_are_brought_into_the_types_range() -> None:
    box = {"type": "box", "dtype": "uint32_t", "shape": [2], "low": [-1.0], "high": [4294967296.0]}
    space = make_space(box)
    assert (space.low.tolist(), space.high.tolist()) == ([0, 0], [2**32 - 1] * 2)
    real = make_space({**box, "dtype": "float", "high": [1e308], "low": [-1e308]})
    assert (real.low.tolist(), real.high.tolist()) == ([-np.inf] * 2, [np.inf] * 2)
    observed = make_space({**box, "high": [1e308]}, observed=True)
    assert (observed.dtype, observed.high.tolist()) == (np.int64, [2**32 - 1] * 2)
    with pytest.raises(SchemaMismatch, match="no number"):
        make_space({**box, "low": [None]})  # what C++ writes for NaN
    with pytest.raises(SchemaMismatch, match="3 bounds"):
        make_space({**box, "low": [0, 1, 2]})
    with pytest.raises(SchemaMismatch, match="at least 1"):
        make_space({"type": "discrete", "n": 0})
