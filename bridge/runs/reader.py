# SPDX-License-Identifier: MIT
"""Reading a run folder: data frames, the topology as a graph, and what each column means."""

from __future__ import annotations

import functools
import os
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from tandem.bridge.core.documents import read_json
from tandem.bridge.core.domain import domain_for
from tandem.bridge.runs import folder as run_folder
from tandem.bridge.runs.folder import DECISIONS, EPISODES
from tandem.bridge.runs.recovery import recover

if TYPE_CHECKING:
    import networkx

#: The formats before this one that can be read. Format 2 called a decision's index ``epoch`` in
#: every table. Format 3 left out requests that were open at the end of their episode.
_OLDER_FORMATS: Final = (2, 3)
_FORMAT_WITH_EPOCHS: Final = 2
_RENAMED: Final = {"epoch": "decision", "epochs": "decisions"}
#: Record table of scenarios whose nodes have places: ``node``, ``x_m``, ``y_m`` per decision.
POSITIONS: Final = "positions"


@dataclass(frozen=True)
class Run:
    """A run folder in memory.

    Every table is an attribute as well: ``run.requests`` is ``run.table("requests")``.

    Attributes:
        folder: where it came from.
        metadata: content of ``metadata.json``.
        config: content of ``config.yaml``.
        schema: content of ``schema.json``: tables with units, and the scenario's fixed facts.
        tables: every table of the run by name.
    """

    folder: Path
    metadata: Mapping[str, Any]
    config: Mapping[str, Any]
    schema: Mapping[str, Any]
    tables: Mapping[str, pd.DataFrame]

    @property
    def name(self) -> str:
        """Name of the run folder."""
        return self.folder.resolve().name

    @property
    def meta(self) -> Mapping[str, Any]:
        """The scenario's fixed facts: options, sites, cells, topology, …"""
        meta: Mapping[str, Any] = self.schema["meta"]
        return meta

    @functools.cached_property
    def labels(self) -> dict[str, Any]:
        """What names the codes in the tables: ``meta``, and the blocks of the observation."""
        blocks = {
            block["name"]: {
                "shape": block["shape"],
                "columns": [column["name"] for column in block["columns"]],
            }
            for block in self.schema["observation"]
        }
        return {**self.meta, "scenario": self.schema["scenario"], "observation": blocks}

    def table(self, name: str) -> pd.DataFrame:
        """A table by name; empty if the run has none of that name."""
        return self.tables.get(name, pd.DataFrame())

    @property
    def decisions(self) -> pd.DataFrame:
        """One row per decision."""
        return self.table(DECISIONS)

    @property
    def episodes(self) -> pd.DataFrame:
        """One row per episode."""
        return self.table(EPISODES)

    def __getattr__(self, name: str) -> pd.DataFrame:
        """A table that the run has or describes.

        Raises:
            AttributeError: it has none of that name.
        """
        facts = vars(self)  # empty while an instance is being copied
        tables, schema = facts.get("tables", {}), facts.get("schema", {})
        known = {*tables, *(entry["name"] for entry in schema.get("records", ()))}
        if name not in known:
            raise AttributeError(f"a run without table {name!r}; it has {', '.join(sorted(known))}")
        return self.table(name)

    def columns(self, table: str) -> pd.DataFrame:
        """What the columns of a table mean.

        Returns:
            Index: column. Columns: unit, help.

        Raises:
            KeyError: the run has no such table.
        """
        described = self._described
        if table not in described:
            raise KeyError(f"run {self.name} describes no table {table!r}: {sorted(described)}")
        rows = {column["name"]: (column["unit"], column["help"]) for column in described[table]}
        return pd.DataFrame.from_dict(rows, orient="index", columns=["unit", "help"]).rename_axis(
            "column"
        )

    def observation(self, block: str) -> pd.DataFrame:
        """An observation block of every decision in columns.

        Returns:
            Index: episode, decision, row of the block. Columns: those of the block. The last
            observation of each episode has the number after its last decision.

        Raises:
            KeyError: the run has no such block.
        """
        shape = self.labels["observation"][block]["shape"]
        names = self.labels["observation"][block]["columns"]
        parts = [self.decisions[["episode", "decision"]].assign(v=self._column(block))]
        final = f"final_observation_{block}"
        if final in self.episodes:
            ends = self.episodes[["episode", "decisions", final]]
            parts.append(ends.set_axis(["episode", "decision", "v"], axis="columns"))
        rows = pd.concat(parts).sort_values(["episode", "decision"], kind="stable")
        frames = {
            (int(episode), int(decision)): pd.DataFrame(np.reshape(values, shape), columns=names)
            for episode, decision, values in zip(
                rows["episode"], rows["decision"], rows["v"], strict=True
            )
        }
        if not frames:
            return pd.DataFrame(columns=names)
        return pd.concat(frames, names=["episode", "decision", "row"])

    @property
    def _described(self) -> dict[str, list[dict[str, str]]]:
        """The columns of each described table."""
        return {entry["name"]: entry["columns"] for entry in self.schema["records"]}

    def _column(self, block: str) -> pd.Series[Any]:
        return self.decisions.get(f"observation_{block}", pd.Series(dtype=object))

    @functools.cached_property
    def topology(self) -> networkx.Graph[str]:
        """Nodes and links of the scenario.

        Node attributes: ``kind``, ``x_m``, ``y_m`` (where it is at the run's first decision), and
        what the scenario's domain adds (inference: ``user`` and ``cell`` of users). Link
        attributes: ``kind``, ``rate_bps`` (``None`` for a radio channel, whose rate changes),
        ``delay_s``.
        """
        import networkx

        graph: networkx.Graph[str] = networkx.Graph(scenario=self.schema["scenario"])
        described = self.meta.get("topology") or {"nodes": [], "links": []}
        places = self.table(POSITIONS)
        columns = {name: [c["name"] for c in rows] for name, rows in self._described.items()}
        domain = domain_for(columns)
        first: dict[int, tuple[float, float]] = {}
        if len(places):
            start = places.drop_duplicates("node")
            first = dict(
                zip(start["node"], zip(start["x_m"], start["y_m"], strict=True), strict=True)
            )
        for index, node in enumerate(described["nodes"]):
            attributes = {key: value for key, value in node.items() if key != "name"}
            if index in first:
                attributes["x_m"], attributes["y_m"] = first[index]
            if domain is not None:
                attributes |= domain.node_attributes(node, self.meta)
            graph.add_node(node["name"], **attributes)
        for link in described["links"]:
            attributes = {key: value for key, value in link.items() if key not in ("a", "b")}
            graph.add_edge(link["a"], link["b"], **attributes)
        return graph


