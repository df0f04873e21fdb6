# SPDX-License-Identifier: MIT
"""The rows of a run while it is played: record tables, decisions and episodes."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from tandem.bridge.core.domain import domain_for
from tandem.bridge.runs import folder as run_folder
from tandem.bridge.runs.arrow import pack_table, record_table, unpack_table
from tandem.bridge.runs.folder import DECISIONS, EPISODES

#: Key of the JSON that each Parquet file carries in its schema: `description.labels_of`.
LABELS_KEY: Final = b"tandem"
#: Columns of decisions that say how many rows each record table got in it.
ROWS_PREFIX: Final = "rows_"


class RunTables:
    """Collects what is recorded and makes one Arrow table per file of it.

    Args:
        dtypes: of the scenario's record tables, by name. A domain that knows one of them adds its
            summaries to decisions and episodes.
        labels: written into every file (`tandem.bridge.runs.description.labels_of`).
    """

    def __init__(self, dtypes: Mapping[str, np.dtype[np.void]], labels: bytes) -> None:
        self.dtypes = dict(dtypes)
        self.labels = labels
        self._domain = domain_for({name: dtype.names or () for name, dtype in dtypes.items()})
        self._records: dict[str, list[tuple[int, NDArray[np.void]]]] = {n: [] for n in dtypes}
        self._decisions: list[dict[str, Any]] = []
        self._episodes: list[dict[str, Any]] = []
        self._episode: dict[str, Any] | None = None
        self._episode_records = self._no_records()
        self._observation: Mapping[str, NDArray[np.float64]] = {}
        self._earlier: dict[str, pa.Table] = {}

    @property
    def decisions(self) -> int:
        """Decisions recorded so far."""
        return len(self._earlier.get(DECISIONS, ())) + len(self._decisions)

    @property
    def episodes(self) -> int:
        """Episodes that were closed so far."""
        return len(self._earlier.get(EPISODES, ())) + len(self._episodes)

    def begin_episode(
        self, episode: int, seed: int, observation: Mapping[str, NDArray[np.float64]]
    ) -> None:
        """Note a reset and its first observation."""
        self.close_episode()
        self._episode = {
            "episode": episode,
            "seed": seed,
            "decisions": 0,
            "return": 0.0,
            "terminated": False,
            "truncated": False,
        }
        self._episode_records = self._no_records()
        self._observation = observation

    def add(
        self,
        action: NDArray[Any] | Mapping[str, NDArray[Any]],
        observation: Mapping[str, NDArray[np.float64]],
        reward: float,
        terminated: bool,
        truncated: bool,
        records: Mapping[str, NDArray[np.void]],
    ) -> None:
        """Note one decision; arguments as of `tandem.bridge.runs.writer.RunWriter.add`."""
        episode = self._episode
        if episode is None:
            raise RuntimeError("add() before begin_episode()")
        number = int(episode["episode"])
        row: dict[str, Any] = {
            "episode": number,
            "decision": int(episode["decisions"]),
            "reward": reward,
        }
        for name, rows in records.items():
            self._records[name].append((number, rows))
            row[f"{ROWS_PREFIX}{name}"] = len(rows)
        if self._domain is not None and self._episode_records.keys() <= records.keys():
            for name, parts in self._episode_records.items():
                parts.append(records[name])
            row.update(self._domain.decision_summary(records))
        if isinstance(action, Mapping):
            row.update(
                {f"action_{name}": np.asarray(part).ravel() for name, part in action.items()}
            )
        else:
            row["action"] = np.asarray(action).ravel()
        for name, block in self._observation.items():
            row[f"observation_{name}"] = block.ravel()
        self._decisions.append(row)
        episode["decisions"] += 1
        episode["return"] += reward
        self._observation = observation
        if terminated or truncated:
            episode["terminated"] = terminated
            episode["truncated"] = truncated
            self.close_episode(finished=True)

    def close_episode(self, *, finished: bool = False) -> None:
        """End the running episode, if there is one.

        Args:
            finished: false if the run is cut off in it.
        """
        episode = self._episode
        if episode is None:
            return
        self._episode = None
        episode["finished"] = finished
        if self._domain is not None:
            episode.update(self._domain.episode_summary(self._running_records()))
        for name, block in self._observation.items():
            episode[f"final_observation_{name}"] = block.ravel()
        self._episodes.append(episode)

    def arrow(self) -> dict[str, pa.Table]:
        """Every table by the name of its file, what was recorded before a resume first."""
        tables = {
            name: record_table(self.dtypes[name], parts) for name, parts in self._records.items()
        }
        for name, rows in ((DECISIONS, self._decisions), (EPISODES, self._episodes)):
            if rows:
                tables[name] = pa.Table.from_pylist(rows)
        for name, earlier in self._earlier.items():
            later = tables.get(name)
            # One chunk, as without a resume: chunks would show in the written file.
            parts = [earlier] if later is None else [earlier, later]
            # A part of an earlier version may lack a column.
            tables[name] = pa.concat_tables(parts, promote_options="default").combine_chunks()
        return tables

    def write(self, folder: Path) -> None:
        """Write one Parquet file per table.

        Raises:
            OSError: the disk is full or broken.
        """
        for name, table in self.arrow().items():
            labelled = table.replace_schema_metadata({LABELS_KEY: self.labels})
            run_folder.write_table(run_folder.table_path(folder, name), labelled)

    def state_dict(self) -> dict[str, Any]:
        """Everything recorded so far, the running episode included; plain values and arrays."""
        episode = self._episode
        return {
            "tables": {name: pack_table(table) for name, table in self.arrow().items()},
            "episode": None if episode is None else dict(episode),
            "episode_records": {
                name: rows.view(np.uint8) for name, rows in self._running_records().items()
            },
            "observation": {name: block.copy() for name, block in self._observation.items()},
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Continue from what another instance for the same scenario had recorded."""
        self._earlier = {name: unpack_table(packed) for name, packed in state["tables"].items()}
        self._records = {name: [] for name in self._records}
        self._decisions, self._episodes = [], []
        self._episode = None if state["episode"] is None else dict(state["episode"])
        self._episode_records = {
            name: [packed.view(self.dtypes[name])]
            for name, packed in state["episode_records"].items()
        }
        self._observation = dict(state["observation"])

    def _no_records(self) -> dict[str, list[NDArray[np.void]]]:
        """An empty list for each table that the domain sums up."""
        return {} if self._domain is None else {name: [] for name in self._domain.summary_tables}

    def _running_records(self) -> dict[str, NDArray[np.void]]:
        """Records of the running episode, of the tables that the domain sums up."""
        return {
            name: np.concatenate(parts) if parts else np.zeros(0, self.dtypes[name])
            for name, parts in self._episode_records.items()
        }
