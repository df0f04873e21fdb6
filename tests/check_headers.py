# SPDX-License-Identifier: MIT
"""Every source file names its licence at its top: GPL where it links ns-3, else MIT."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

GPL = "SPDX-License-Identifier: GPL-2.0-only"
MIT = "SPDX-License-Identifier: MIT"
SUFFIXES = {".c", ".cc", ".h", ".py", ".pyi", ".cmake", ".sh"}
NAMES = {"CMakeLists.txt", "Makefile", "pyproject.toml", "run"}
FIRST_LINES = 3


def expected(path: Path) -> str:
    """The licence that a file of this project must name."""
    linked = path.parts[0] == "ns3_scenarios" and path.parts[1] != "channel"
    return GPL if linked else MIT


def main() -> int:
    """Print the files with a wrong or missing licence; exit status 1 if there are any."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.splitlines()
    wrong = []
    for name in listed:
        path = Path(name)
        if not path.is_file() or (path.suffix not in SUFFIXES and path.name not in NAMES):
            continue
        head = "\n".join(path.read_text().splitlines()[:FIRST_LINES])
        if expected(path) not in head:
            wrong.append(f"{name}: expected '{expected(path)}' in its first lines")
    print("\n".join(wrong) or "licence headers: ok")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
