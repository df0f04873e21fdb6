# SPDX-License-Identifier: MIT
"""Outcome tables on disk, named by everything that they depend on.

A file is named by the SHA-256 of its *key*: scenario, arguments, the contents of files that the
arguments name, the build (executable, ns-3 libraries, the options that the scenario declared), seed
and action history. If any of them changes, so does the name: nothing has to be invalidated.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from tandem.agents.evaluation.outcome_table import OutcomeTable, RequestRows
from tandem.agents.evaluation.states import History
from tandem.agents.inference.options import OptionTable
from tandem.agents.inference.patterns import PatternSpace
from tandem.bridge.core.arrays import pack, unpack
from tandem.bridge.core.env import TandemEnv
from tandem.bridge.core.errors import Notice
from tandem.bridge.core.files import replace_bytes
from tandem.bridge.core.program_digest import file_digest

#: Part of the key: raised by one whenever the meaning or the format of tables changes.
FORMAT_VERSION: Final = 4
_TABLE_FIELDS: Final = (
    "patterns",
    "response_s",
    "answered",
    "device_response_s",
    "device_answered",
    "arrival_s",
)
_KEY: Final = "key"
#: What reading says where no table can be; `OracleCache.put` says so if that is a fault.
_NOT_THERE: Final = (errno.ENOENT, errno.ENOTDIR, errno.ENAMETOOLONG)
_OBSERVATION: Final = "observation/"
_ROWS: Final = ("rows/patterns", "rows/devices")


def default_folder() -> Path:
    """``$XDG_CACHE_HOME/ns3-tandem/oracle``, by default under ``~/.cache``."""
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "ns3-tandem" / "oracle"


@dataclass(frozen=True)
class SimulationKey:
    """Everything but the history that decides what a simulation does."""

    content: Mapping[str, Any]

    @classmethod
    def of(cls, env: TandemEnv) -> SimulationKey:
        """The key of a running environment."""
        schema = env.schema
        arguments = {
            name: str(int(value) if isinstance(value, bool) else value)
            for name, value in sorted(env.arguments.items())
        }
        return cls(
            {
                "format": FORMAT_VERSION,
                "scenario": schema.scenario,
                "arguments": arguments,
                "files": {
                    name: file_digest(Path(value))
                    for name, value in arguments.items()
                    if value and Path(value).is_file()
                },
                "ns3": [schema.ns3_version, schema.ns3_provider],
                "meta": schema.meta,
                "program": env.simulator.program_digest(),
            }
        )

    def at(self, history: History, request: str) -> str:
        """The key, as JSON text, of a measurement at a state.

        Args:
            history: how the state was reached.
            request: what was measured there; names the search if there was one.
        """
        state = {"seed": history.seed, "actions": history.actions, "request": request}
        return json.dumps({**self.content, "state": state}, sort_keys=True)


@dataclass
class OracleCache:
    """A folder of outcome tables. Several processes may share it.

    Attributes:
        folder: created on first use.
        hits: tables found since the start; ``misses`` likewise.
    """

    folder: Path = field(default_factory=default_folder)
    hits: int = 0
    misses: int = 0
    _writable: bool = True

    def get(self, key: str, options: OptionTable) -> OutcomeTable | None:
        """The table of that key, if there is one that can be read."""
        path = self.path(key)
        try:
            values, stored = unpack(path.read_bytes())
            if values[_KEY] != key:
                raise ValueError("it belongs to another key")
            table = OutcomeTable(
                space=PatternSpace.merged(options),
                top5_percent=options.top5_percent,
                observation={
                    name.removeprefix(_OBSERVATION): block
                    for name, block in stored.items()
                    if name.startswith(_OBSERVATION)
                },
                rows=(
                    RequestRows(*(stored[name] for name in _ROWS)) if _ROWS[0] in stored else None
                ),
                **{name: stored[name] for name in _TABLE_FIELDS},
            )
            table.check_shapes()
        except (OSError, ValueError, KeyError, TypeError) as error:
            self.misses += 1
            if isinstance(error, OSError) and error.errno in _NOT_THERE:
                return None
            warnings.warn(
                f"{path} is not a readable outcome table ({error}): simulating it again",
                Notice,
                stacklevel=2,
            )
            return None
        self.hits += 1
        return table

    def put(self, key: str, table: OutcomeTable) -> None:
        """Store a table, atomically; a warning if that fails, once for each cache."""
        path = self.path(key)
        arrays: dict[str, Any] = {name: getattr(table, name) for name in _TABLE_FIELDS}
        for name, block in table.observation.items():
            arrays[_OBSERVATION + name] = block
        if table.rows is not None:
            arrays.update(zip(_ROWS, (table.rows.patterns, table.rows.devices), strict=True))
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            replace_bytes(path, pack({_KEY: key}, arrays, compress=True))
        except OSError as error:
            if self._writable:
                warnings.warn(
                    f"{self.folder} takes no outcome tables ({error.strerror}): this run measures "
                    "its states and keeps none; choose another folder with --cache or "
                    "XDG_CACHE_HOME",
                    Notice,
                    stacklevel=2,
                )
            self._writable = False

    def path(self, key: str) -> Path:
        """The file of a key."""
        return self.folder / f"{hashlib.sha256(key.encode()).hexdigest()}.npz"
