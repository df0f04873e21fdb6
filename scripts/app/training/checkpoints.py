# SPDX-License-Identifier: MIT
"""The checkpoints of a training run's folder: which there are, and what is in them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import pyarrow as pa

from tandem.agents.checkpoint import load_state, save_state
from tandem.bridge.core.files import remove_unfinished
from tandem.bridge.runs import folder as run_folder

#: Of every training run by our own loop; raised by one with every change of what one holds.
CHECKPOINT_FORMAT: Final = 5
CHECKPOINTS: Final = "checkpoints"
#: Table of the evaluations.
EVALUATION: Final = "evaluation.parquet"
#: Checkpoints that are kept: the last one, and the one before in case the last is damaged.
KEPT_CHECKPOINTS: Final = 2


def checkpoints(folder: Path) -> list[Path]:
    """Checkpoints of a run folder, oldest first."""
    return sorted((folder / CHECKPOINTS).glob("[0-9]*.pt"))


def write_checkpoint(
    folder: Path, interactions: int, state: dict[str, Any], tables: Mapping[str, pa.Table]
) -> None:
    """Write a checkpoint and the tables that belong to it; only the newest checkpoints are kept.

    Args:
        folder: of the run.
        interactions: so far.
        state: of the run.
        tables: by file name.

    Raises:
        RunFolderError: the disk is full; earlier checkpoints are not touched.
    """
    place = folder / CHECKPOINTS
    place.mkdir(exist_ok=True)
    remove_unfinished(place)  # of a run that was killed
    path = place / f"{interactions:08d}.pt"
    try:
        save_state(path, state)
        for name, table in tables.items():
            run_folder.write_table(folder / name, table)
    except (OSError, RuntimeError) as error:  # the latter is PyTorch's
        raise run_folder.RunFolderError(
            f"cannot write {path}: {error}; what was written before is complete. Make room, "
            f"then resume with `tandem train --resume --out {folder}`"
        ) from error
    for old in checkpoints(folder)[:-KEPT_CHECKPOINTS]:
        old.unlink()


def last_checkpoint(folder: Path) -> Path:
    """The newest checkpoint of a run folder.

    Raises:
        RunFolderError: there is none.
    """
    found = checkpoints(folder)
    if not found:
        raise run_folder.RunFolderError(
            f"{folder} has no checkpoint: the run ended before its first one, or they were "
            f"deleted. Train it again with `tandem train --force --out {folder}`; a run that did "
            f"not complete begins again with `tandem train --resume --out {folder}`"
        )
    return found[-1]


def checkpoint_to_resume(folder: Path) -> Path | None:
    """The newest checkpoint of a run folder; ``None``: the run is to be repeated from its start.

    A run that ended before its first checkpoint has nothing that a repetition would not give again:
    the same settings and seed give the same bytes.

    Raises:
        RunFolderError: the run is complete and its checkpoints are gone: repeating it would delete
            what it has.
    """
    found = checkpoints(folder)
    if not found and run_folder.read_metadata(folder).get("status") == run_folder.COMPLETE:
        return last_checkpoint(folder)
    return found[-1] if found else None


def _instead(path: Path) -> str:
    """What to do without that checkpoint."""
    before = [other for other in checkpoints(path.parent.parent) if other.name < path.name]
    if before:
        return f"delete it to resume from the one before, {before[-1].name}"
    return (
        "there is none before it: what was recorded can be read (`tandem analyze "
        f"{path.parent.parent}`), the agent has to be trained again with --force or another --out"
    )


def read_checkpoint(path: Path, written: int | str = CHECKPOINT_FORMAT) -> dict[str, Any]:
    """The content of a checkpoint.

    Args:
        path: of the file.
        written: the format that this version writes for such a run, if SB3's loop played it.

    Raises:
        RunFolderError: it cannot be read; the message names the one before, if there is one.
    """
    try:
        state = load_state(path)
        if state["format"] != written:
            raise ValueError(f"format {state['format']}, this version reads {written}")
    except Exception as error:
        raise run_folder.RunFolderError(
            f"{path} is not a readable checkpoint ({error}); {_instead(path)}"
        ) from error
    return state
