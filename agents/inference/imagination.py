# SPDX-License-Identifier: MIT
"""Transitions that the system model imagines."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tandem.agents.api import Observation, Transition
from tandem.agents.inference.system_model import SystemModel


def imagine(
    model: SystemModel,
    observation: Observation,
    actions: NDArray[np.int32],
    optimism: float,
    rng: np.random.Generator,
) -> list[Transition]:
    """The model's predictions for joint actions ``[B, N]``, one transition each.

    The next state is one elite's, drawn at random. Sites and cells stay as they are.

    Args:
        optimism: the cost is the mean over elites less this many standard deviations, so that
            what the elites disagree about looks cheap and a learner tries it.
        rng: draws the elites.
    """
    problem = model.problem
    prediction = model.predict(observation, actions)
    response_s = prediction.response_s
    cost_s = problem.cost_s(response_s, np.broadcast_to(actions, response_s.shape))
    bound_s = cost_s.mean(axis=0) - optimism * cost_s.std(axis=0)
    elite = rng.integers(len(response_s), size=len(actions))
    everybody = np.ones(problem.users, dtype=np.bool_)
    return [
        Transition(
            observation=observation,
            action=action,
            components_s=prediction.components_s[:, case].mean(axis=0),
            answered=everybody,
            upload_bytes=problem.options.upload_bytes[action],
            cost_s=max(float(bound_s[case]), 0.0),
            next_observation={**observation, "users": prediction.next_users[elite[case], case]},
            ended=False,
        )
        for case, action in enumerate(actions)
    ]
