# SPDX-License-Identifier: MIT
"""Files that travel with a part: what it reads goes to its node, what it writes comes home."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from tandem.bridge.core.errors import TandemError
from tandem.bridge.core.files import UNFINISHED, replace_bytes
from tandem.bridge.parts.api import Folders


@dataclass(frozen=True)
class Carried:
    """Files by folder and path in it, in the order in which they were last written."""

    files: dict[tuple[str, str], bytes] = field(default_factory=dict)

    @classmethod
    def read(cls, folders: Folders, paths: Iterable[Path]) -> Carried:
        """The content of files that are there.

        Raises:
            ValueError: a file is in none of the folders.
        """
        return cls({_place(folders, path): path.read_bytes() for path in paths if path.is_file()})

    @classmethod
    def written(cls, folders: Folders, before: Carried) -> Carried:
        """All files in the folders but those that were put there before the part began.

        What was written last comes last, so that a file that says that others are complete is
        never home before them.
        """
        paths = [
            path
            for root in dict.fromkeys(folders.values())
            for path in root.rglob("*")
            if path.is_file() and path.suffix != UNFINISHED
        ]
        paths.sort(key=lambda path: path.stat().st_mtime_ns)
        new = [path for path in paths if _place(folders, path) not in before.files]
        return cls.read(folders, new)

    def put(self, folders: Folders) -> None:
        """Write the files, each atomically.

        Raises:
            OSError: a folder cannot be written to.
            TandemError: a name leads out of its folder.
        """
        for path, content in self._paths(folders):
            path.parent.mkdir(parents=True, exist_ok=True)
            replace_bytes(path, content)

    def _paths(self, folders: Folders) -> Iterator[tuple[Path, bytes]]:
        for (folder, name), content in self.files.items():
            relative = PurePosixPath(name)
            if relative.is_absolute() or ".." in relative.parts:
                raise TandemError(f"{name!r} leads out of the folder {folder!r} of a part")
            yield folders[folder] / relative, content


def _place(folders: Folders, path: Path) -> tuple[str, str]:
    for name, root in folders.items():
        if path.is_relative_to(root):
            return name, path.relative_to(root).as_posix()
    raise ValueError(f"{path} is in none of the folders of its part: {', '.join(folders)}")
