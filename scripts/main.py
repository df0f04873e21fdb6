# SPDX-License-Identifier: MIT
"""The program ``tandem``: starts fast, so it imports only what the arguments ask for."""

from __future__ import annotations

import sys


def main() -> None:
    """Answer ``--version`` and ``--help``; leave everything else to `tandem.scripts.cli`."""
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


if __name__ == "__main__":
    main()
