# SPDX-License-Identifier: MIT
"""How drawn scenarios are played: at random, in proportions that differ from episode to episode."""

from __future__ import annotations

from typing import Final

import numpy as np

from tandem.agents.api import JointAction, Observation
from tandem.agents.inference.options import OptionTable
from tandem.agents.inference.sites import DEVICE
from tandem.bridge.core.schema import Schema

#: Share of the device variants, the fastest ones, that some episodes keep to.
FAST_SHARE: Final = 0.5
#: Share of the episodes that do.
FAST_EPISODES: Final = 0.5


class RandomSpread:
    """Each user draws a site, then an option there.

    Shares of the sites are drawn for each episode, so that there are epochs in which nearly
    everybody offloads and epochs in which nearly nobody does. In every other episode devices run
    fast variants only, as trained agents have it.
    """

    name = "random-spread"

    def __init__(self, schema: Schema) -> None:
        table = OptionTable.from_meta(schema.meta)
        self._users = int(schema.meta["users"])
        self._options = [np.flatnonzero(table.site == code) for code in np.unique(table.site)]
        device = np.flatnonzero(table.site == DEVICE)
        fast = device[np.argsort(table.service_s[device])]
        self._fast = fast[: max(round(FAST_SHARE * len(fast)), 1)]
        self.begin_episode(0)

    def begin_episode(self, seed: int) -> None:
        """Draw the shares of an episode."""
        self._rng = np.random.default_rng(seed)
        self._shares = self._rng.dirichlet(np.ones(len(self._options)))
        self._choices = list(self._options)
        if self._rng.random() < FAST_EPISODES:
            self._choices[0] = self._fast

    def act(self, observation: Observation) -> JointAction:
        sites = self._rng.choice(len(self._choices), size=self._users, p=self._shares)
        return np.array([self._rng.choice(self._choices[site]) for site in sites], dtype=np.int32)
