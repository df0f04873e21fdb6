# SPDX-License-Identifier: MIT
"""Tabular Q-learning over discretised states and whole joint actions.

The state is cut as in Shahhosseini et al., ISQED 2022 (recalled; see
`tandem.agents.baselines.joint_actions`): each device busy or available, the load of edge and
cloud in levels, each user's bandwidth regular or weak. The table is sparse: it holds what was
tried. A joint action's mean over all states counts for a few decisions in every single state, so
that a state seen for the first time does not begin from nothing.
"""

from __future__ import annotations

from typing import Annotated, Any, Final

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from tandem.agents.api import Decision, Lesson, Observation, Transition
from tandem.agents.baselines.joint_actions import JointActionConfig, JointActionLearner
from tandem.agents.common.errors import PolicyError
from tandem.agents.common.settings import Count, Discount
from tandem.agents.inference.problem import JointProblem

Array = NDArray[np.float64]
USER_COLUMNS: Final = ("device_backlog_s", "weak")
SITE_COLUMNS: Final = ("cores", "busy_cores", "background_utilisation")


class QLearningConfig(JointActionConfig):
    """Tabular Q-learning over discretised states and whole joint actions."""

    gamma: Discount = 0.0
    """Discount per decision; 0 because in a table what carries over is less than its noise."""
    learning_rate: Annotated[float, Field(gt=0.0, le=1.0)] = 0.05
    """Least step towards a target; before that a value is the mean of its targets."""
    site_levels: Count = 2
    """Levels into which the load of edge and cloud is cut."""
    pooling: Annotated[float, Field(ge=0.0)] = 10.0
    """Trials for which a joint action's mean over all states counts in each single state; 0 keeps
    states apart, as in the paper."""


class Discretiser:
    """Cuts observations into a few classes.

    Args:
        problem: names the columns.
        site_levels: classes of a site's load.

    Raises:
        PolicyError: the scenario does not observe what the classes are made of.
    """

    def __init__(self, problem: JointProblem, site_levels: int) -> None:
        for block, needed, columns in (
            ("users", USER_COLUMNS, problem.user_columns),
            ("sites", SITE_COLUMNS, problem.site_columns),
        ):
            missing = [name for name in needed if name not in columns]
            if missing:
                raise PolicyError(
                    f"tabular Q-learning needs the columns {', '.join(missing)} in the "
                    f"observation block {block!r}: use another learner for this scenario"
                )
        self._users = problem.user_columns
        self._sites = problem.site_columns
        self._levels = site_levels

    def state(self, observation: Observation) -> bytes:
        """The class of an observation: a byte per device, per user's network, per site."""
        users, sites = observation["users"], observation["sites"]
        busy = users[:, self._users["device_backlog_s"]] > 0.0
        weak = users[:, self._users["weak"]] > 0.0
        in_use = sites[:, self._sites["busy_cores"]] / sites[:, self._sites["cores"]]
        load = np.maximum(in_use, sites[:, self._sites["background_utilisation"]])
        level = np.clip(load * self._levels, 0, self._levels - 1)
        return np.concatenate([busy, weak, level]).astype(np.uint8).tobytes()


class QLearner(JointActionLearner[QLearningConfig]):
    """Epsilon-greedy Q-learning; a `tandem.agents.api.Learner`.

    Q-learning: Watkins and Dayan, "Q-learning", Machine Learning 8, 1992.

    Args:
        problem: users, options, threshold.
        config: settings.
        seed: decides exploration.

    Raises:
        PolicyError: too many joint actions, or the scenario lacks a column.
    """

    def __init__(
        self, problem: JointProblem, config: QLearningConfig, seed: int, name: str = "qlearning"
    ) -> None:
        super().__init__(name, problem, config, np.random.default_rng(seed))
        self._discretiser = Discretiser(problem, config.site_levels)
        #: Value and count of trials by state and joint action; and over all states.
        self._table: dict[bytes, dict[int, tuple[float, int]]] = {}
        self._pooled = np.full(len(self.space), -np.inf)
        self._pooled_count = np.zeros(len(self.space), dtype=np.int64)

    @property
    def policy_version(self) -> int:
        """Trials that have moved values so far."""
        return int(self._pooled_count.sum())

    def learn(self, decision: Decision, transition: Transition) -> Lesson:
        """Move the value of what was played towards reward plus discounted future."""
        self._interactions += 1
        index = self.space.index(transition.action)
        if index < 0:
            return Lesson()
        target = -min(transition.cost_s, self.config.cost_limit_s)
        if self.config.gamma and not transition.ended:
            future = float(self.values(transition.next_observation).max())
            target += self.config.gamma * (future if np.isfinite(future) else 0.0)
        entries = self._table.setdefault(self._discretiser.state(transition.observation), {})
        value, count = entries.get(index, (0.0, 0))
        entries[index] = (self._moved(value, count, target), count + 1)
        count = int(self._pooled_count[index])
        pooled = float(self._pooled[index]) if count else 0.0
        self._pooled[index] = self._moved(pooled, count, target)
        self._pooled_count[index] += 1
        return Lesson()

    def values(self, observation: Observation) -> Array:
        """Value of each joint action of `space`, seconds, ``[A]``; -inf where never tried."""
        values = self._pooled.copy()
        entries = self._table.get(self._discretiser.state(observation))
        if entries:
            index = np.fromiter(entries, dtype=np.intp, count=len(entries))
            known = np.array(list(entries.values()))
            weight = known[:, 1] / (known[:, 1] + self.config.pooling)
            values[index] += weight * (known[:, 0] - values[index])
        return values

    def state_dict(self) -> dict[str, Any]:
        """Everything that changes, generators included."""
        rows = [
            (state, index, value, count)
            for state, (_, entries) in enumerate(self._table.items())
            for index, (value, count) in entries.items()
        ]
        return {
            "states": [list(state) for state in self._table],
            "row_state": np.array([row[0] for row in rows], dtype=np.int64),
            "row_action": np.array([row[1] for row in rows], dtype=np.int64),
            "row_value": np.array([row[2] for row in rows], dtype=np.float64),
            "row_count": np.array([row[3] for row in rows], dtype=np.int64),
            "pooled": self._pooled.copy(),
            "pooled_count": self._pooled_count.copy(),
            "rng": self._rng.bit_generator.state,
            "interactions": self._interactions,
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """The inverse of `state_dict`."""
        keys = [bytes(key) for key in state["states"]]
        self._table = {key: {} for key in keys}
        names = ("row_state", "row_action", "row_value", "row_count")
        for row, index, value, count in zip(*(state[n].tolist() for n in names), strict=True):
            self._table[keys[row]][index] = (value, count)
        self._pooled = np.array(state["pooled"])
        self._pooled_count = np.array(state["pooled_count"])
        self._rng.bit_generator.state = state["rng"]
        self._interactions = int(state["interactions"])

    def _greedy(self, observation: Observation) -> int:
        """The best of those tried so far."""
        return int(self.values(observation).argmax())

    def _moved(self, value: float, count: int, target: float) -> float:
        step = max(1.0 / (count + 1), self.config.learning_rate)
        return value + step * (target - value)
