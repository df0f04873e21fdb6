# SPDX-License-Identifier: MIT
"""A data set as files: Parquet tables, and Minari's format beside them where it is installed.

Minari: Younis et al., https://minari.farama.org. A folder holds::

    steps.parquet           one row per decision
    counterfactuals.parquet one row per action that a branch tried
    metadata.json           scenario, arguments, policies, interactions
    minari/                 a root of Minari's (``MINARI_DATASETS_PATH``)
"""

from __future__ import annotations

import os
import re
import shutil
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
from gymnasium import spaces

from tandem.bridge.core.env import TandemEnv
from tandem.bridge.core.packages import is_there
from tandem.bridge.runs import folder as run_folder
from tandem.scripts.app.dataset.record import Episode

STEPS: Final = "steps.parquet"
COUNTERFACTUALS: Final = "counterfactuals.parquet"
METADATA: Final = "metadata.json"
MINARI: Final = "minari"
ROOT_VARIABLE: Final = "MINARI_DATASETS_PATH"


def write_files(
    folder: Path, env: TandemEnv, episodes: Sequence[Episode], about: Mapping[str, Any]
) -> None:
    """Write everything; the last file is `METADATA`, so that where it is the set is complete.

    Args:
        env: of the episodes.
        about: for `METADATA`.
    """
    for name in (METADATA, COUNTERFACTUALS):  # of a data set that this one replaces
        (folder / name).unlink(missing_ok=True)
    write_tables(folder, episodes)
    minari = None
    if is_there("minari"):
        words = f"{env.schema.scenario} in ns-3, with counterfactuals from branches"
        minari = write_minari(folder, env, episodes, words)
    run_folder.write_json(folder / METADATA, {**about, "minari": minari})


def write_tables(folder: Path, episodes: Sequence[Episode]) -> None:
    """Write the Parquet tables.

    Raises:
        RunFolderError: the disk is full.
    """
    run_folder.write_table(folder / STEPS, pa.Table.from_pylist(list(_steps(episodes))))
    rows = list(_counterfactuals(episodes))
    if rows:
        run_folder.write_table(folder / COUNTERFACTUALS, pa.Table.from_pylist(rows))


def dataset_id(scenario: str) -> str:
    """Minari's name of a scenario's data set."""
    return f"tandem/{re.sub(r'[^A-Za-z0-9_-]+', '-', scenario)}-v0"


def write_minari(
    folder: Path, env: TandemEnv, episodes: Sequence[Episode], description: str
) -> str:
    """Write the same for Minari; returns the name of the data set.

    What branches found is in ``infos``: ``counterfactual_actions`` (T + 1, alternatives, values),
    ``counterfactual_returns`` and ``counterfactual_futures`` (T + 1, alternatives), NaN where
    nothing was tried; ``policy`` is the number of the policy.
    """
    import minari
    from minari.data_collector.episode_buffer import EpisodeBuffer

    name = dataset_id(env.schema.scenario)
    root = folder / MINARI
    shutil.rmtree(root, ignore_errors=True)
    root.mkdir(parents=True)
    policies = list(dict.fromkeys(episode.policy for episode in episodes))
    width = max((_most_tried(episode) for episode in episodes), default=0)
    size = env.schema.joint_action.size
    with _root(root):
        minari.create_dataset_from_buffers(
            name,
            [
                EpisodeBuffer(
                    id=number,
                    seed=episode.seed,
                    observations=_stacked(episode.observations),
                    actions=_cast(_stacked(episode.actions), env.action_space),
                    rewards=list(episode.rewards),
                    terminations=_ends(episode, episode.terminated),
                    truncations=_ends(episode, episode.truncated),
                    infos={
                        # With two axes: Minari's reader fails at arrays with one.
                        "policy": np.full(
                            (len(episode.observations), 1), policies.index(episode.policy)
                        ),
                        **_infos(episode, width, size),
                    },
                )
                for number, episode in enumerate(episodes)
            ],
            observation_space=env.observation_space,
            action_space=env.action_space,
            algorithm_name=", ".join(policies),
            description=description,
            data_format="arrow",
        )
    return name


