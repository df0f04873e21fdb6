# SPDX-License-Identifier: MIT
"""The best fixed joint action where there are too many to try them all: found by search.

It is the same search as for a single state, over the mean of several. What it finds is a joint
action that is good in hindsight at these states. A better one may exist.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

import numpy as np

from tandem.agents.api import JointAction
from tandem.agents.evaluation.mean_table import mean_table
from tandem.agents.evaluation.outcome_table import OutcomeTable
from tandem.agents.evaluation.played_evaluation import FoundState
from tandem.agents.evaluation.prober import THE_FUTURE, Advance, Prober
from tandem.agents.evaluation.search import SearchConfig, search
from tandem.agents.evaluation.states import Walk
from tandem.agents.inference.cost import CostRule
from tandem.agents.inference.patterns import Pattern


class StatesProber:
    """Measures network patterns at several states; its table is the mean over them.

    Args:
        walk: over an environment that only this prober uses: it moves from state to state.
        states: at least one.
        futures: as for `Prober`.
        advance: called with the number of branches that have just been run.
    """

    def __init__(
        self,
        walk: Walk,
        states: Sequence[FoundState],
        *,
        futures: Sequence[int] = THE_FUTURE,
        advance: Advance | None = None,
    ) -> None:
        self._walk = walk
        self._histories = [state.history for state in states]
        self._probers: list[Prober] = []
        for history in self._histories:
            walk.go_to(history)
            prober = Prober(walk.env, walk.observation, futures=futures, advance=advance)
            self._probers.append(prober)
        first = self._probers[0]
        self.users, self.space = first.users, first.space
        seen = [prober.observation for prober in self._probers]
        self.observation = {
            name: np.mean([blocks[name] for blocks in seen], axis=0) for name in seen[0]
        }

    @property
    def branches(self) -> int:
        """Branches run so far at each state."""
        return self._probers[0].branches

    def measure(self, patterns: Iterable[Sequence[int]]) -> None:
        """Run those patterns that have not been run, at every state."""
        wanted = list(patterns)
        for history, prober in zip(self._histories, self._probers, strict=True):
            self._walk.go_to(history)
            prober.measure(wanted)

    def measured(self, pattern: Sequence[int]) -> bool:
        """Whether that pattern has been run."""
        return self._probers[0].measured(pattern)

    def table(self) -> OutcomeTable:
        """The mean over the states of what has been measured so far."""
        tables = [prober.table() for prober in self._probers]
        return replace(
            mean_table(tables),
            device_response_s=np.mean([table.device_response_s for table in tables], axis=0),
            device_answered=np.mean([table.device_answered for table in tables], axis=0),
        )


def search_fixed(
    walk: Walk,
    states: Sequence[FoundState],
    rule: CostRule,
    *,
    futures: Sequence[int] = THE_FUTURE,
    config: SearchConfig | None = None,
    advance: Advance | None = None,
) -> JointAction:
    """The best joint action found to play at all of these states, ``[N]``.

    The search also begins with what most states' best joint actions have in common.

    Args:
        walk: over an environment that nobody else moves meanwhile.
        states: where it is played, with the best joint action known at each.
        rule: what an epoch costs.
        futures: over which costs are averaged.
        config: limits, in branches per state; default: as for a single state.
        advance: called with the number of branches that have just been run.
    """
    prober = StatesProber(walk, states, futures=futures, advance=advance)
    best = [prober.space.of(state.solution.best.action) for state in states]
    search(prober, walk.env.schema, rule, config or SearchConfig(), [_most_common(np.array(best))])
    return prober.table().optimum(rule).action


def _most_common(patterns: np.ndarray[tuple[int, int], np.dtype[np.intp]]) -> Pattern:
    """What each user chooses most often in patterns ``[S, N]``."""
    return tuple(int(np.bincount(column).argmax()) for column in patterns.T)
