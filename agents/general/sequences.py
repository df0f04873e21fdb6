# SPDX-License-Identifier: MIT
"""Sequences of actions of any space, and the search for a good one by the cross-entropy method.

A sequence is an array ``[horizon, values]`` of codes. A whole number with few values is a choice:
its code is the number of the value, from 0. Everything else is a share of its range, from 0 to 1.

Cross-entropy method: draw sequences, rate them, draw the next ones as the best were. Rubinstein,
"The cross-entropy method for combinatorial and continuous optimization", Methodology and Computing
in Applied Probability 1, 1999; for planning: Chua et al., "Deep Reinforcement Learning in a Handful
of Trials using Probabilistic Dynamics Models" (PETS), NeurIPS 2018.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

import numpy as np
from gymnasium import spaces
from numpy.typing import NDArray

from tandem.agents.common.action_coding import bounded_parts
from tandem.agents.common.settings import Count, Settings, Share

Array: TypeAlias = NDArray[np.float64]
#: ``[sequences, horizon, values]`` → how good each is, ``[sequences]``.
Rate: TypeAlias = Callable[[Array], Array]
#: A whole number with more values than this is drawn as a share of its range.
MOST_CHOICES: Final = 64
#: Spread of shares at the start: all of the range is likely.
WIDE: Final = 0.5


class CrossEntropyConfig(Settings):
    """How sequences are drawn and kept."""

    rounds: Count = 3
    """Rounds; each draws as the best of the one before were."""
    elite_share: Share = 0.2
    """Share of the sequences of a round that the next one is drawn like."""
    keep: Share = 0.2
    """How much of the earlier distribution stays in the next one."""
    least_chance: Share = 0.02
    """Chance that every choice keeps, and least spread of shares."""


class ActionCodes:
    """The values of one action as codes.

    Args:
        space: of the scenario's actions.

    Raises:
        UnfitActions: it is of another kind than `tandem.agents.common.action_coding` knows, or a
            value has no bounds.
    """

    def __init__(self, space: spaces.Space[Any]) -> None:
        self._parts = bounded_parts(space)
        span = self._parts.high - self._parts.low
        whole = self._parts.whole
        self.size = int(span.size)
        self.is_choice: NDArray[np.bool_] = whole & (span < MOST_CHOICES)
        #: Values of each choice, ``[values]``; 0 for shares.
        self.counts = np.where(self.is_choice, span + 1, 0).astype(np.int64)
        #: Values of each whole number, ``[values]``; 0 for reals.
        self.whole_counts = np.where(whole, span + 1, 0).astype(np.int64)

    @property
    def joint_actions(self) -> float:
        """How many different actions there are; infinite where one value is a share."""
        if not self.is_choice.all():
            return math.inf
        return float(math.prod(int(count) for count in self.counts))

    def every(self) -> Array:
        """All actions, ``[actions, values]``; only where all values are choices."""
        ranges = [range(int(count)) for count in self.counts]
        return np.array(list(itertools.product(*ranges)), np.float64)

    def action(self, codes: Array) -> Any:
        """The scenario's own action for codes ``[values]``."""
        low, high = self._parts.low, self._parts.high
        share = np.clip(codes, 0.0, 1.0)
        reals = np.clip(low + share * (high - low), low, high)
        cut = np.minimum(low + np.floor(share * (high - low + 1.0)), high)
        shares = np.where(self._parts.whole, cut, reals)
        return self._parts.action(np.where(self.is_choice, low + codes, shares))

    def codes(self, action: Any) -> Array:
        """The inverse of `action`, ``[values]``; of whole numbers drawn as shares the middle."""
        values = self._parts.values(action)
        low, high = self._parts.low, self._parts.high
        span = high - low
        cut = (values - low + 0.5) / (span + 1.0)
        reals = (values - low) / np.where(span > 0.0, span, 1.0)
        shares = np.where(self._parts.whole, cut, reals)
        return np.asarray(np.where(self.is_choice, values - low, shares))


@dataclass(frozen=True)
class Proposal:
    """A distribution of sequences, in which all codes are independent; N values, horizon H.

    Attributes:
        chances: of each choice, ``[H, N, most choices]``; zero beyond a value's own choices.
        mean, spread: of the shares' normal distribution, ``[H, N]``.
        is_choice: ``[N]``.
    """

    chances: Array
    mean: Array
    spread: Array
    is_choice: NDArray[np.bool_]

    @classmethod
    def even(
        cls, codes: ActionCodes, horizon: int, allowed: NDArray[np.bool_] | None = None
    ) -> Proposal:
        """All sequences alike.

        Args:
            codes: of the actions.
            horizon: length.
            allowed: which choices the first action may have, those of each whole number one behind
                the other (`tandem.bridge.core.masks.flat_masks`); default: all.
        """
        most = max(1, int(codes.counts.max(initial=0)))
        exists = np.arange(most) < np.maximum(codes.counts, 1)[:, None]
        chances = np.repeat(exists[None].astype(np.float64), horizon, axis=0)
        if allowed is not None:
            begins = np.concatenate([[0], np.cumsum(codes.whole_counts)])
            for value, count in enumerate(codes.counts):
                own = allowed[begins[value] : begins[value] + count]
                if own.any():
                    chances[0, value, :count] = own
        chances /= chances.sum(axis=-1, keepdims=True)
        shape = (horizon, codes.size)
        return cls(chances, np.full(shape, 0.5), np.full(shape, WIDE), codes.is_choice)

    def draw(self, count: int, rng: np.random.Generator) -> Array:
        """Sequences, ``[count, H, N]``."""
        shape = (count, *self.mean.shape)
        edges = np.cumsum(self.chances, axis=-1)
        chosen = (rng.random((*shape, 1)) >= edges / edges[..., -1:]).sum(axis=-1)
        shares = np.clip(self.mean + self.spread * rng.standard_normal(shape), 0.0, 1.0)
        return np.where(self.is_choice, chosen, shares)

    def like(self, best: Array, config: CrossEntropyConfig) -> Proposal:
        """One that draws as the sequences ``best``, ``[E, H, N]``, are.

        What had no chance at all, which is what is not allowed, gets none.
        """
        most = self.chances.shape[-1]
        seen = (best[..., None] == np.arange(most)).mean(axis=0)
        kept = config.keep * self.chances + (1.0 - config.keep) * seen
        chances = np.where(self.chances > 0.0, np.maximum(kept, config.least_chance), 0.0)
        mean = config.keep * self.mean + (1.0 - config.keep) * best.mean(axis=0)
        spread = config.keep * self.spread + (1.0 - config.keep) * best.std(axis=0)
        return Proposal(
            chances / chances.sum(axis=-1, keepdims=True),
            mean,
            np.maximum(spread, config.least_chance),
            self.is_choice,
        )


