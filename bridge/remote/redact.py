# SPDX-License-Identifier: MIT
"""Texts for other machines: they name files, but not the folders that these lie in."""

from __future__ import annotations

import functools
import re
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from tandem.bridge.core.scenarios import package_root

#: A folder's name and the slash behind it; names with blanks only below folders that are known.
_FOLDER: Final = r"""[^\s/'"`<>|:;,()\[\]{}]+/"""


def without_folders(text: str, folders: Iterable[Path] = ()) -> str:
    """A text in which every absolute path is only the last name of it.

    Args:
        text: for a client.
        folders: whose names may have blanks, in addition to this installation's, the user's and
            the working folder.
    """
    return _paths(frozenset(folders), Path.cwd()).sub("", text)


@functools.lru_cache(maxsize=64)
def _paths(folders: frozenset[Path], working: Path) -> re.Pattern[str]:
    """What goes of a path: all before its last name."""
    known = {
        *folders,
        *(folder.resolve() for folder in folders),
        working,
        Path.home(),
        package_root(),
        Path(sys.prefix),
        Path(tempfile.gettempdir()),
    }
    named = sorted({str(folder) for folder in known if folder.parent != folder}, key=len)
    starts = "|".join(re.escape(folder) for folder in reversed(named))
    return re.compile(rf"(?:{starts})/(?:{_FOLDER})*|(?<![\w/.])/(?:{_FOLDER})+")
