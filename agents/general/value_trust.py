# SPDX-License-Identifier: MIT
"""How far plans trust the values of the model-free half: as far as these foretold what came.

Values can say well which states are good and yet not which action leads to good ones; a plan that
ends with them then goes astray. So in some episodes of training, drawn by chance, plans trust them
in full. Before each fit they are asked about the decisions of these that neither they nor the model
have learned from: how much better a state than other actions did the played one promise? A
regression of the rewards of the next decisions on that (least squares, older fits counting less)
says what such a promise is worth. Its coefficient, less a standard error, is the share of the
values that counts in all other plans: 0 where they foretell nothing.

What came is of plans that follow the values, as it has to be: what a state is worth to those who
know how to go on from there would not show in the rewards of others.

A decision counts whose episode goes on for as long as is compared. In shorter episodes none does,
and plans do without values.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from tandem.agents.general.hybrid_config import TrustConfig
from tandem.agents.general.model.world_model import Array, WorldModel
from tandem.agents.general.sequences import ActionCodes, Proposal

if TYPE_CHECKING:
    from tandem.agents.general.model_free import ModelFreeHalf

#: Of the regression: a constant, how good the state is, what the action promises beyond that.
COLUMNS: Final = 3
#: Keeps the draws of the other actions apart from all others.
STREAM: Final = 17


class PromiseRegression:
    """What promises were worth: least squares whose older rows count less.

    Args:
        least: rows that must count before anything is said.
    """

    def __init__(self, least: float) -> None:
        self._least = least
        self._rows = 0.0
        self._squares = np.zeros((COLUMNS, COLUMNS))
        self._products = np.zeros(COLUMNS)
        self._met = 0.0

    def fade(self, share: float) -> None:
        """Let what was added so far count only so much from now on."""
        self._rows *= share
        self._squares *= share
        self._products *= share
        self._met *= share

    def add(self, state: Array, promise: Array, met: Array) -> None:
        """Add R decisions.

        Args:
            state: how good their states were, ``[R]``.
            promise: what the actions promised beyond that, ``[R]``.
            met: what came, ``[R]``.
        """
        rows = np.column_stack((np.ones(len(met)), state, promise))
        self._rows += len(met)
        self._squares += rows.T @ rows
        self._products += rows.T @ met
        self._met += float(met @ met)

    @property
    def worth(self) -> tuple[float, float]:
        """The promise's coefficient and its standard error; NaN while too little is known."""
        if self._rows < max(self._least, COLUMNS + 1):
            return float("nan"), float("nan")
        try:
            inverse = np.linalg.inv(self._squares)
        except np.linalg.LinAlgError:
            return float("nan"), float("nan")
        coefficients = inverse @ self._products
        unexplained = max(self._met - float(coefficients @ self._products), 0.0)
        variance = unexplained / (self._rows - COLUMNS) * inverse[-1, -1]
        return float(coefficients[-1]), float(np.sqrt(max(variance, 0.0)))

    def state_dict(self) -> dict[str, Any]:
        """Everything that changes."""
        return {
            "rows": self._rows,
            "squares": self._squares.copy(),
            "products": self._products.copy(),
            "met": self._met,
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """The inverse of `state_dict`."""
        self._rows = float(state["rows"])
        self._squares = np.array(state["squares"])
        self._products = np.array(state["products"])
        self._met = float(state["met"])


class ValueTrust:
    """See the module.

    Args:
        world: whose memory has the decisions.
        half: whose values are trusted or not.
        codes: of the actions.
        config: settings.
        discount: per decision.
        seed: decides its draws.
    """

    def __init__(
        self,
        world: WorldModel,
        half: ModelFreeHalf,
        codes: ActionCodes,
        config: TrustConfig,
        discount: float,
        seed: int,
    ) -> None:
        self._world = world
        self._half = half
        self._codes = codes
        self._config = config
        self._discounts = discount ** np.arange(config.decisions)
        self._rng = np.random.default_rng([seed, STREAM])
        self._regression = PromiseRegression(config.least)
        #: Of the latest decisions, whether their plans trusted values in full.
        self._tested: list[bool] = []
        self._tests = False

    def begin_episode(self) -> None:
        """Draw whether plans trust values in full for the sake of knowing."""
        self._tests = bool(self._rng.random() < self._config.tested_share)

    def end_decision(self) -> None:
        """Remember how the decision was planned that goes into memory."""
        self._tested.append(self._tests)

    @property
    def share_now(self) -> float:
        """What counts in the plans of this episode of training."""
        return 1.0 if self._tests else self.share

    @property
    def share(self) -> float:
        """Of the values that counts in plans, from 0 to 1."""
        worth, error = self._regression.worth
        least = worth - self._config.caution * error
        return 0.0 if np.isnan(worth) else float(np.clip(least, 0.0, 1.0))

    def measure(self, fresh: int) -> None:
        """Compare promises with what came, in the last ``fresh`` transitions in memory."""
        self._regression.fade(self._config.remember)
        columns = {name: values[-fresh:] for name, values in self._world.memory.columns.items()}
        tested = np.array(self._tested[-fresh:], dtype=np.bool_)
        self._tested.clear()
        starts = self._whole(columns["begins"])
        starts = starts[tested[starts]]
        if not len(starts):
            return
        state, promise = self._promises(columns["state"][starts], columns["codes"][starts])
        rewards = self._world.standardised_reward(columns["reward"])
        after = starts[:, None] + 1 + np.arange(self._config.decisions)
        self._regression.add(state, promise, rewards[after] @ self._discounts)

    def _whole(self, begins: NDArray[Any]) -> NDArray[np.intp]:
        """Decisions that so many others of their episode follow."""
        episode = np.cumsum(begins)
        last = np.arange(len(episode) - self._config.decisions)
        return np.flatnonzero(episode[last] == episode[last + self._config.decisions])

    def _promises(self, states: Array, codes: Array) -> tuple[Array, Array]:
        """Mean value after other actions, and by how much that after the action is higher."""
        proposal = Proposal.even(self._codes, 1)
        count = self._config.others
        others = proposal.draw(len(codes) * count, self._rng)[:, 0]
        tried = np.concatenate([codes[:, None], others.reshape(len(codes), count, -1)], axis=1)
        begun = self._world.standardised(np.repeat(states, 1 + count, axis=0))
        ends, _, _ = self._world.predict(self._world.spread(begun), tried.reshape(len(begun), -1))
        values = np.asarray(self._half.value(ends).mean(0).double()).reshape(len(codes), 1 + count)
        usual = values[:, 1:].mean(axis=1)
        return usual, values[:, 0] - usual

    def state_dict(self) -> dict[str, Any]:
        """Everything that changes."""
        return {
            "rng": self._rng.bit_generator.state,
            "regression": self._regression.state_dict(),
            "tested": list(self._tested),
            "tests": self._tests,
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """The inverse of `state_dict`."""
        self._rng.bit_generator.state = state["rng"]
        self._regression.load_state_dict(state["regression"])
        self._tested = [bool(tested) for tested in state["tested"]]
        self._tests = bool(state["tests"])
