# SPDX-License-Identifier: MIT
"""The journal's entries: each is a call to `RunTables`, written so that it can be made again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tandem.bridge.runs.folder import JOURNAL, RunFolderError
from tandem.bridge.runs.journal import Entry
from tandem.bridge.runs.journal import read as read_journal
from tandem.bridge.runs.tables import RunTables

STATE: Final = "state"
BEGIN: Final = "begin_episode"
ADD: Final = "add"
#: The kinds of arrays that entries have; one without arrays is an empty mapping.
_KINDS: Final = ("action", "observation", "records", "tables", "episode_records")
#: Between the kind of an array and its own name.
_SEPARATOR: Final = "."
#: Name of an action that is one array; action blocks have names.
_WHOLE: Final = ""

Arrays = dict[str, NDArray[Any]]


class Call(NamedTuple):
    """What `tandem.bridge.runs.journal.Journal.append` is given."""

    call: str
    values: dict[str, Any]
    arrays: Arrays


def state_call(tables: RunTables) -> Call:
    """What was recorded so far, with everything that is needed to read it: the first entry."""
    state = tables.state_dict()
    values = {
        "episode": state.pop("episode"),
        "labels": tables.labels.decode(),
        "dtypes": {
            name: [[column, dtype[column].str] for column in dtype.names or ()]
            for name, dtype in tables.dtypes.items()
        },
    }
    return Call(STATE, values, _joined(state))


def begin_call(episode: int, seed: int, observation: Mapping[str, NDArray[np.float64]]) -> Call:
    """`RunTables.begin_episode`."""
    return Call(BEGIN, {"episode": episode, "seed": seed}, dict(observation))


def add_call(
    action: NDArray[Any] | Mapping[str, NDArray[Any]],
    observation: Mapping[str, NDArray[np.float64]],
    reward: float,
    terminated: bool,
    truncated: bool,
    records: Mapping[str, NDArray[np.void]],
) -> Call:
    """`RunTables.add`."""
    values = {
        "reward": float(reward),
        "terminated": bool(terminated),
        "truncated": bool(truncated),
    }
    parts = action if isinstance(action, Mapping) else {_WHOLE: action}
    arrays = {"action": parts, "observation": observation, "records": records}
    return Call(ADD, values, _joined(arrays))


def read_entries(folder: Path) -> list[Entry]:
    """The entries of a folder's journal.

    Raises:
        RunFolderError: there are none, or they cannot be read.
    """
    try:
        entries = list(read_journal(folder))
    except (OSError, ValueError, KeyError) as error:
        raise RunFolderError(f"{folder / JOURNAL} cannot be read: {error}") from error
    if not entries or entries[0].call != STATE:
        raise RunFolderError(
            f"{folder} has no finished epoch to resume from: repeat the run with --force"
        )
    return entries


def whole_episodes(entries: Sequence[Entry]) -> Sequence[Entry]:
    """The entries up to the end of the last whole episode, at least the first."""
    for number in range(len(entries) - 1, 0, -1):
        values = entries[number].values
        if entries[number].call == ADD and (values["terminated"] or values["truncated"]):
            return entries[: number + 1]
    return entries[:1]


def tables_of(entries: Sequence[Entry]) -> RunTables:
    """The tables that the calls of a journal made."""
    tables = empty_tables(entries[0])
    replay(tables, entries)
    return tables


def empty_tables(first: Entry) -> RunTables:
    """Tables without rows, for the calls of the journal that begins with this entry."""
    values = first.values
    dtypes = {
        name: np.dtype([tuple(c) for c in columns]) for name, columns in values["dtypes"].items()
    }
    return RunTables(dtypes, values["labels"].encode())


def observation_of(entry: Entry) -> dict[str, NDArray[Any]]:
    """The observation that followed an added decision."""
    return _split(entry.arrays)["observation"]


def replay(tables: RunTables, entries: Sequence[Entry]) -> None:
    """Make the calls of a journal again."""
    for entry in entries:
        if entry.call == BEGIN:
            tables.begin_episode(**entry.values, observation=dict(entry.arrays))
            continue
        kinds = _split(entry.arrays)
        if entry.call == STATE:
            tables.load_state_dict({"episode": entry.values["episode"], **kinds})
        else:
            action, observation, records = (kinds[k] for k in ("action", "observation", "records"))
            whole = action.get(_WHOLE, action)
            tables.add(whole, observation, **entry.values, records=records)


def _joined(kinds: Mapping[str, Mapping[str, NDArray[Any]]]) -> Arrays:
    """``{"observation": {"users": …}}`` → ``{"observation.users": …}``."""
    return {
        f"{kind}{_SEPARATOR}{name}": array
        for kind, arrays in kinds.items()
        for name, array in arrays.items()
    }


def _split(arrays: Mapping[str, NDArray[Any]]) -> dict[str, Arrays]:
    """The inverse of `_joined`."""
    kinds: dict[str, Arrays] = {kind: {} for kind in _KINDS}
    for name, array in arrays.items():
        kind, _, rest = name.partition(_SEPARATOR)
        kinds[kind][rest] = array
    return kinds
