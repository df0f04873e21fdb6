# SPDX-License-Identifier: MIT
"""Which episodes serve what: ranges of seeds that do not meet.

An agent must not be judged at states that it was trained or tuned on. So each use has a range of
its own, and a state's seed says what it may be used for.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from tandem.bridge.core.reset import SEED_LIMIT


@dataclass(frozen=True, slots=True)
class SeedRange:
    """Seeds of episodes for one use.

    Attributes:
        name: of the use.
        first: the first seed.
        limit: the first seed after them.
    """

    name: str
    first: int
    limit: int

    def __contains__(self, seed: int) -> bool:
        return self.first <= seed < self.limit


#: Evaluations during a run of ``tandem train``, ``demo`` and ``calibrate``.
RUNS: Final = SeedRange("runs", 1_000_000, 1_500_000)
#: States at which ``tandem evaluate`` judges a trained agent.
TRAINED: Final = SeedRange("trained", 1_500_000, 2_000_000)
#: States that judge agents in the experiments of ``tandem reproduce``. Nobody tunes on them.
JUDGING: Final = SeedRange("judging", 2_000_000, 3_000_000)
#: States of the same kind for whoever changes an agent or its settings.
TUNING: Final = SeedRange("tuning", 3_000_000, 4_000_000)
#: Whole episodes that compare agents.
EPISODES: Final = SeedRange("episodes", 5_000_000, 6_000_000)
#: Episodes that agents learn in.
TRAINING: Final = SeedRange("training", 10_000_000, SEED_LIMIT)
