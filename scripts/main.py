# SPDX-License-Identifier: MIT
"""The program ``tandem``: starts fast, so it imports only what the arguments ask for."""

from __future__ import annotations

import os
import sys

from tandem.bridge.core.descriptors import keep_standard_descriptors


def main() -> None:
    """Answer ``--version`` and ``--help``; leave everything else to `tandem.scripts.cli`."""
    _keep_standard_streams()
    match sys.argv[1:]:
        case ["--version"]:
            from tandem._version import version

            print(version)
        case ["--help"]:
            from tandem.scripts.overview import page

            print(page())
        case _:
            # Typer alone takes longer to import than both answers above.
            from tandem.scripts.cli import run

            run()


def _keep_standard_streams() -> None:
    """Replace a stream that the shell has closed (``<&-``, ``>&-``, ``2>&-``) by /dev/null."""
    keep_standard_descriptors()
    sys.stdin = sys.stdin or os.fdopen(0, closefd=False)
    sys.stdout = sys.stdout or os.fdopen(1, "w", closefd=False)
    sys.stderr = sys.stderr or os.fdopen(2, "w", closefd=False)


if __name__ == "__main__":
    main()
