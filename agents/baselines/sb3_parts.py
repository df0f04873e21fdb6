# SPDX-License-Identifier: MIT
"""What Stable-Baselines3's PPO and DQN have in common as learners.

SB3 has training loops of its own. Here its policies choose and its ``train`` learns, while
`tandem.agents.training.loop` plays; so budgets, evaluations, checkpoints and whole episodes are
those of all learners. `tandem.agents.sb3` runs the same algorithms in SB3's own loop.

SB3 draws from the global generators of NumPy and PyTorch. Each call here seeds them from the
learner's own generator and puts them back afterwards, so that runs can be resumed and nobody
else's draws change.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final, TypeAlias

import gymnasium
import numpy as np
import torch
from gymnasium import spaces

from tandem.agents.api import Observation
from tandem.agents.baselines.dqn_parts import StateInputs
from tandem.agents.common.codec import is_state
from tandem.agents.inference.problem import JointProblem
from tandem.bridge.core.packages import not_installed

try:
    from stable_baselines3.common.base_class import BaseAlgorithm
    from stable_baselines3.common.logger import Logger
except ImportError as error:
    raise ImportError(f"sb3-ppo and sb3-dqn: {not_installed('stable_baselines3')}") from error

__all__ = [
    "BlockInputs",
    "Logger",
    "Spaces",
    "learned",
    "load_learned",
    "own_draws",
    "reward",
    "updates_of",
]

Blocks: TypeAlias = dict[str, torch.Tensor]
BLOCKS: Final = ("users", "sites", "cells")
#: Seeds of the generators that SB3 draws from.
SEED_LIMIT: Final = 2**32


class BlockInputs:
    """Observations as SB3's ``MultiInputPolicy`` sees them: three blocks of numbers of about 1.

    They are those of the other learners. The space has no bounds, which SB3 would not use.
    """

    def __init__(self, problem: JointProblem) -> None:
        self._inputs = StateInputs(problem, is_state)
        shapes = (
            (problem.users, self._inputs.per_user),
            (len(problem.sites.remote), self._inputs.per_site),
            (len(problem.cell_kinds), self._inputs.per_cell),
        )
        self.space = spaces.Dict(
            {
                name: spaces.Box(-np.inf, np.inf, shape, dtype=np.float32)
                for name, shape in zip(BLOCKS, shapes, strict=True)
            }
        )

    def of(self, observations: Sequence[Observation]) -> Blocks:
        """A batch of observations."""
        blocks = self._inputs.blocks(observations)
        return {
            name: torch.from_numpy(block.astype(np.float32))
            for name, block in zip(BLOCKS, blocks, strict=True)
        }


class Spaces(gymnasium.Env[Any, Any]):
    """The spaces that SB3 builds its networks for; it is never played."""

    def __init__(self, observation: spaces.Space[Any], action: spaces.Space[Any]) -> None:
        self.observation_space = observation
        self.action_space = action


def reward(cost_s: float, limit_s: float | None, scale_s: float) -> float:
    """What SB3 maximises: the negative cost, limited and scaled."""
    limited = cost_s if limit_s is None else min(cost_s, limit_s)
    return -limited / scale_s


@contextmanager
def own_draws(rng: np.random.Generator) -> Iterator[None]:
    """Global generators that follow from ``rng``; afterwards they are as before."""
    numpy_state = np.random.get_state()  # noqa: NPY002 - the generator that SB3 draws from
    torch_state = torch.get_rng_state()
    seed = int(rng.integers(SEED_LIMIT))
    np.random.seed(seed)  # noqa: NPY002
    # Not torch.manual_seed, which takes 2 ms to prepare for GPUs.
    torch.default_generator.manual_seed(seed)
    try:
        yield
    finally:
        np.random.set_state(numpy_state)  # noqa: NPY002
        torch.set_rng_state(torch_state)


def updates_of(model: BaseAlgorithm) -> int:
    """How many times SB3 has updated a model."""
    return int(model._n_updates)


def learned(model: BaseAlgorithm) -> dict[str, Any]:
    """Weights, optimiser and count of updates of a model, for a checkpoint."""
    policy = model.policy
    return {
        "policy": policy.state_dict(),
        "optimizer": policy.optimizer.state_dict(),
        "updates": updates_of(model),
    }


def load_learned(model: BaseAlgorithm, state: dict[str, Any]) -> None:
    """The inverse of `learned`."""
    model.policy.load_state_dict(state["policy"])
    model.policy.optimizer.load_state_dict(state["optimizer"])
    model._n_updates = int(state["updates"])