@dataclass(frozen=True)
class Found:
    """What a search found.

    Attributes:
        sequences: all that were rated, the best first, ``[R, H, N]``.
        values: how good each is, ``[R]``.
    """

    sequences: Array
    values: Array

    @classmethod
    def of(cls, sequences: Array, values: Array) -> Found:
        """Sequences in the order of what they are worth; of equals the first rated leads."""
        order = np.argsort(-values, kind="stable")
        return cls(sequences[order], values[order])

    @property
    def sequence(self) -> Array:
        """The best one, ``[H, N]``."""
        return np.asarray(self.sequences[0])

    @property
    def value(self) -> float:
        """How good that is."""
        return float(self.values[0])

    @property
    def rated(self) -> int:
        """How many sequences were rated."""
        return len(self.values)

    def best(self, count: int) -> Array:
        """The best different ones, at most ``count``, ``[…, H, N]``."""
        _, first = np.unique(self.sequences, axis=0, return_index=True)
        return np.asarray(self.sequences[np.sort(first)[:count]])


def shifted(sequence: Array) -> Array:
    """What is left of a plan after its first action, the last one repeated."""
    return np.concatenate([sequence[1:], sequence[-1:]])


def every_sequence(codes: ActionCodes, horizon: int) -> Array:
    """All sequences, ``[actions ** horizon, horizon, values]``."""
    single = codes.every()
    numbers = itertools.product(range(len(single)), repeat=horizon)
    return single[np.array(list(numbers), np.int64)]


def search(
    rate: Rate,
    codes: ActionCodes,
    horizon: int,
    budget: int,
    rng: np.random.Generator,
    config: CrossEntropyConfig,
    *,
    first: Array | None = None,
    allowed: NDArray[np.bool_] | None = None,
) -> Found:
    """The best sequence that a budget finds.

    All of them are rated where they are no more than the budget. Else, where two thirds of it are
    enough for that, each action is rated as held over the horizon, and the rest of the budget goes
    to the cross-entropy method, which begins at the best of these. Else it begins with all
    sequences alike.

    Args:
        rate: tells how good sequences are; called with a batch per round.
        codes: of the actions.
        horizon: length of the sequences.
        budget: how many may be rated.
        rng: draws.
        config: of the cross-entropy method.
        first: sequences to rate in the first round, ``[F, horizon, values]``, such as the rest of
            the last plan.
        allowed: choices of the first action, as for `Proposal.even`.
    """
    proposal = Proposal.even(codes, horizon, allowed)
    if codes.joint_actions**horizon <= budget:
        every = _possible(every_sequence(codes, horizon), proposal)
        return Found.of(every, rate(every))
    # The rest of a plan may begin with what is not allowed now.
    batch = np.zeros((0, horizon, codes.size)) if first is None else _possible(first, proposal)
    batch = batch[:budget]
    if 3.0 * codes.joint_actions <= 2.0 * budget:
        held = _possible(np.repeat(codes.every()[:, None], horizon, axis=1), proposal)
        batch = np.concatenate([batch, held])[:budget]
    left = budget
    kept, worth = batch[:0], np.zeros(0)
    for turn in range(config.rounds):
        fresh = left // (config.rounds - turn) - (len(batch) if turn == 0 else 0)
        if fresh > 0 or turn > 0:
            drawn = proposal.draw(max(fresh, 0), rng)
            batch = np.concatenate([batch, drawn]) if turn == 0 else drawn
        if not len(batch):
            break
        left -= len(batch)
        kept, worth = np.concatenate([kept, batch]), np.concatenate([worth, rate(batch)])
        elites = max(1, math.ceil(config.elite_share * len(batch)))
        order = np.argsort(-worth, kind="stable")
        proposal = proposal.like(kept[order[:elites]], config)
        batch = batch[:0]
    return Found.of(kept, worth)


def _possible(sequences: Array, proposal: Proposal) -> Array:
    """Those all of whose choices have a chance."""
    numbers = np.where(proposal.is_choice, sequences, 0.0).astype(np.int64)[..., None]
    chances = np.take_along_axis(
        np.broadcast_to(proposal.chances, (*sequences.shape, proposal.chances.shape[-1])),
        numbers,
        axis=-1,
    )[..., 0]
    return sequences[((chances > 0.0) | ~proposal.is_choice).all(axis=(1, 2))]
