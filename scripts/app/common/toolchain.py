# SPDX-License-Identifier: MIT
"""Compiling a user's scenario against the ns-3 and the scenario library of this installation."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

from tandem.bridge.core.documents import read_json
from tandem.bridge.core.errors import TandemError, excerpt, indent
from tandem.bridge.core.files import replacing
from tandem.bridge.core.scenarios import package_root

_COMPILERS: Final = ("c++", "g++", "clang++")
_ERROR_LINES: Final = 40
#: What linkers say of a library that is missing.
_LINK_FAULTS: Final = ("undefined reference", "undefined symbol")
#: The header in an include of ns-3's: by its path, or as ns-3's own headers name it.
_INCLUDE: Final = re.compile(r'^\s*#\s*include\s*["<](?:ns3/)?([\w-]+\.h)[">]', re.MULTILINE)
_LIBRARY: Final = re.compile(
    r"libns3[.\d]*(?:-dev)?-(.+?)(?:-(?:default|debug|release|optimized))?\.so"
)


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
    modules: Mapping[str, str] = field(default_factory=dict)
    """Libraries of further ns-3 modules, by the module's name; linked on request."""

    @classmethod
    def installed(cls) -> Toolchain:
        """Read the description that the build left.

        Raises:
            BuildError: the package was installed without scenarios.
        """
        root = package_root()
        folder = root / "_cpp"
        try:
            data: dict[str, Any] = read_json(folder / "build.json")
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
            modules=data.get("modules", {}),
        )

    def with_modules(self, names: Sequence[str]) -> Toolchain:
        """This toolchain with the libraries of further ns-3 modules.

        Raises:
            BuildError: this ns-3 has no such module, or it cannot be linked.
        """
        libraries = list(self.libraries)
        for name in names:
            library = self.modules.get(name)
            if library is None and not any(
                library_module(linked) == name for linked in self.libraries
            ):
                raise BuildError(
                    f"--module {name}: ns-3 {self.ns3_version} has no such module to link; "
                    f"it has {', '.join(sorted(self.modules)) or 'none'} beside those that are "
                    f"always linked ({', '.join(sorted(map(library_module, self.libraries)))})"
                )
            if library is not None and library not in libraries:
                libraries.append(library)
        return replace(self, libraries=tuple(libraries))

    def missing_modules(self, sources: Sequence[Path]) -> list[str]:
        """Modules whose headers these files include, but which are not linked."""
        included = set()
        for source in sources:
            included.update(_INCLUDE.findall(source.read_text(encoding="utf-8", errors="replace")))
        missing = []
        for name, library in self.modules.items():
            headers = {f"{name}-module.h"}
            for folder in self.include_dirs:
                umbrella = folder / "ns3" / f"{name}-module.h"
                if umbrella.is_file():
                    headers.update(_INCLUDE.findall(umbrella.read_text(encoding="utf-8")))
            if library not in self.libraries and headers & included:
                missing.append(name)
        return missing

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

    def object_command(
        self, compiler: str, source: Path, output: Path, extra: Sequence[str]
    ) -> list[str]:
        """The compiler's command line for one file of a user's ns-3 module.

        The code fits into a Python module as well.
        """
        return [
            *self._compiler_options(compiler, compat=False),
            *("-fPIC", "-c"),
            *extra,
            *(str(source), "-o", str(output)),
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


def library_module(library: str) -> str:
    """The ns-3 module that a library's file name stands for."""
    found = _LIBRARY.match(library)
    return library if found is None else found[1]


def find_compiler() -> str | None:
    """The C++ compiler: $CXX, or the first of c++, g++ and clang++ on the path."""
    chosen = os.environ.get("CXX")
    candidates = (chosen,) if chosen else _COMPILERS
    for candidate in candidates:
        found = shutil.which(candidate)
        if found:
            return found
    return None


def need_compiler() -> str:
    """The C++ compiler.

    Raises:
        BuildError: there is none.
    """
    compiler = find_compiler()
    if compiler is None:
        raise BuildError(
            f"no C++ compiler found (looked for $CXX, {', '.join(_COMPILERS)}); "
            "install one, for instance: apt-get install g++"
        )
    return compiler


def compile_scenario(
    sources: list[Path],
    output: Path,
    extra: list[str],
    *,
    modules: Sequence[str] = (),
    verbose: bool = False,
) -> None:
    """Compile and link one scenario executable.

    Args:
        sources: C++ files, one of which has ``main``.
        output: the executable to write; replaced only if the compilation succeeds.
        extra: further compiler options.
        modules: names of further ns-3 modules to link.
        verbose: print the command.

    Raises:
        BuildError: no compiler, no such module, or the compiler failed.
    """
    toolchain = Toolchain.installed().with_modules(modules)
    command = toolchain.command(need_compiler(), sources, output, extra)
    try:
        compile_command(command, output, sources, verbose=verbose)
    except BuildError as error:
        linking = any(fault in str(error) for fault in _LINK_FAULTS)
        missing = toolchain.missing_modules(sources) if linking else []
        if not missing:
            raise
        options = " ".join(f"--module {name}" for name in missing)
        raise BuildError(
            f"{error}\nit includes headers of ns-3 modules that are not linked by default: try "
            f"`tandem build {options}`"
        ) from error


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
