# SPDX-License-Identifier: MIT
"""What C++ sources use of ns3-ai and ns3-gym: names, members of their classes, headers.

This reads text and knows no types but those that stand beside a variable's name. It finds what a
fork of the originals has and they do not; whether the rest compiles is the compiler's to say.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import Final

from tandem.scripts.app.migration.api import FORK, MISSING_CPP, PREFIXES, SERVED_CPP, Uses
from tandem.scripts.app.migration.cpp_text import (
    classes,
    code_only,
    served_members,
    without_comments,
)

_INCLUDE = re.compile(r"^[ \t]*#[ \t]*include[ \t]*([<\"])([\w./+-]+)[>\"]", re.MULTILINE)
_WORD = re.compile(r"[A-Za-z_]\w*")
_DECLARED = re.compile(
    r"\b(?:class|struct|enum(?:\s+class)?|union|namespace|using|define)\s+(\w+)"
    r"|\btypedef\b[^;]*?\b(\w+)\s*;"
)
_OVERRIDE = re.compile(r"\b(\w+)\s*\([^;{}]*\)\s*(?:const\s*)?(?:noexcept\s*)?override\b")
_POINTER = re.compile(r"\bPtr\s*<\s*(?:const\s+)?(?:\w+::)*(\w+)\b(?:[^;{}()]*?)>\s*&?\s*(\w+)")
_MADE = re.compile(
    r"\b(?:auto|const\s+auto)\s*[*&]?\s*(\w+)\s*=\s*(?:\w+::)*"
    r"(?:CreateObject|Create|DynamicCast|StaticCast)\s*<\s*(?:\w+::)*(\w+)"
)
_GOT = re.compile(r"\bauto\s*[*&]?\s*(\w+)\s*=\s*(?:\w+::)*(\w+)::Get\s*\([^()]*\)\s*;")
_INTERFACE = re.compile(r"\bauto\s*[*&]?\s*(\w+)\s*=[^;]*?\bGetInterface\s*<")
_ALIAS = re.compile(r"\busing\s+(\w+)\s*=\s*(?:typename\s+)?(?:\w+::)*(\w+)\b")
_ACCESS = re.compile(r"\b(\w+)\s*(?:->|\.)\s*(\w+)\s*(?:<[^;(){}]*>)?\s*\(")
_CHAINED = re.compile(r"\b(\w+)::Get\s*\([^()]*\)\s*->\s*(\w+)")
_SCOPED = re.compile(r"\b(\w+)\s*(?:<[^;(){}]*>)?::\s*(\w+)")
_MESSAGE_CLASS: Final = "Ns3AiMsgInterfaceImpl"
_ENVIRONMENT_CLASS: Final = "OpenGymEnv"
_SYSTEM_INCLUDES: Final = (
    Path("/usr/local/include"),
    Path("/usr/include"),
    *sorted(Path("/usr/include").glob("*-linux-*")),
    *sorted(Path("/usr/include/c++").glob("*")),
)
#: A package for Python brings these; the build finds them there.
_FROM_PYTHON: Final = "pybind11/"


class CppProject:
    """The C++ files of a folder, which declare names for each other.

    Args:
        root: the folder.
        files: all its C++ files.
        staged: headers of its libraries, which a build makes available as ``ns3/<file>``.
        include_dirs: where the headers of tandem and ns-3 lie.
    """

    def __init__(
        self,
        root: Path,
        files: Sequence[Path],
        staged: frozenset[str],
        include_dirs: Sequence[Path],
    ) -> None:
        self._root = root
        self._files = files
        self._staged = staged
        self._folders = [*include_dirs, *(folder.parent / "compat" for folder in include_dirs)]
        self._members = served_members(include_dirs)
        self._code = {file: code_only(file.read_text(errors="replace")) for file in files}

    @cached_property
    def _declared(self) -> frozenset[str]:
        """Names that the project's own files declare."""
        pairs = (pair for text in self._code.values() for pair in _DECLARED.findall(text))
        return frozenset(word for pair in pairs for word in pair if word)

    def scan(self, file: Path, uses: Uses) -> None:
        """Note what a file uses."""
        self._scan_names(file, uses)
        self._scan_definitions(file, uses)
        self._scan_members(file, uses)
        self._scan_headers(file, uses)

    def _at(self, file: Path, text: str, position: int) -> str:
        return f"{file.relative_to(self._root)}:{text.count(chr(10), 0, position) + 1}"

    def _scan_names(self, file: Path, uses: Uses) -> None:
        text = self._code[file]
        for hit in _WORD.finditer(text):
            word, at = hit.group(), self._at(file, text, hit.start())
            if word in SERVED_CPP:
                uses.served(word, SERVED_CPP[word], at)
            elif word in MISSING_CPP:
                uses.missing(word, "C++", MISSING_CPP[word], at)
            elif (
                word.startswith(PREFIXES)
                and word not in self._declared
                and word not in self._members
            ):
                uses.missing(word, "C++", FORK, at)

    def _scan_definitions(self, file: Path, uses: Uses) -> None:
        """Classes of the originals' names, and what environments override."""
        text = self._code[file]
        for found in classes(text):
            at = self._at(file, text, found.start)
            if found.name in self._members:
                note = "your sources define this class as well: a copy of the interface, which"
                uses.missing(f"class {found.name}", "C++", f"{note} clashes with tandem's", at)
            elif _ENVIRONMENT_CLASS in found.bases and _ENVIRONMENT_CLASS in self._members:
                known = self._members[_ENVIRONMENT_CLASS] | {found.name}  # its destructor
                for name in _OVERRIDE.findall(found.body):
                    if name not in known:
                        self._unknown(_ENVIRONMENT_CLASS, name, at, uses)

    def _scan_members(self, file: Path, uses: Uses) -> None:
        if not self._members:
            return
        text = self._code[file]
        variables, aliases = self._variables(file)
        for hit in _ACCESS.finditer(text):
            owners = variables.get(hit.group(1), set())
            if owners and not any(hit.group(2) in self._members[owner] for owner in owners):
                at = self._at(file, text, hit.start(2))
                self._unknown(sorted(owners)[0], hit.group(2), at, uses)
        for pattern in (_CHAINED, _SCOPED):
            for hit in pattern.finditer(text):
                owner = aliases.get(hit.group(1), hit.group(1))
                if owner in self._members and hit.group(2) not in self._members[owner]:
                    self._unknown(owner, hit.group(2), self._at(file, text, hit.start(2)), uses)

    def _unknown(self, owner: str, member: str, at: str, uses: Uses) -> None:
        if member not in MISSING_CPP:  # that one has a note of its own
            uses.missing(f"{owner}::{member}", "C++", f"{owner} has no such member: {FORK}", at)

    def _variables(self, file: Path) -> tuple[dict[str, set[str]], dict[str, str]]:
        """Variables of the originals' classes that a file and its own headers declare."""
        text = "\n".join(self._code[part] for part in self._with_headers(file))
        pairs = [(name, kind) for kind, name in _POINTER.findall(text)]
        pairs += [*_MADE.findall(text), *_GOT.findall(text)]
        pairs += [(name, _MESSAGE_CLASS) for name in _INTERFACE.findall(text)]
        pairs += self._plain(text)
        aliases = {name: kind for name, kind in _ALIAS.findall(text) if kind in self._members}
        variables: dict[str, set[str]] = {}
        for name, kind in pairs:
            variables.setdefault(name, set()).add(aliases.get(kind, kind))
        # A name that elsewhere in the file is something else says nothing.
        known = {name: kinds for name, kinds in variables.items() if kinds <= set(self._members)}
        return known, aliases

    def _plain(self, text: str) -> Iterator[tuple[str, str]]:
        """Pointers, references and objects that are declared by their class's name."""
        names = "|".join(sorted(self._members, key=len, reverse=True))
        pattern = re.compile(rf"\b({names})\s*(?:<[^;(){{}}]*>)?\s*[*&]?\s+[*&]?(\w+)\s*[=;({{,)]")
        return ((name, kind) for kind, name in pattern.findall(text))

    def _with_headers(self, file: Path) -> list[Path]:
        """A file and the project's headers that it includes, and those that they include."""
        by_name = {other.name: other for other in self._files}
        reached, waiting = [], [file]
        while waiting:
            part = waiting.pop()
            if part in reached:
                continue
            reached.append(part)
            text = without_comments(part.read_text(errors="replace"))
            names = (Path(name).name for _, name in _INCLUDE.findall(text))
            waiting += [by_name[name] for name in names if name in by_name]
        return reached

    def _scan_headers(self, file: Path, uses: Uses) -> None:
        text = without_comments(file.read_text(errors="replace"))
        for hit in _INCLUDE.finditer(text):
            quoted, name = hit.group(1) == '"', hit.group(2)
            folders = [*self._folders, *_SYSTEM_INCLUDES]
            if quoted:
                folders.insert(0, file.parent)
            if any((folder / name).is_file() for folder in folders):
                continue
            at = self._at(file, text, hit.start())
            if name.startswith("ns3/"):
                self._missing_ns3_header(name, at, uses)
            elif quoted:
                note = "no such file beside this one; write the path to it from here"
                uses.missing(f'"{name}"', "your headers", note, at)
            elif "/" in name and not name.startswith(_FROM_PYTHON):
                note = (
                    "not among the system's headers; give its folder by --option=-I… to the build"
                )
                uses.missing(f"<{name}>", "other libraries", note, at)

    def _missing_ns3_header(self, name: str, at: str, uses: Uses) -> None:
        short = Path(name).name
        if short in self._staged:
            return
        if any(file.name == short for file in self._files):
            note = f'it is yours: include it as "{short}", or list it in HEADER_FILES of a library'
            uses.missing(f"<{name}>", "your headers", note, at)
        else:
            uses.missing(
                f"<{name}>", "ns-3", "this ns-3 has no such header; see its release notes", at
            )
