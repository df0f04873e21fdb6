# SPDX-License-Identifier: MIT
"""Recording a run: configuration, provenance, decisions, episodes and every request.

A run folder holds::

    config.yaml         what was asked for: enough to repeat the run
    metadata.json       versions, host, command; status: running, complete, interrupted or failed
    schema.json         tables with units and meanings, the scenario's fixed facts, its topology
    requests.parquet    one row per request (and one file per further record table of the scenario)
    decisions.parquet   one row per decision: observation, joint action, reward, cost of its epoch
    episodes.parquet    one row per episode

While a run goes on, and after one that did not complete, ``journal.bin`` holds every epoch (see
`tandem.bridge.runs.journal`): a run that was killed loses nothing, and can be gone on with.

The Parquet files depend on scenario, arguments, policy and seed only: no times, no hosts. The
same run writes the same bytes on every machine that has the same versions.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from tandem.agents.inference.objective import EpochCost
from tandem.bridge.core.files import remove_unfinished
from tandem.bridge.core.schema import Schema
from tandem.bridge.runs import folder as run_folder
from tandem.bridge.runs.columns import DECISIONS, EPISODES, SCHEMA, described
from tandem.bridge.runs.journal import JOURNAL, Entry, Journal
from tandem.bridge.runs.journal import read as read_journal
from tandem.bridge.runs.packed_table import pack_table, unpack_table
from tandem.bridge.runs.provenance import build_identity, provenance
from tandem.bridge.runs.record_tables import labels_of, record_table

#: Key of the JSON that each Parquet file carries in its schema: names of sites, variants, columns.
LABELS_KEY: Final = b"tandem"


class RunWriter:
    """Context manager that collects a run and writes it on the way out, whatever ended it.

    An exception in the body (Ctrl-C, a dead simulator) still writes everything finished until
    then; ``metadata.json`` says so.

    Args:
        folder: an empty folder (`tandem.bridge.runs.folder.prepare`).
        schema: of the scenario.
        config: everything needed to repeat the run; plain values only.
        simulator_command: command line of the simulator.
        arguments: the command line to record; default ``sys.argv``.
    """

    def __init__(
        self,
        folder: Path,
        *,
        schema: Schema,
        config: Mapping[str, Any],
        simulator_command: Sequence[str] = (),
        arguments: Sequence[str] | None = None,
    ) -> None:
        metadata = provenance(schema, config)
        metadata["command"] = list(sys.argv if arguments is None else arguments)
        metadata["simulator_command"] = list(simulator_command)
        if simulator_command:
            metadata["build"] = build_identity(Path(simulator_command[0]))
        self._schema = described(schema)
        self._config = dict(config)
        dtypes = {table.name: table.dtype for table in schema.records}
        self._begin(folder, dtypes, labels_of(schema), metadata)

    def _begin(
        self,
        folder: Path,
        dtypes: Mapping[str, np.dtype[np.void]],
        labels: bytes,
        metadata: dict[str, Any],
    ) -> None:
        self.folder = folder
        self._dtypes = dict(dtypes)
        self._labels = labels
        self._metadata = metadata
        self._tables: dict[str, list[tuple[int, NDArray[np.void]]]] = {name: [] for name in dtypes}
        self._decisions: list[dict[str, Any]] = []
        self._episodes: list[dict[str, Any]] = []
        self._episode: dict[str, Any] | None = None
        self._episode_requests: list[NDArray[np.void]] = []
        self._observation: Mapping[str, NDArray[np.float64]] = {}
        self._earlier: dict[str, pa.Table] = {}
        self._earlier_decisions = 0
        self._started_s = time.monotonic()
        self._journal: Journal | None = None
        self._finished_bytes = 0

    def __enter__(self) -> RunWriter:
        self._journal = Journal(self.folder, self._finished_bytes)
        remove_unfinished(self.folder)
        self._journal_state()
        run_folder.write_yaml(self.folder / run_folder.CONFIG, self._config)
        run_folder.write_json(self.folder / SCHEMA, self._schema)
        self._write_metadata("running", None)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if kind is None:
            status = "complete"
        elif issubclass(kind, KeyboardInterrupt):
            status = "interrupted"
        else:
            status = "failed"
        with run_folder.signals_held():
            try:
                self._close_episode(finished=False)
                self._write_tables()
                self._write_metadata(status, None if kind is None else f"{kind.__name__}: {error}")
            except OSError as failure:
                self._close_journal(delete=False)
                raise run_folder.RunFolderError(
                    f"cannot write the tables of {self.folder}: {failure}; every epoch is in its "
                    f"{JOURNAL}, from which the next reader makes them once there is room"
                ) from failure
            self._close_journal(delete=kind is None)

    @property
    def decisions(self) -> int:
        """Decisions recorded so far."""
        return self._earlier_decisions + len(self._decisions)

    def note(self, **facts: Any) -> None:
        """Add facts to ``metadata.json``, from its next writing on."""
        self._metadata.update(facts)

    def state_dict(self) -> dict[str, Any]:
        """Everything recorded so far, the running episode included (for a checkpoint)."""
        episode = self._episode
        return {
            "tables": {name: pack_table(table) for name, table in self._all_tables().items()},
            "decisions": self.decisions,
            "episode": None if episode is None else dict(episode),
            "episode_requests": self._running_requests().view(np.uint8),
            "observation": {name: block.copy() for name, block in self._observation.items()},
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on from what another writer of the same scenario had recorded."""
        self._earlier = {name: unpack_table(packed) for name, packed in state["tables"].items()}
        self._earlier_decisions = int(state["decisions"])
        self._tables = {name: [] for name in self._tables}
        self._decisions, self._episodes = [], []
        self._episode = None if state["episode"] is None else dict(state["episode"])
        if "requests" in self._tables:
            self._episode_requests = [state["episode_requests"].view(self._dtype("requests"))]
        self._observation = dict(state["observation"])
        self._finished_bytes = 0
        if self._journal is not None:
            self._journal_state()

    @property
    def episodes_finished(self) -> int:
        """Whole episodes recorded so far."""
        return len(self._episodes) + len(self._earlier.get(EPISODES, ()))

    def resume(self) -> None:
        """Before the body: go on after the last whole episode of a run that did not complete.

        Playing the following episodes then gives the tables of a run that was never stopped.

        Raises:
            RunFolderError: there is nothing to go on with.
        """
        entries = journal_entries(self.folder)
        closing = [
            number
            for number, entry in enumerate(entries)
            if entry.call == "add" and (entry.values["terminated"] or entry.values["truncated"])
        ]
        whole = entries[: closing[-1] + 1] if closing else entries[:1]
        self._replay(whole)
        self._finished_bytes = whole[-1].end

    def _replay(self, entries: Sequence[Entry]) -> None:
        for entry in entries:
            values, arrays = dict(entry.values), entry.arrays
            if entry.call == "state":
                self.load_state_dict(_state_of(values, arrays))
            elif entry.call == "begin_episode":
                self.begin_episode(**values, observation=dict(arrays))
            elif entry.call == "add":
                kinds = _split(arrays)
                self.add(
                    kinds["action"][""], kinds["observation"], **values, records=kinds["records"]
                )

    def _journal_state(self) -> None:
        """Begin the journal with whatever was recorded before."""
        assert self._journal is not None
        if self._finished_bytes:
            return  # it is in the part that is kept
        state = self.state_dict()
        values: dict[str, Any] = {"decisions": state["decisions"], "episode": state["episode"]}
        values["labels"] = self._labels.decode()
        values["dtypes"] = {
            name: [[column, dtype[column].str] for column in dtype.names or ()]
            for name, dtype in self._dtypes.items()
        }
        arrays = {f"tables.{name}": packed for name, packed in state["tables"].items()}
        arrays.update({f"observation.{name}": b for name, b in state["observation"].items()})
        arrays["episode_requests."] = state["episode_requests"]
        self._journal.append("state", values, arrays)

    def _close_journal(self, *, delete: bool) -> None:
        if self._journal is not None:
            self._journal.close(delete=delete)
            self._journal = None

    def begin_episode(
        self, episode: int, seed: int, observation: Mapping[str, NDArray[np.float64]]
    ) -> None:
        """Note a reset and its first observation."""
        if self._journal is not None:
            values = {"episode": episode, "seed": seed}
            self._journal.append("begin_episode", values, observation)
        self._close_episode(finished=False)
        self._episode = {
            "episode": episode,
            "seed": seed,
            "epochs": 0,
            "return": 0.0,
            "terminated": False,
            "truncated": False,
        }
        self._episode_requests = []
        self._observation = observation

    def add(
        self,
        action: NDArray[Any],
        observation: Mapping[str, NDArray[np.float64]],
        reward: float,
        terminated: bool,
        truncated: bool,
        records: Mapping[str, NDArray[np.void]],
    ) -> None:
        """Note one decision: the action played and what ``env.step`` returned for it.

        Args:
            records: the scenario's record tables of this epoch, by name.

        Raises:
            RunFolderError: the disk is full; what was added before is safe.
        """
        episode = self._episode
        if episode is None:
            raise RuntimeError("add() before begin_episode()")
        if self._journal is not None:
            arrays: dict[str, NDArray[Any]] = {"action.": np.asarray(action)}
            arrays.update({f"observation.{name}": b for name, b in observation.items()})
            arrays.update({f"records.{name}": np.asarray(rows) for name, rows in records.items()})
            self._journal.append(
                "add",
                {
                    "reward": float(reward),
                    "terminated": bool(terminated),
                    "truncated": bool(truncated),
                },
                arrays,
            )
        number = int(episode["episode"])
        row: dict[str, Any] = {"episode": number, "epoch": int(episode["epochs"]), "reward": reward}
        for name, rows in records.items():
            self._tables[name].append((number, rows))
        requests = records.get("requests")
        if requests is not None:
            self._episode_requests.append(requests)
            row.update(EpochCost.of(requests).as_dict())
        row["action"] = np.asarray(action).ravel()
        for name, block in self._observation.items():
            row[f"observation_{name}"] = block.ravel()
        self._decisions.append(row)
        episode["epochs"] += 1
        episode["return"] += reward
        self._observation = observation
        if terminated or truncated:
            episode["terminated"] = terminated
            episode["truncated"] = truncated
            self._close_episode(finished=True)

    def _close_episode(self, *, finished: bool) -> None:
        episode = self._episode
        if episode is None:
            return
        self._episode = None
        episode["finished"] = finished
        if "requests" in self._tables:
            cost = EpochCost.of(self._running_requests()).as_dict()
            episode["requests"] = cost.pop("finished")
            episode.update(cost)
        for name, block in self._observation.items():
            episode[f"final_observation_{name}"] = block.ravel()
        self._episodes.append(episode)

    def _dtype(self, name: str) -> np.dtype[np.void]:
        return self._dtypes[name]

    def _running_requests(self) -> NDArray[np.void]:
        """Requests of the running episode."""
        if self._episode_requests:
            return np.concatenate(self._episode_requests)
        return np.zeros(0, self._dtype("requests") if "requests" in self._tables else np.uint8)

    def _all_tables(self) -> dict[str, pa.Table]:
        """Every table by the name of its file, what was recorded before a resume first."""
        tables = {
            name: record_table(self._dtype(name), parts) for name, parts in self._tables.items()
        }
        for name, rows in ((DECISIONS, self._decisions), (EPISODES, self._episodes)):
            if rows:
                tables[name] = pa.Table.from_pylist(rows)
        for name, earlier in self._earlier.items():
            later = tables.get(name)
            # One chunk, as without a resume: chunks would show in the written file.
            parts = [earlier] if later is None else [earlier, later]
            tables[name] = pa.concat_tables(parts).combine_chunks()
        return tables

    def _write_tables(self) -> None:
        for name, table in self._all_tables().items():
            self._write(name, table, self._labels)

    def _write(self, name: str, table: pa.Table, labels: bytes) -> None:
        run_folder.write_table(
            self.folder / f"{name}.parquet", table.replace_schema_metadata({LABELS_KEY: labels})
        )

    def _write_metadata(self, status: str, error: str | None) -> None:
        self._metadata.update(
            status=status,
            error=error,
            decisions=self.decisions,
            episodes=len(self._episodes) + len(self._earlier.get(EPISODES, ())),
            elapsed_s=round(time.monotonic() - self._started_s, 3),
        )
        run_folder.write_json(self.folder / run_folder.METADATA, self._metadata)


def journal_entries(folder: Path) -> list[Entry]:
    """Raises `RunFolderError` if there are none."""
    try:
        entries = list(read_journal(folder))
    except (OSError, ValueError, KeyError) as error:
        raise run_folder.RunFolderError(f"{folder / JOURNAL} cannot be read: {error}") from error
    if not entries or entries[0].call != "state":
        raise run_folder.RunFolderError(
            f"{folder} has no finished epoch to go on with: repeat the run with --force"
        )
    return entries


def _state_of(values: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> dict[str, Any]:
    kinds = _split(arrays)
    episode = values["episode"]
    return {
        "tables": kinds.get("tables", {}),
        "decisions": values["decisions"],
        "episode": episode,
        "episode_requests": kinds["episode_requests"][""],
        "observation": kinds.get("observation", {}),
    }


def _split(arrays: Mapping[str, NDArray[Any]]) -> dict[str, dict[str, NDArray[Any]]]:
    """``{"observation.users": …}`` → ``{"observation": {"users": …}}``."""
    kinds: dict[str, dict[str, NDArray[Any]]] = {"observation": {}, "records": {}}
    for name, array in arrays.items():
        kind, _, rest = name.partition(".")
        kinds.setdefault(kind, {})[rest] = array
    return kinds
