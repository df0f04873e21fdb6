# SPDX-License-Identifier: MIT
"""Network patterns: which users send to which remote options.

Device variants load nothing that is shared. What users do to each other therefore depends on the
*network pattern* of a joint action only: 0 for a user on its own device, m for one that takes the
m-th group of remote options, counted from 1. A group holds the options that load network and sites
alike; for a model that distinguishes all options it is a single option.

N users, K options, D device options, M remote groups, P patterns.
"""

from __future__ import annotations

import functools
import itertools
import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from tandem.agents.api import JointAction
from tandem.agents.inference.options import OptionTable
from tandem.agents.inference.sites import DEVICE

#: Stands in a pattern for "on the user's own device".
ON_DEVICE: Final = 0

#: A pattern as a key.
Pattern: TypeAlias = tuple[int, ...]
#: Patterns, ``[…, N]``.
Patterns: TypeAlias = NDArray[np.intp]


@dataclass(frozen=True)
class PatternSpace:
    """What a network pattern can hold, and how patterns and joint actions belong together.

    Attributes:
        group: of each option, ``[K]``: `ON_DEVICE`, or the number of its remote group.
        devices: the device options, ``[D]``.
        remote: the option that stands for each remote group: its most accurate one, ``[M]``.
        permitted: which of them each user can take, ``[N, M]``; empty: all.
    """

    group: NDArray[np.intp]
    devices: NDArray[np.intp]
    remote: NDArray[np.intp]
    permitted: NDArray[np.bool_] = field(default_factory=lambda: np.zeros((0, 0), dtype=np.bool_))

    @classmethod
    def distinct(cls, options: OptionTable) -> PatternSpace:
        """Every remote option is a group of its own."""
        return cls._of(options, [[int(option)] for option in _remote(options)])

    @classmethod
    def merged(cls, options: OptionTable) -> PatternSpace:
        """Remote options that load network and site alike are one group."""
        groups: dict[tuple[float, ...], list[int]] = {}
        for option in _remote(options):
            load = (
                float(options.site[option]),
                float(options.path[option]),
                float(options.service_s[option]),
                float(options.upload_bytes[option]),
                float(options.reply_bytes[option]),
                float(options.device_service_s[option]),
            )
            groups.setdefault(load, []).append(int(option))
        return cls._of(options, list(groups.values()))

    @classmethod
    def _of(cls, options: OptionTable, groups: list[list[int]]) -> PatternSpace:
        best = {max(group, key=lambda k: options.top5_percent[k]): group for group in groups}
        of_option = np.full(len(options), ON_DEVICE, dtype=np.intp)
        for number, option in enumerate(sorted(best), start=1):
            of_option[best[option]] = number
        devices = np.flatnonzero(options.site == DEVICE)
        remote = np.array(sorted(best), dtype=np.intp)
        if not options.paths.names:
            return cls(of_option, devices, remote)
        return cls(of_option, devices, remote, options.paths.allowed(options.path)[:, remote])

    @functools.cached_property
    def choices(self) -> tuple[int, ...]:
        """What a pattern can hold for some user, in rising order."""
        first = ON_DEVICE if len(self.devices) else ON_DEVICE + 1
        return tuple(range(first, len(self.remote) + 1))

    def choices_of(self, user: int) -> tuple[int, ...]:
        """What a pattern can hold for one user, in rising order."""
        if not len(self.permitted):
            return self.choices
        mine = self.permitted[user]
        return tuple(c for c in self.choices if c == ON_DEVICE or mine[c - 1])

    def every(self, users: int) -> Iterator[Pattern]:
        """All patterns, in lexicographic order."""
        return itertools.product(*(self.choices_of(user) for user in range(users)))

    def count(self, users: int) -> int:
        """How many patterns there are."""
        return math.prod(len(self.choices_of(user)) for user in range(users))

    def allows(self, patterns: NDArray[np.integer]) -> NDArray[np.bool_]:
        """Whether all users can take what patterns ``[…, N]`` hold for them, ``[…]``."""
        patterns = np.asarray(patterns, dtype=np.intp)
        if not len(self.permitted):
            return np.ones(patterns.shape[:-1], dtype=np.bool_)
        mine = self.permitted[np.arange(patterns.shape[-1]), np.maximum(patterns - 1, 0)]
        return np.asarray(((patterns == ON_DEVICE) | mine).all(axis=-1))

    def of(self, actions: NDArray[np.integer]) -> Patterns:
        """The patterns of joint actions, both ``[…, N]``."""
        return np.asarray(self.group[actions], dtype=np.intp)

    def playable(self, patterns: NDArray[np.integer], device_option: int = 0) -> JointAction:
        """Joint actions of patterns, both ``[…, N]``; ``device_option`` for all on their device."""
        option = np.concatenate(([device_option], self.remote))
        return np.asarray(option[np.asarray(patterns)], dtype=np.int32)

    def moves(self, pattern: NDArray[np.integer]) -> Patterns:
        """Every pattern in which one user chooses otherwise: by user, then by choice."""
        pattern = np.asarray(pattern, dtype=np.intp)
        options = np.tile(self.choices, (len(pattern), 1))
        user, place = np.nonzero(options != pattern[:, None])
        moved = np.repeat(pattern[None], len(user), axis=0)
        moved[np.arange(len(user)), user] = options[user, place]
        return moved[self.allows(moved)] if len(self.permitted) else moved


def exchanged(pattern: NDArray[np.integer], one: int, other: int) -> Patterns:
    """The pattern in which two users have exchanged their choices."""
    swapped = np.array(pattern, dtype=np.intp)
    swapped[[one, other]] = swapped[[other, one]]
    return swapped


def _remote(options: OptionTable) -> NDArray[np.intp]:
    return np.flatnonzero(options.site != DEVICE)
