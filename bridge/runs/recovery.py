# SPDX-License-Identifier: MIT
"""Runs whose process was killed: their tables are made from the journal."""

from __future__ import annotations

from pathlib import Path

from tandem.bridge.runs import folder as run_folder
from tandem.bridge.runs.entries import read_entries, tables_of


def recover(folder: Path) -> bool:
    """Write the tables of a run that was killed, from its journal.

    Returns:
        Whether there was anything to do. A run that is still alive is left alone.

    Raises:
        RunFolderError: the journal cannot be read or the tables cannot be written.
    """
    if not (folder / run_folder.JOURNAL).is_file() or run_folder.is_locked(folder):
        return False
    metadata = run_folder.read_metadata(folder)
    if metadata.get("status") != "running":
        return False  # its tables are written
    tables = tables_of(read_entries(folder))
    tables.close_episode()
    try:
        tables.write(folder)
        metadata.update(
            status="killed",
            error="the process was killed; recovered from its journal",
            decisions=tables.decisions,
            episodes=tables.episodes,
        )
        run_folder.write_json(folder / run_folder.METADATA, metadata)
    except OSError as error:
        raise run_folder.RunFolderError(f"cannot write the tables of {folder}: {error}") from error
    return True
