# SPDX-License-Identifier: MIT
"""Finding scenario executables: those installed with the package and the user's own."""

from __future__ import annotations

import os
from pathlib import Path

from tandem.bridge.core import _native
from tandem.bridge.core.documents import DocumentError, read_json
from tandem.bridge.core.errors import ScenarioNotFound


def package_root() -> Path:
    """The folder of compiled parts.

    The build puts the executables beside the extension module. In an editable install the Python
    files are elsewhere.
    """
    return Path(_native.__file__).resolve().parents[2]


def executable_folder() -> Path:
    """Where the installed scenario executables lie."""
    return package_root() / "_bin"


def installed_scenarios() -> list[str]:
    """Names of the scenarios installed with the package, sorted."""
    folder = executable_folder()
    return sorted(entry.name for entry in folder.iterdir()) if folder.is_dir() else []


def has_all_scenarios() -> bool:
    """Whether the package was built with all scenarios, and not with a choice of them."""
    try:
        build = read_json(package_root() / "_cpp" / "build.json")
    except (OSError, DocumentError):
        return True
    return bool(build.get("programs", "all") == "all")


def fixed_scenario(scenario: str | os.PathLike[str]) -> str:
    """The same scenario for any working folder: the path of an executable becomes absolute.

    A name stays as it is, also one that is not installed here: a server may offer it.
    """
    text = os.fspath(scenario)
    is_name = os.sep not in text and (
        (executable_folder() / text).is_file() or not Path(text).is_file()
    )
    return text if is_name else str(Path(text).absolute())


def working_folder() -> Path | None:
    """The present working folder; ``None`` if it was removed."""
    try:
        return Path.cwd()
    except FileNotFoundError:
        return None


def scenario_executable(scenario: str | os.PathLike[str]) -> Path:
    """The executable of a scenario.

    Args:
        scenario: the name of an installed scenario, or the path of an executable (of your own,
            made by ``tandem build``).

    Raises:
        ScenarioNotFound: there is no such executable; the message lists what there is.
    """
    text = os.fspath(scenario)
    if os.sep not in text:
        candidate = executable_folder() / text
        if candidate.is_file():
            return candidate
    path = Path(text)
    if path.is_file() and os.access(path, os.X_OK):
        return path.resolve()
    if path.suffix == ".cc":
        raise ScenarioNotFound(f"'{text}' is source code: compile it with `tandem build {text}`")
    if path.is_file():
        raise ScenarioNotFound(f"'{text}' is not executable: build it with `tandem build`")
    names = ", ".join(installed_scenarios()) or "none: is the package built with scenarios?"
    more = "" if has_all_scenarios() else " (`make demo` compiles its own; all: `make scenarios`)"
    raise ScenarioNotFound(
        f"no scenario '{text}'; installed are {names}{more}. "
        "Your own: `tandem new my_scenario`, then `tandem build`, then give its path"
    )