def load_run(folder: str | os.PathLike[str]) -> Run:
    """Read a run folder.

    Args:
        folder: written by ``tandem run``, ``tandem demo``, ``tandem train`` or `RunWriter`.

    Raises:
        RunFolderError: not a run folder, or one of another format version.
    """
    path = Path(folder)
    _check_is_run(path)
    recover(path)
    return read_run(path)


def read_run(path: Path, wanted: Collection[str] | None = None) -> Run:
    """Read a run folder as it is: as `load_run`, but nothing is written into it.

    Args:
        path: of the folder.
        wanted: names of the tables to read; default: all.

    Raises:
        RunFolderError: as `load_run`.
    """
    _check_is_run(path)
    metadata = run_folder.read_metadata(path)
    _check_version(path, metadata)
    try:
        schema = read_json(path / run_folder.SCHEMA)
        _check_schema(path, schema)
        config = run_folder.read_config(path)
        files = run_folder.table_paths(path)
        chosen = [file for file in files if wanted is None or file.stem in wanted]
        tables = {file.stem: pd.read_parquet(file) for file in chosen}
        if metadata["format_version"] == _FORMAT_WITH_EPOCHS:
            _rename(schema, tables)
    except run_folder.RunFolderError:
        raise
    except (OSError, ValueError) as error:
        raise run_folder.RunFolderError(
            f"{path} cannot be read (status of the run: {metadata.get('status')}): {error}"
        ) from error
    return Run(path, metadata, config, schema, tables)


def _check_is_run(path: Path) -> None:
    if not run_folder.is_run(path):
        raise run_folder.RunFolderError(
            f"{path} is no run folder (no {run_folder.METADATA} of format "
            f"{run_folder.FORMAT!r}): write one with `tandem run --out {path}`"
        )


def _check_schema(path: Path, schema: Any) -> None:
    """Refuse a description that lacks what readers ask it for.

    Raises:
        RunFolderError: names what is wrong.
    """
    wanted = {"scenario": str, "meta": dict, "observation": list, "records": list}
    wrong = "it is no JSON object"
    if isinstance(schema, dict):
        types = {name: type(schema.get(name)).__name__ for name in wanted}
        odd = [name for name, kind in wanted.items() if types[name] != kind.__name__]
        entries = [*schema["observation"], *schema["records"]] if not odd else []
        columns = [isinstance(entry, dict) and "columns" in entry for entry in entries]
        if not odd and all(columns):
            return
        wrong = (
            f"{odd[0]!r} is of type {types[odd[0]]}, not {wanted[odd[0]].__name__}"
            if odd
            else "a block or table has no columns"
        )
    raise run_folder.RunFolderError(
        f"{path / run_folder.SCHEMA} describes no run: {wrong}; restore it from a copy, or record "
        "the run again"
    )


def _rename(schema: dict[str, Any], tables: dict[str, pd.DataFrame]) -> None:
    """Give the columns of an older run their names of today."""
    for name, table in tables.items():
        tables[name] = table.rename(columns=_RENAMED)
    for described in schema["records"]:
        for column in described["columns"]:
            column["name"] = _RENAMED.get(column["name"], column["name"])


def _check_version(path: Path, metadata: Mapping[str, Any]) -> None:
    version = metadata.get("format_version")
    if version in (*_OLDER_FORMATS, run_folder.FORMAT_VERSION):
        return
    writer = metadata.get("tandem_version")
    newer = isinstance(version, int) and version > run_folder.FORMAT_VERSION
    step = (
        "update ns3-tandem to read it"
        if newer
        else f"repeat the run (its settings are in {path / run_folder.CONFIG}), or read it with "
        f"ns3-tandem {writer}"
    )
    raise run_folder.RunFolderError(
        f"{path} has run format {version}, written by ns3-tandem {writer}; this version reads "
        f"format {run_folder.FORMAT_VERSION}: {step}"
    )
