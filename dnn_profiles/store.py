# SPDX-License-Identifier: MIT
"""Adding measured rows to a user's table."""

from __future__ import annotations

from pathlib import Path

from tandem.dnn_profiles.catalogue import DATA, DERIVED, PUBLISHED, Catalogue
from tandem.dnn_profiles.errors import ProfileError
from tandem.dnn_profiles.rows import Profile
from tandem.dnn_profiles.table import columns, read_table, write_table

PROFILE_COLUMNS = columns(
    Profile,
    leading=(
        "variant",
        "device",
        "precision",
        "threads",
        "runtime",
        "mmacs",
        "mparams",
        "input_bytes",
        "output_bytes",
        "top1_percent",
        "top5_percent",
        "latency_p50_s",
    ),
)


def append_profile(
    path: Path, row: Profile, *, replace: bool = False, installed: bool = False
) -> None:
    """Append a row to a user's table, which is created if there is none.

    Args:
        replace: overwrite a row of the same variant, device, precision, threads and runtime.
        installed: allow the table to be one of the installed ones.
    Raises:
        ProfileError: the row is there already, contradicts the catalogue, or the table is an
            installed one and ``installed`` is not set.
    """
    if not installed and DATA.resolve() in path.resolve().parents:
        raise ProfileError(
            "is part of the installed catalogue; give another file, or --installed to change it",
            path=path,
        )
    rows = [old for _, old in read_table(path, Profile)] if path.exists() else []
    same = [old for old in rows if old.key == row.key]
    if same and not replace:
        raise ProfileError(
            f"already has '{row.variant}' on '{row.device}' ({row.precision}, threads "
            f"{row.threads}, {row.runtime}); give --replace to overwrite it",
            path=path,
        )
    if path.resolve() in (PUBLISHED.resolve(), DERIVED.resolve()):
        others: list[Path] = []
    else:
        others = [path] if path.exists() and not same else []
    Catalogue.load(others).check_new(row, ignore=replace)
    write_table(path, PROFILE_COLUMNS, [*(old for old in rows if old.key != row.key), row])
