# SPDX-License-Identifier: MIT
"""The environments of a run that is judged by returns: where it trains, where it is judged."""

from __future__ import annotations

from typing import Any

from tandem.agents.evaluation.returns import ReturnJudge
from tandem.bridge.backends.remote import Target
from tandem.bridge.core.env import TandemEnv
from tandem.scripts.app.common.errors import OptionError
from tandem.scripts.app.common.objective import own_objective
from tandem.scripts.app.common.place import open_env
from tandem.scripts.app.common.run_config import DEFAULT_EPOCHS
from tandem.scripts.app.common.runner import Runner
from tandem.scripts.app.training.return_settings import ReturnSettings


def rewarded_env(
    settings: ReturnSettings,
    target: Target | None = None,
    runner: Runner = Runner.LOCAL,
    **options: Any,
) -> TandemEnv:
    """An environment of a run's scenario with its objective.

    Raises:
        OptionError: the scenario has no reward of its own, and no objective was given.
    """
    env = open_env(
        settings.scenario,
        settings.arguments,
        target,
        runner,
        objective=own_objective(settings.objective),
        **options,
    )
    if env.objective is None:
        env.close()
        raise OptionError(
            f"scenario {env.schema.scenario!r} has no reward of its own, so there is nothing to "
            "learn: give --objective FILE.py:NAME, a callable that takes an EpochResult and "
            "returns a number to be maximised"
        )
    return env


def evaluation_judge(
    env: TandemEnv, settings: ReturnSettings, first: int, episodes: int
) -> ReturnJudge:
    """Plays episodes of the seeds from ``first`` on, each as long as one of the training."""
    limit = int(settings.arguments.get("epochs") or DEFAULT_EPOCHS)
    return ReturnJudge(env, range(first, first + episodes), limit)
