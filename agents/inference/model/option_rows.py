# SPDX-License-Identifier: MIT
"""Inputs of the system model: feature rows of every option, and the prior that they correct."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tandem.agents.api import Observation
from tandem.agents.inference.components import COMPONENTS, DEVICE
from tandem.agents.inference.config import ModelConfig, PriorConfig
from tandem.agents.inference.model.features import FeatureMap, compress_s
from tandem.agents.inference.model.prior import PriorView
from tandem.agents.inference.options import PolicyError
from tandem.agents.inference.problem import JointProblem

Array = NDArray[np.float64]


class OptionRows:
    """Rows and bases at one observation; B cases, N users, K options, M network options.

    A row is what the networks see of a user at an option. Its base is the prior's compressed
    components, which the networks correct.

    Attributes:
        observation: as the model sees it.
    """

    def __init__(self, inputs: ModelInputs, observation: Observation) -> None:
        self.observation = observation
        self._inputs = inputs
        self._prior = PriorView(inputs.problem, inputs.prior, observation)

    def network(
        self, weights: Array, chosen: NDArray[np.bool_] | None = None
    ) -> tuple[Array, Array]:
        """Rows and bases of network options while users load the network by ``weights``.

        Args:
            weights: ``[B, N, M]`` as in `tandem.agents.inference.model.prior`.
            chosen: which cases are wanted, ``[B, N, M]``; all by default.

        Returns:
            ``[B, N, M, F]`` and ``[B, N, M, 4]``, or ``[R, F]`` and ``[R, 4]`` of the chosen ones.
        """
        config, prior = self._inputs.config, self._prior
        if not config.use_structure:
            weights = np.zeros_like(weights)
        prior_s = prior.network_components_s(weights)
        if not config.use_prior:
            prior_s = np.zeros_like(prior_s)
        features = self._inputs.features
        rows = features.network_rows(self.observation, prior, weights, prior_s, chosen)
        return rows, compress_s(prior_s if chosen is None else prior_s[chosen])

    def device(self) -> tuple[Array, Array]:
        """Rows and bases of every device option, ``[N, K - M, F]`` and ``[N, K - M, 4]``."""
        rows = self._inputs.features.device_rows(self.observation, self._prior)
        base = np.zeros((*rows.shape[:-1], len(COMPONENTS)))
        if self._inputs.config.use_prior:
            base[..., DEVICE] = compress_s(self._prior.device_s)
        else:
            rows[..., -len(COMPONENTS) :] = 0.0
        return rows, base

    def of_actions(self, actions: NDArray[np.integer]) -> tuple[Array, Array]:
        """Rows ``[B, N, F]`` and bases ``[B, N, 4]`` of the options in joint actions ``[B, N]``."""
        inputs = self._inputs
        weights = actions[..., None] == inputs.problem.network_options
        network_rows, network_base = self.network(weights.astype(np.float64))
        device_rows, device_base = self.device()
        cases, users = actions.shape
        case, user = np.arange(cases)[:, None], np.arange(users)[None, :]
        at = inputs.position[actions]
        remote = inputs.is_network[actions]
        if not len(inputs.problem.network_options):
            return device_rows[user, at], device_base[user, at]
        in_network = np.where(remote, at, 0)
        rows = network_rows[case, user, in_network]
        base = network_base[case, user, in_network]
        if len(inputs.problem.device_options):
            on_device = np.where(remote, 0, at)
            rows = np.where(remote[..., None], rows, device_rows[user, on_device])
            base = np.where(remote[..., None], base, device_base[user, on_device])
        return rows, base


class ModelInputs:
    """Turns observations of one problem into the model's inputs.

    Attributes:
        is_network: which options are at a remote site, ``[K]``.
        position: index of each option among the device options or the network options, ``[K]``.

    Raises:
        PolicyError: the settings fix a column that users do not have.
    """

    def __init__(self, problem: JointProblem, config: ModelConfig, prior: PriorConfig) -> None:
        for name in config.fixed_columns:
            if name not in problem.user_columns:
                raise PolicyError(
                    f"model.fixed_columns has {name!r}, which users do not have: one of "
                    f"{', '.join(problem.user_columns)}"
                )
        self.problem = problem
        self.config = config
        self.prior = prior
        self.features = FeatureMap(problem)
        self.is_network = np.zeros(len(problem.options), dtype=np.bool_)
        self.is_network[problem.network_options] = True
        self.position = np.zeros(len(problem.options), dtype=np.intp)
        for group in (problem.device_options, problem.network_options):
            self.position[group] = np.arange(len(group))
        self._latest: tuple[bytes, OptionRows] | None = None

    def at(self, observation: Observation) -> OptionRows:
        """The inputs at an observation; those of the latest one are kept.

        A decision asks the model about the same observation many times.
        """
        key = b"".join(observation[block].tobytes() for block in ("users", "sites", "cells"))
        if self._latest is None or self._latest[0] != key:
            self._latest = key, OptionRows(self, self._seen(observation))
        return self._latest[1]

    def _seen(self, observation: Observation) -> Observation:
        """A copy with the columns replaced to which the settings make the model blind."""
        seen = {name: block.copy() for name, block in observation.items()}
        for name, value in self.config.fixed_columns.items():
            seen["users"][:, self.problem.user_columns[name]] = value
        return seen
