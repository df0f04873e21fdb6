# SPDX-License-Identifier: MIT
"""Checkpoints of another format are refused by name, with what can be done instead."""

from __future__ import annotations

from pathlib import Path

import pytest

from tandem.agents.checkpoint import save_state
from tandem.bridge.runs.folder import RunFolderError
from tandem.scripts.app.training.checkpoints import (
    CHECKPOINT_FORMAT,
    CHECKPOINTS,
    read_checkpoint,
)


@pytest.mark.parametrize("earlier", [3, "general-1", CHECKPOINT_FORMAT + 1])
def test_another_format_is_named(earlier: int | str, tmp_path: Path) -> None:
    (tmp_path / CHECKPOINTS).mkdir()
    path = tmp_path / CHECKPOINTS / "00000050.pt"
    save_state(path, {"format": earlier, "training": {}})
    with pytest.raises(RunFolderError) as refused:
        read_checkpoint(path)
    assert f"format {earlier}, this version reads {CHECKPOINT_FORMAT}" in str(refused.value)
    assert "trained again with --force or another --out" in str(refused.value)
    before = path.with_name("00000025.pt")
    save_state(before, {"format": CHECKPOINT_FORMAT, "training": {"over": True}})
    with pytest.raises(RunFolderError, match=f"resume from the one before, {before.name}"):
        read_checkpoint(path)
    assert read_checkpoint(before)["training"] == {"over": True}
