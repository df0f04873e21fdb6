# SPDX-License-Identifier: MIT
"""Writes the reference pages from the package itself, so that they can be read in the repository.

Each page keeps its own text; what stands between its two markers is replaced::

    python docs/generate            # write
    python docs/generate --check    # exit status 1 if a page is out of date
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from api_page import api
from command_page import commands
from cpp_page import cpp
from table_page import arguments, tables

DOCS: Final = Path(__file__).resolve().parents[1]
BEGIN: Final = "<!-- generated -->"
END: Final = "<!-- end of generated -->"
PAGES: Final[Mapping[str, Callable[[], str]]] = {
    "api.md": api,
    "cpp.md": cpp,
    "cli.md": commands,
    "tables.md": tables,
    "arguments.md": arguments,
}


def filled(page: str, generated: str) -> str:
    """The page with its generated part replaced.

    Raises:
        ValueError: a marker is missing.
    """
    before, begin, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"the page lacks {BEGIN!r} or {END!r}")
    return f"{before}{BEGIN}\n\n{generated.strip()}\n\n{END}{after}"


def main() -> int:
    """Write or check every page of `PAGES`."""
    stale = []
    for name, generate in PAGES.items():
        path = DOCS / name
        page = path.read_text(encoding="utf-8")
        new = filled(page, generate())
        if new == page:
            continue
        stale.append(name)
        if "--check" not in sys.argv:
            path.write_text(new, encoding="utf-8")
    if "--check" in sys.argv and stale:
        print(f"out of date: {', '.join(stale)}; run `make docs`")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
