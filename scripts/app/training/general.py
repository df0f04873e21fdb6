# SPDX-License-Identifier: MIT
"""Which agent a name stands for: one for inference scenarios, or one for any scenario."""

from __future__ import annotations

from collections.abc import Mapping

from tandem.agents.general.kinds import KINDS
from tandem.agents.inference.domain import INFERENCE
from tandem.agents.registry import LEARNERS
from tandem.bridge.backends.remote import Target
from tandem.scripts.app.common.place import open_env


def is_general(
    agent: str,
    scenario: str,
    arguments: Mapping[str, object],
    objective: str | None,
    target: Target | None,
) -> bool:
    """Whether a run's agent is one of `tandem.agents.general.kinds`.

    A name that both kinds of agents have stands for the one that knows inference where the scenario
    is of that kind, and no other objective is asked for.
    """
    if agent not in KINDS or agent not in LEARNERS or objective is not None:
        return agent in KINDS
    env = open_env(scenario, arguments, target)
    env.close()
    return env.domain is not INFERENCE
