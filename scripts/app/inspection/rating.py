# SPDX-License-Identifier: MIT
"""Recorded runs with the rewards that another objective would have given."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from tandem.bridge.core.accounting import reward_of
from tandem.bridge.core.objective import Objective, forget, resolve
from tandem.bridge.runs.epochs import episodes_of, recorded_schema
from tandem.bridge.runs.folder import DECISIONS, EPISODES
from tandem.bridge.runs.reader import Run, load_run
from tandem.scripts.app.common.errors import OptionError
from tandem.scripts.app.common.named import absolute_name
from tandem.scripts.app.common.objective import INFERENCE, make_objective, own_objective

#: Evaluations of a training by Stable-Baselines3: returns of the objective that it was trained by.
_EVALUATION: Final = "evaluation"


def load_rated(folder: Path, objective: str | None) -> Run:
    """Read a run; with an objective, its rewards are those that this one gives.

    Args:
        folder: of the run; it is left as it is.
        objective: as of ``--objective``; ``None``: the rewards as recorded.

    Raises:
        RunFolderError: as `load_run`, or the run does not tell which rows belong to a decision.
        OptionError: there is no such objective, or it reads what the run does not have.
        UnfitObjective: it cannot judge this scenario.
    """
    run = load_run(folder)
    if objective is None:
        return run
    schema = recorded_schema(run)
    chosen = resolve(_objective(objective, run), schema)
    if chosen is None:  # a name always gives one
        raise OptionError(f"--objective {objective!r} is none of scenario {schema.scenario!r}")
    rewards: list[float] = []
    returns = dict.fromkeys(run.episodes.get("episode", ()), 0.0)
    for number, results in episodes_of(run, schema):
        forget(chosen)
        own = [_reward(chosen, result, run, objective) for result in results]
        returns[number] = sum(own)
        rewards += own
    return _with_rewards(run, rewards, list(returns.values()), objective)


def _objective(name: str, run: Run) -> Objective[Any] | str | None:
    """By name; the paper's with the threshold of the run."""
    threshold = run.config.get("accuracy_threshold")
    if name in INFERENCE and threshold is not None:
        return make_objective(name, str(threshold))
    return own_objective(name)


def _reward(objective: Objective[Any], result: Any, run: Run, name: str) -> float:
    try:
        reward, _ = reward_of(objective, result)
    except (KeyError, IndexError, AttributeError) as lacking:
        raise OptionError(
            f"--objective {name} cannot rate {run.folder}: {type(lacking).__name__}: {lacking}; "
            f"the run has the blocks {', '.join(result.observation)} and the tables "
            f"{', '.join(result.records) or '(none)'}"
        ) from lacking
    if math.isnan(reward):
        raise OptionError(
            f"--objective {name} gives NaN in {run.folder}, decision {result.decision}: does it "
            "read time_s or duration_s? A run does not record them"
        )
    return reward


def _with_rewards(run: Run, rewards: list[float], returns: list[float], objective: str) -> Run:
    tables = {
        **run.tables,
        DECISIONS: run.decisions.assign(reward=rewards),
        EPISODES: run.episodes.assign(**{"return": returns}),
    }
    if "return_mean" in run.table(_EVALUATION):
        del tables[_EVALUATION]
    return replace(run, tables=tables, config={**run.config, "objective": absolute_name(objective)})
