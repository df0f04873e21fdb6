# SPDX-License-Identifier: MIT
"""Runs whose process was killed: their tables are made from the journal."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from tandem.bridge.runs import folder as run_folder
from tandem.bridge.runs.journal import JOURNAL, Entry, is_locked
from tandem.bridge.runs.writer import RunWriter, journal_entries


def recover(folder: Path) -> bool:
    """Write the tables of a run that was killed, from its journal.

    Returns:
        Whether there was anything to do. A run that is still alive is left alone.

    Raises:
        RunFolderError: the journal cannot be read or the tables cannot be written.
    """
    if not (folder / JOURNAL).is_file() or is_locked(folder):
        return False
    metadata = json.loads((folder / run_folder.METADATA).read_text(encoding="utf-8"))
    if metadata.get("status") != "running":
        return False  # its tables are written
    entries = journal_entries(folder)
    try:
        _rebuild(folder, metadata, entries)
    except OSError as error:
        raise run_folder.RunFolderError(f"cannot write the tables of {folder}: {error}") from error
    return True


def _rebuild(folder: Path, metadata: dict[str, Any], entries: Sequence[Entry]) -> None:
    """Write what `RunWriter.__exit__` would have written."""
    first = entries[0].values
    writer = RunWriter.__new__(RunWriter)
    writer._begin(
        folder,
        {name: np.dtype([tuple(c) for c in columns]) for name, columns in first["dtypes"].items()},
        first["labels"].encode(),
        metadata,
    )
    writer._replay(entries)
    writer._close_episode(finished=False)
    writer._write_tables()
    elapsed_s = metadata["elapsed_s"]
    writer._write_metadata("killed", "the process was killed; recovered from its journal")
    metadata["elapsed_s"] = elapsed_s  # how long it ran nobody knows
    run_folder.write_json(folder / run_folder.METADATA, metadata)
