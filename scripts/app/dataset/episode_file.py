# SPDX-License-Identifier: MIT
"""A recorded episode as one file, so that an interrupted recording goes on where it was."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from tandem.bridge.core.arrays import pack, unpack
from tandem.bridge.core.files import replace_bytes
from tandem.scripts.app.dataset.record import Alternative, Episode

_OBSERVATION: Final = "observation"
_ACTION: Final = "action"
_TRIED: Final = "tried_"
#: Between the name of a value and that of its block.
_BLOCK: Final = "/"
Arrays = Mapping[str, NDArray[Any]]


def write_episode(path: Path, episode: Episode) -> None:
    """Write an episode, atomically."""
    tried = episode.alternatives
    arrays: dict[str, NDArray[Any]] = {
        **_stacked(_OBSERVATION, episode.observations),
        **_stacked(_ACTION, episode.actions),
        "reward": np.array(episode.rewards, np.float64),
        "propensity": np.array(episode.propensities, np.float64),
        **_stacked(_TRIED + _OBSERVATION, [one.observation for one in tried]),
        **_stacked(_TRIED + _ACTION, [one.action for one in tried]),
        "tried_place": np.array(
            [(one.decision, one.number, one.future) for one in tried], np.int64
        ).reshape(-1, 3),
        "tried_length": np.array([len(one.rewards) for one in tried], np.int64),
        "tried_reward": np.array([value for one in tried for value in one.rewards], np.float64),
    }
    values = {
        "policy": episode.policy,
        "seed": episode.seed,
        "terminated": episode.terminated,
        "truncated": episode.truncated,
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    replace_bytes(path, pack(values, arrays, compress=True))


def read_episode(path: Path) -> Episode:
    """What `write_episode` wrote.

    Raises:
        OSError: the file cannot be read.
        ValueError: it is damaged.
    """
    values, arrays = unpack(path.read_bytes())
    places: list[tuple[int, int, int]] = arrays["tried_place"].tolist()
    ends = np.cumsum(arrays["tried_length"])[:-1]
    rewards = np.split(arrays["tried_reward"], ends)
    tried = zip(
        places,
        _rows(_TRIED + _ACTION, arrays),
        rewards,
        _rows(_TRIED + _OBSERVATION, arrays),
        strict=False,
    )
    return Episode(
        policy=values["policy"],
        seed=values["seed"],
        observations=_rows(_OBSERVATION, arrays),
        actions=_rows(_ACTION, arrays),
        rewards=arrays["reward"].tolist(),
        propensities=arrays["propensity"].tolist(),
        terminated=values["terminated"],
        truncated=values["truncated"],
        alternatives=[
            Alternative(decision, number, future, action, tuple(got.tolist()), observation)
            for (decision, number, future), action, got, observation in tried
        ],
    )


def _stacked(name: str, rows: Sequence[Any]) -> dict[str, NDArray[Any]]:
    """Equal rows as arrays ``[rows, …]``: one, or one for each block; none without rows."""
    if not rows:
        return {}
    if isinstance(rows[0], Mapping):
        return {
            f"{name}{_BLOCK}{block}": np.stack([np.asarray(row[block]) for row in rows])
            for block in rows[0]
        }
    return {name: np.stack([np.asarray(row) for row in rows])}


def _rows(name: str, arrays: Arrays) -> list[Any]:
    """The inverse of `_stacked`."""
    if name in arrays:
        return list(arrays[name])
    prefix = name + _BLOCK
    blocks = {
        key.removeprefix(prefix): array for key, array in arrays.items() if key.startswith(prefix)
    }
    length = len(next(iter(blocks.values()), ()))
    return [{block: array[row] for block, array in blocks.items()} for row in range(length)]
