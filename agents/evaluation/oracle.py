# SPDX-License-Identifier: MIT
"""The best joint action of one epoch, found in the simulator itself.

With few users it is *the* optimum: every network pattern is run packet by packet in a forked copy
of the state, and device variants are combined exactly (`tandem.agents.evaluation.outcome_table`).
With many users it is the best that a search found, beside a lower bound on what any joint action
costs.

Both are optima of one epoch: an oracle does not plan for the epochs that follow. Its branches are
evaluation and not counted as an agent's interactions.

An oracle that runs the one future that comes has *hindsight*: of hundreds of joint actions that are
equally good on average it picks the one that the coming backoffs and errors favour. No policy can
know that one. With ``futures=M`` it takes the joint action that is best on average over M other
futures, which share the packet-level state and nothing that is drawn afterwards. With more futures,
less of its lead is luck; with few, it still picks what these few favour
(`tandem.agents.evaluation.futures` judges without that lead).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from tandem.agents.evaluation.cache import OracleCache, SimulationKey
from tandem.agents.evaluation.lower_bound import lower_bound_s
from tandem.agents.evaluation.mean_table import mean_table
from tandem.agents.evaluation.outcome_table import Optimum, OutcomeTable
from tandem.agents.evaluation.prober import (
    THE_FUTURE,
    Advance,
    Charge,
    OracleError,
    Prober,
    response_times_s,
)
from tandem.agents.evaluation.search import SearchConfig, search
from tandem.agents.evaluation.states import Walk
from tandem.agents.inference.cost import (
    ChargedObjective,
    CostRule,
    RuledObjective,
    cost_rule_of,
)
from tandem.agents.inference.options import OptionTable
from tandem.agents.inference.patterns import PatternSpace
from tandem.bridge.core.env import TandemEnv

#: Up to this many network patterns are all run (3^6 = 729); more are searched.
MAX_PATTERNS: Final = 1000
_EXHAUSTIVE: Final = "exhaustive"


@dataclass(frozen=True)
class Solution:
    """What the oracle knows about a state.

    Attributes:
        best: the best joint action known; the optimum if ``exact``.
        exact: whether every joint action was covered.
        lower_bound_s: no joint action costs less; equals ``best.cost_s`` if ``exact``.
        table: what the simulator measured: costs of joint actions without running them again; of
            several futures, their mean.
        futures: the tables whose mean ``table`` is, one per future; only the mean itself for a
            searched state; empty if there is a single table.
    """

    best: Optimum
    exact: bool
    lower_bound_s: float
    table: OutcomeTable
    futures: tuple[OutcomeTable, ...] = ()


def solution_of(
    table: OutcomeTable, rule: CostRule, futures: tuple[OutcomeTable, ...] = ()
) -> Solution:
    """The optimum of a complete table."""
    best = table.optimum(rule)
    return Solution(best, table.is_complete, best.cost_s, table, futures)


class Oracle:
    """Finds the best joint action at the state where a `Walk` stands.

    Args:
        env: an inference scenario with synchronous arrivals.
        objective: whose cost is minimised; default: the environment's.
        cache: where measured states are kept; ``None`` keeps nothing.
        search_config: of the search that replaces exhaustion with many users.
        parallel: branches at the same time; default: one per available core.
        futures: 0: the future that comes, with hindsight; M: the mean over M other ones, numbered
            from 1; several numbers: the mean over these.

    Raises:
        PolicyError: the objective has no cost rule, so the cost of a joint action is not known
            before it is played.
        OracleError: so many users need a search, and the cost rule is not a mean response time
            above a threshold.

    Of an objective that charges for more than time (`ChargedObjective`), the tables hold charges in
    the place of response times.
    """

    def __init__(
        self,
        env: TandemEnv,
        *,
        objective: RuledObjective | ChargedObjective | None = None,
        cache: OracleCache | None = None,
        search_config: SearchConfig | None = None,
        parallel: int | None = None,
        futures: int | Sequence[int] = 0,
    ) -> None:
        self._env = env
        self._cache = cache
        self._search = search_config or SearchConfig()
        self._parallel = parallel
        if isinstance(futures, int):
            futures = range(1, futures + 1) if futures else THE_FUTURE
        self._futures = tuple(futures)
        self._key: tuple[int, SimulationKey] | None = None
        meta = env.schema.meta
        chosen = env.objective if objective is None else objective
        self._charge_s: Charge = response_times_s
        self._charged_by = ""
        if isinstance(chosen, ChargedObjective):
            self.rule, self._charge_s = chosen.charged_rule(meta), chosen.charge_s
            self._charged_by = f", charged by {chosen}"
        else:
            self.rule = cost_rule_of(chosen, meta)
        self.options = OptionTable.from_meta(meta)
        self._patterns = PatternSpace.merged(self.options).count(int(meta["users"]))
        # The lower bound of a searched state knows no other charges than times.
        if not self.is_exhaustive and (self.rule.mean_form is None or self._charged_by):
            raise OracleError(
                f"{meta['users']} users have {self._patterns} network patterns, more than the "
                f"{MAX_PATTERNS} that are run all; a search takes a cost that is a mean response "
                f"time above a threshold, and {chosen!r} is none: use fewer users"
            )

    @property
    def futures(self) -> tuple[int, ...]:
        """The futures over which it takes the mean."""
        return self._futures

    @property
    def is_exhaustive(self) -> bool:
        """Whether all network patterns are run."""
        return self._patterns <= MAX_PATTERNS

    @property
    def branches(self) -> int:
        """Branches that a state takes which is not in the cache; at most, if it is searched."""
        devices = int((self.options.site == 0).sum())
        if self.is_exhaustive:
            return len(self._futures) * (devices + self._patterns)
        return devices + len(self._futures) * self._search.max_branches

    def solve(self, walk: Walk, advance: Advance | None = None) -> Solution:
        """The best joint action here.

        Args:
            walk: at the state; it does not move.
            advance: called with the number of branches that have just been run, after each portion.

        Raises:
            HistoryError: other code has moved the walk's environment.
            OracleError: arrivals are not synchronous.
        """
        futures = self._tables(walk, advance)
        table = mean_table(futures)
        solution = solution_of(table, self.rule, futures)
        if solution.exact or self.rule.mean_form is None:
            return solution
        bound_s = lower_bound_s(table, self._env.schema.meta, self.rule.mean_form)
        return replace(solution, lower_bound_s=min(bound_s, solution.best.cost_s))

    def table(self, walk: Walk, advance: Advance | None = None) -> OutcomeTable:
        """The measurements at this state: complete, or of the patterns that a search looked at."""
        return mean_table(self._tables(walk, advance))

    def _tables(self, walk: Walk, advance: Advance | None) -> tuple[OutcomeTable, ...]:
        """A table per future; for a searched state, one table of means."""
        walk.check()
        return tuple(self._measured(walk, futures, advance) for futures in self._portions())

    def _measured(
        self, walk: Walk, futures: tuple[int, ...], advance: Advance | None
    ) -> OutcomeTable:
        key = self._key_of(walk, futures)
        if self._cache is not None:
            stored = self._cache.get(key, self.options)
            if stored is not None:
                if advance is not None:
                    advance(self.branches * len(futures) // len(self._futures))
                return stored
        prober = Prober(
            self._env,
            walk.observation,
            advance=advance,
            parallel=self._parallel,
            futures=futures,
            charge_s=self._charge_s,
        )
        if self.is_exhaustive:
            prober.measure(prober.space.every(prober.users))
        else:
            search(prober, self._env.schema, self.rule, self._search)
        table = prober.table()
        if self._cache is not None:
            self._cache.put(key, table)
        return table

    def keys(self, walk: Walk) -> tuple[str, ...]:
        """What the cache keeps this state's tables under: one per future, or one of a search."""
        return tuple(self._key_of(walk, futures) for futures in self._portions())

    def _portions(self) -> list[tuple[int, ...]]:
        """Futures that are measured together: a search looks at their mean."""
        return [(future,) for future in self._futures] if self.is_exhaustive else [self._futures]

    def _key_of(self, walk: Walk, futures: tuple[int, ...]) -> str:
        request = _EXHAUSTIVE if self.is_exhaustive else f"{self._search} {self.rule}"
        request += self._charged_by
        if futures != THE_FUTURE:
            request += f", mean over futures {futures}"
        return self._simulation_key().at(walk.history, request)

    def _simulation_key(self) -> SimulationKey:
        # A reset with other arguments replaces the simulator, and so the key.
        pid = self._env.simulator.pid
        if self._key is None or self._key[0] != pid:
            self._key = pid, SimulationKey.of(self._env)
        return self._key[1]
