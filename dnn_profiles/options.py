# SPDX-License-Identifier: MIT
"""The option table that the simulator (CSV) and the agents share."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from tandem.dnn_profiles.errors import ProfileError
from tandem.dnn_profiles.rows import Option
from tandem.dnn_profiles.table import columns, read_table, write_table

#: Of a table without split options.
OPTION_COLUMNS = [name for name in columns(Option) if name != "device_service_s"]


def default_options_path() -> Path:
    """The installed default option table, which scenarios read by default."""
    return Path(__file__).parent / "data" / "options.csv"


def read_options(path: Path | None = None) -> tuple[Option, ...]:
    """Read and check an option table; without ``path`` the installed default.

    Raises:
        ProfileError: names file, row and column of what is wrong.
    """
    path = default_options_path() if path is None else path
    rows = read_table(path, Option)
    if not rows:
        raise ProfileError("has no options; expected at least one row", path=path)
    for expected, (line, row) in enumerate(rows):
        if row.option != expected:
            raise ProfileError(
                f"is {row.option} where {expected} was expected; options count from 0 without gaps",
                path=path,
                row=line,
                column="option",
            )
        if row.top1_percent > row.top5_percent:
            raise ProfileError(
                f"{row.top1_percent} is above top5_percent {row.top5_percent}",
                path=path,
                row=line,
                column="top1_percent",
            )
    return tuple(row for _, row in rows)


def option_columns(options: Sequence[Option]) -> list[str]:
    """Columns that say all about some options."""
    return columns(Option) if any(row.device_service_s for row in options) else OPTION_COLUMNS


def write_options(path: Path, options: Sequence[Option]) -> None:
    """Write an option table in the format that scenarios read with ``--options``."""
    write_table(path, option_columns(options), options)