@contextmanager
def _root(root: Path) -> Iterator[None]:
    """Minari writes to the folder that a variable of the environment names."""
    before = os.environ.get(ROOT_VARIABLE)
    os.environ[ROOT_VARIABLE] = str(root.absolute())
    try:
        with warnings.catch_warnings():
            # It asks for an author and a permanent link, which the user's own copy may add.
            warnings.simplefilter("ignore", UserWarning)
            yield
    finally:
        if before is None:
            del os.environ[ROOT_VARIABLE]
        else:
            os.environ[ROOT_VARIABLE] = before


def _steps(episodes: Sequence[Episode]) -> Iterator[dict[str, Any]]:
    for number, episode in enumerate(episodes):
        last = len(episode.actions) - 1
        for decision, action in enumerate(episode.actions):
            yield {
                "episode": number,
                "policy": episode.policy,
                "seed": episode.seed,
                "decision": decision,
                **_listed("action", action),
                "propensity": episode.propensities[decision],
                "reward": episode.rewards[decision],
                "terminated": episode.terminated and decision == last,
                "truncated": episode.truncated and decision == last,
                **_listed("observation", episode.observations[decision]),
                **_listed("next_observation", episode.observations[decision + 1]),
            }


def _counterfactuals(episodes: Sequence[Episode]) -> Iterator[dict[str, Any]]:
    for number, episode in enumerate(episodes):
        for tried in episode.alternatives:
            yield {
                "episode": number,
                "policy": episode.policy,
                "seed": episode.seed,
                "decision": tried.decision,
                "alternative": tried.number,
                "future": tried.future,
                **_listed("action", tried.action),
                "rewards": list(tried.rewards),
                "return": float(sum(tried.rewards)),
                **_listed("next_observation", tried.observation),
            }


def _listed(name: str, value: Any) -> dict[str, Any]:
    """Values one behind the other, a column per block."""
    if isinstance(value, Mapping):
        return {f"{name}_{block}": np.ravel(part).tolist() for block, part in value.items()}
    return {name: np.ravel(value).tolist()}


def _stacked(rows: Sequence[Any]) -> Any:
    if isinstance(rows[0], Mapping):
        return {name: np.stack([np.asarray(row[name]) for row in rows]) for name in rows[0]}
    return np.stack([np.asarray(row) for row in rows])


def _cast(values: Any, space: spaces.Space[Any]) -> Any:
    """With the element types of a space, which Minari insists on."""
    if isinstance(space, spaces.Dict):
        return {name: _cast(values[name], inner) for name, inner in space.spaces.items()}
    return values.astype(space.dtype)


def _ends(episode: Episode, ended: bool) -> list[bool]:
    return [False] * (len(episode.actions) - 1) + [ended]


def _most_tried(episode: Episode) -> int:
    decisions = [tried.decision for tried in episode.alternatives]
    return max((decisions.count(decision) for decision in set(decisions)), default=0)


def _infos(episode: Episode, width: int, size: int) -> dict[str, Any]:
    length = len(episode.observations)
    actions = np.full((length, width, size), np.nan)
    returns = np.full((length, width), np.nan)
    futures = np.full((length, width), np.nan)
    used = np.zeros(length, np.int64)
    for tried in episode.alternatives:
        place = tried.decision, used[tried.decision]
        used[tried.decision] += 1
        blocks = tried.action.values() if isinstance(tried.action, Mapping) else [tried.action]
        actions[place] = np.concatenate([np.ravel(block) for block in blocks])
        returns[place] = sum(tried.rewards)
        futures[place] = tried.future
    if not width:
        return {}
    return {
        "counterfactual_actions": actions,
        "counterfactual_returns": returns,
        "counterfactual_futures": futures,
    }
