# SPDX-License-Identifier: MIT
"""TensorBoard's events on a full disk: said, and nothing else is hidden or ended."""

from __future__ import annotations

import io
import resource
from collections.abc import Iterator
from pathlib import Path

import pytest
from rich.console import Console

pytest.importorskip("tensorboard")
pytest.importorskip("torch")
from tandem.scripts.app.training.event_files import TENSORBOARD, event_files

VALUES = 2_000
FULL_BYTES = 1_000


@pytest.fixture
def full_disk() -> Iterator[None]:
    """A limit on the size of files gives what a full disk gives: short and failing writes."""
    limit = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (FULL_BYTES, limit[1]))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, limit)


def fail_after_events(folder: Path, console: Console) -> None:
    with event_files(folder, 0, console) as events:
        assert events is not None
        for step in range(VALUES):
            events.add_scalar("train/reward", 1.0, step)
        raise KeyError("why it ended")


# TensorBoard's own thread says so, too.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
@pytest.mark.usefixtures("full_disk")
def test_the_error_that_ends_a_run_is_not_hidden(tmp_path: Path) -> None:
    shown = io.StringIO()
    with pytest.raises(KeyError, match="why it ended"):
        fail_after_events(tmp_path, Console(file=shown, width=1000))
    assert shown.getvalue().count("are not complete") == 1
    assert str(tmp_path / TENSORBOARD) in shown.getvalue()


def test_what_is_given_is_kept(tmp_path: Path) -> None:
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    with event_files(tmp_path, 0, Console(quiet=True)) as events:
        assert events is not None
        events.add_scalar("train/reward", 2.5, 7)
    kept = EventAccumulator(str(tmp_path / TENSORBOARD)).Reload().Scalars("train/reward")
    assert [(event.step, event.value) for event in kept] == [(7, 2.5)]
