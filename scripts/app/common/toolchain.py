# SPDX-License-Identifier: MIT
"""Compiling a user's scenario against the ns-3 and the scenario library of this installation."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from tandem.bridge.core.errors import TandemError, excerpt, indent
from tandem.bridge.core.files import replacing
from tandem.bridge.core.scenarios import package_root

_COMPILERS: Final = ("c++", "g++", "clang++")
_ERROR_LINES: Final = 40


class BuildError(TandemError):
    """A scenario cannot be compiled; the message has the compiler's own words."""


@dataclass(frozen=True)
class Toolchain:
    """Flags that this installation's scenarios were compiled with (``_cpp/build.json``)."""

    ns3_version: str
    ns3_provider: str
    cxx_standard: int
    include_dirs: tuple[Path, ...]
    library_dir: Path
    definitions: tuple[str, ...]
    libraries: tuple[str, ...]
    scenario_library: Path

    @classmethod
    def installed(cls) -> Toolchain:
        """Read the description that the build left.

        Raises:
            BuildError: the package was installed without scenarios.
        """
        root = package_root()
        folder = root / "_cpp"
        try:
            data: dict[str, Any] = json.loads((folder / "build.json").read_text())
        except FileNotFoundError as error:
            raise BuildError(
                f"{folder} has no build.json: the package was installed without scenarios; "
                "install it with `pip install .` and TANDEM_SCENARIOS on"
            ) from error
        # relative for an ns-3 bundled with the package; joining keeps an absolute path
        include = root / data["include_dir"]
        version = data["tandem_version"]
        return cls(
            ns3_version=data["ns3_version"],
            ns3_provider=data["ns3_provider"],
            cxx_standard=data["cxx_standard"],
            include_dirs=(folder / "include", include),
            library_dir=root / data["library_dir"],
            definitions=(*data["definitions"], f'TANDEM_VERSION="{version}"'),
            libraries=tuple(data["libraries"]),
            scenario_library=folder / "libtandem-scenario.a",
        )

    def command(
        self,
        compiler: str,
        sources: list[Path],
        output: Path,
        extra: list[str],
        *,
        compat: bool = False,
    ) -> list[str]:
        """The compiler's command line for one scenario executable.

        With ``compat`` it includes ns3-ai's and ns3-gym's headers by their names.
        """
        folder = self.scenario_library.parent
        return [
            *self._compiler_options(compiler, compat=compat),
            *extra,
            *(str(source) for source in sources),
            "-o",
            str(output),
            *([str(folder / "libtandem-compat.a")] if compat else []),
            str(self.scenario_library),
            f"-L{self.library_dir}",
            # TypeIds are looked up by name at run time: a library that looks unused may not be.
            "-Wl,--no-as-needed",
            *(f"-l:{library}" for library in self.libraries),
            *self._run_path(),
            "-rdynamic",  # gives the call stack of a crash its names
            # The wheel's libraries need others that only the loader has to find.
            "-Wl,--allow-shlib-undefined",
        ]

    def compat_module_command(
        self, compiler: str, sources: list[Path], output: Path, extra: list[str]
    ) -> list[str]:
        """The compiler's command line for a user's pybind11 module.

        It gets only the ns-3 libraries that its headers need: not all of the wheel's can be loaded
        into Python.
        """
        return [
            *self._compiler_options(compiler, compat=True),
            "-DTANDEM_COMPAT_PYTHON",
            "-shared",
            "-fPIC",
            "-fvisibility=hidden",
            "-ffunction-sections",
            "-fdata-sections",
            "-Wl,--gc-sections",
            *extra,
            *(str(source) for source in sources),
            "-o",
            str(output),
            f"-L{self.library_dir}",
            "-Wl,--as-needed",
            *(f"-l:{library}" for library in self.libraries),
            *self._run_path(),
            "-Wl,--allow-shlib-undefined",
        ]

    def _run_path(self) -> list[str]:
        """Where the program finds ns-3: as RPATH, which comes before LD_LIBRARY_PATH."""
        return [f"-Wl,-rpath,{self.library_dir}", "-Wl,--disable-new-dtags"]

    def _compiler_options(self, compiler: str, *, compat: bool) -> list[str]:
        folder = self.scenario_library.parent
        return [
            compiler,
            f"-std=c++{self.cxx_standard}",
            "-O2",
            *(f"-D{definition}" for definition in self.definitions),
            *([f"-I{folder / 'compat'}"] if compat else []),
            *(f"-I{folder}" for folder in self.include_dirs),
        ]


def find_compiler() -> str | None:
    """The C++ compiler: $CXX, or the first of c++, g++ and clang++ on the path."""
    chosen = os.environ.get("CXX")
    candidates = (chosen,) if chosen else _COMPILERS
    for candidate in candidates:
        found = shutil.which(candidate)
        if found:
            return found
    return None


def compile_scenario(
    sources: list[Path], output: Path, extra: list[str], *, verbose: bool = False
) -> None:
    """Compile and link one scenario executable.

    Args:
        sources: C++ files, one of which has ``main``.
        output: the executable to write; replaced only if the compilation succeeds.
        extra: further compiler options.
        verbose: print the command.

    Raises:
        BuildError: no compiler, or it failed.
    """
    toolchain = Toolchain.installed()
    compiler = find_compiler()
    if compiler is None:
        raise BuildError(
            f"no C++ compiler found (looked for $CXX, {', '.join(_COMPILERS)}); "
            "install one, for instance: apt-get install g++"
        )
    command = toolchain.command(compiler, sources, output, extra)
    compile_command(command, output, sources, verbose=verbose)


def compile_command(
    command: list[str], output: Path, sources: list[Path], *, verbose: bool = False
) -> None:
    """Run a compiler's command, so that the output is replaced only if it succeeds.

    Raises:
        BuildError: it failed; the message has the lines that say what is wrong.
    """
    output.parent.mkdir(parents=True, exist_ok=True)
    with replacing(output) as partial:
        command = [str(partial) if word == str(output) else word for word in command]
        if verbose:
            print(shlex.join(command))
        result = subprocess.run(command, capture_output=True, text=True, check=False)
        if result.returncode != 0:
            lines = excerpt(result.stderr.splitlines(), _ERROR_LINES)
            names = " ".join(str(source) for source in sources)
            text = "\n".join(lines)
            raise BuildError(f"{Path(command[0]).name} cannot compile {names}:\n{indent(text)}")
