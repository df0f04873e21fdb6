# SPDX-License-Identifier: MIT
"""The checkpoints of a training run's folder: which there are, and what is in them."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

from tandem.agents.checkpoint import load_state
from tandem.bridge.runs import folder as run_folder

CHECKPOINTS: Final = "checkpoints"
#: Checkpoints that are kept: the last one, and the one before in case the last is damaged.
KEPT_CHECKPOINTS: Final = 2


def checkpoints(folder: Path) -> list[Path]:
    """Checkpoints of a run folder, oldest first."""
    return sorted((folder / CHECKPOINTS).glob("[0-9]*.pt"))


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


def read_checkpoint(path: Path, written: int | str) -> dict[str, Any]:
    """The content of a checkpoint.

    Args:
        path: of the file.
        written: the format that this version writes for such a run.

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
