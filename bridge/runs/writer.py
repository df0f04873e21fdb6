# SPDX-License-Identifier: MIT
"""Recording a run: configuration, provenance, decisions, episodes and every record table.

A run folder holds::

    config.yaml         what was asked for: enough to repeat the run
    metadata.json       versions, host, command; status: running, complete, interrupted or failed
    schema.json         tables with units and meanings, the scenario's fixed facts, its topology
    decisions.parquet   one row per decision: observation, joint action, reward, domain's summary
    episodes.parquet    one row per episode
    <table>.parquet     one per record table of the scenario (inference: one row per request)

During a run, and after one that did not complete, ``journal.bin`` holds every decision (see
`tandem.bridge.runs.journal`): a run that was killed can be read and resumed.

The Parquet files depend on scenario, arguments, policy and seed only: no times, no hosts. The
same run writes the same bytes on every machine that has the same versions.
"""

from __future__ import annotations

import contextlib
import signal
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tandem.bridge.core.files import remove_unfinished
from tandem.bridge.core.ownership import Owner
from tandem.bridge.core.schema import Schema
from tandem.bridge.runs import folder as run_folder
from tandem.bridge.runs.description import describe, labels_of
from tandem.bridge.runs.entries import (
    add_call,
    begin_call,
    read_entries,
    replay,
    state_call,
    whole_episodes,
)
from tandem.bridge.runs.journal import Journal
from tandem.bridge.runs.provenance import build_identity, provenance
from tandem.bridge.runs.tables import RunTables


class RunWriter:
    """Collects a run; a context manager that writes it at the end, whatever ended it.

    An exception in the body (Ctrl-C, a dead simulator) still writes everything finished until
    then; ``metadata.json`` says so.

    Args:
        folder: an empty folder (`tandem.bridge.runs.folder.prepare`).
        schema: of the scenario.
        config: everything needed to repeat the run; plain values only.
        simulator_command: command line of the simulator.
        ns3_folder: where the simulator has loaded ns-3 from.
        arguments: the command line to record; default ``sys.argv``.
    """

    def __init__(
        self,
        folder: Path,
        *,
        schema: Schema,
        config: Mapping[str, Any],
        simulator_command: Sequence[str] = (),
        ns3_folder: str = "",
        arguments: Sequence[str] | None = None,
    ) -> None:
        self._owner = Owner("this run")
        self.folder = folder.absolute()
        self._schema = describe(schema)
        self._config = dict(config)
        self._metadata = provenance(schema, config)
        self._metadata["command"] = list(sys.argv if arguments is None else arguments)
        self._metadata["simulator_command"] = list(simulator_command)
        self._metadata["ns3_folder"] = ns3_folder
        if simulator_command:
            self._metadata["build"] = build_identity(Path(simulator_command[0]))
        dtypes = {table.name: table.dtype for table in schema.records}
        self._tables = RunTables(dtypes, labels_of(schema))
        self._started_s = time.monotonic()
        self._journal: Journal | None = None
        self._kept_bytes = 0

    def __enter__(self) -> RunWriter:
        self._journal = Journal(self.folder, self._kept_bytes)
        remove_unfinished(self.folder)
        self._journal_state()
        run_folder.write_yaml(self.folder / run_folder.CONFIG, self._config)
        run_folder.write_json(self.folder / run_folder.SCHEMA, self._schema)
        self._write_metadata("running", None)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._owner.check()
        if kind is None:
            status = run_folder.COMPLETE
        elif issubclass(kind, KeyboardInterrupt):
            status = "interrupted"
        else:
            status = "failed"
        with _signals_held():
            try:
                self._tables.close_episode()
                self._tables.write(self.folder)
                self._write_metadata(status, None if kind is None else f"{kind.__name__}: {error}")
            except OSError as failure:
                self._close_journal(delete=False)
                raise run_folder.RunFolderError(
                    f"cannot write the tables of {self.folder}: {failure}; every decision is in "
                    f"its {run_folder.JOURNAL}: make room, then read the folder to get its tables"
                ) from failure
            self._close_journal(delete=kind is None)

    @property
    def decisions(self) -> int:
        """Decisions recorded so far."""
        return self._tables.decisions

    @property
    def episodes_finished(self) -> int:
        """Whole episodes recorded so far."""
        return self._tables.episodes

    def note(self, **facts: Any) -> None:
        """Add facts to ``metadata.json``, from its next writing on."""
        self._metadata.update(facts)

    def begin_episode(
        self, episode: int, seed: int, observation: Mapping[str, NDArray[np.float64]]
    ) -> None:
        """Note a reset and its first observation."""
        if self._journal is not None:
            self._journal.append(*begin_call(episode, seed, observation))
        self._tables.begin_episode(episode, seed, observation)

    def add(
        self,
        action: NDArray[Any] | Mapping[str, NDArray[Any]],
        observation: Mapping[str, NDArray[np.float64]],
        reward: float,
        terminated: bool,
        truncated: bool,
        records: Mapping[str, NDArray[np.void]],
    ) -> None:
        """Note one decision: the action played and what ``env.step`` returned for it.

        Args:
            action: an array, or of several action blocks one each, by name.
            records: the scenario's record tables of this decision, by name.

        Raises:
            RunFolderError: the disk is full; what was added before is safe.
        """
        call = (action, observation, reward, terminated, truncated, records)
        if self._journal is not None:
            self._journal.append(*add_call(*call))
        self._tables.add(*call)

    def resume(self) -> None:
        """Continue after the last whole episode of a run that did not complete.

        Call it before ``with``. Playing the following episodes then gives the tables of a run that
        was never stopped.

        Raises:
            RunFolderError: there is nothing to resume from.
        """
        entries = whole_episodes(read_entries(self.folder))
        replay(self._tables, entries)
        self._kept_bytes = entries[-1].end

    def state_dict(self) -> dict[str, Any]:
        """Everything recorded so far, the running episode included (for a checkpoint)."""
        return self._tables.state_dict()

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Continue from what another writer of the same scenario had recorded."""
        self._tables.load_state_dict(state)
        self._kept_bytes = 0
        if self._journal is not None:
            self._journal_state()

    def _journal_state(self) -> None:
        """Begin the journal with what was recorded before, unless its kept part does."""
        if self._journal is not None and not self._kept_bytes:
            self._journal.append(*state_call(self._tables))

    def _close_journal(self, *, delete: bool) -> None:
        if self._journal is not None:
            self._journal.close(delete=delete)
            self._journal = None

    def _write_metadata(self, status: str, error: str | None) -> None:
        self._metadata.update(
            status=status,
            error=error,
            decisions=self._tables.decisions,
            episodes=self._tables.episodes,
            elapsed_s=round(time.monotonic() - self._started_s, 3),
        )
        run_folder.write_json(self.folder / run_folder.METADATA, self._metadata)


@contextlib.contextmanager
def _signals_held() -> Iterator[None]:
    """Ignore Ctrl-C and SIGTERM while the results of a run are written (main thread only)."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    held = (signal.SIGINT, signal.SIGTERM)
    previous = {number: signal.signal(number, signal.SIG_IGN) for number in held}
    try:
        yield
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)
