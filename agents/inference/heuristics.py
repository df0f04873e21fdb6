# SPDX-License-Identifier: MIT
"""Policies that do not learn: the yardsticks of every comparison."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

import numpy as np
from gymnasium import spaces
from numpy.typing import NDArray

from tandem.agents.api import Agent, JointAction, Observation
from tandem.agents.common.errors import PolicyError
from tandem.agents.common.units import BITS_PER_BYTE
from tandem.agents.inference.options import OptionTable
from tandem.agents.inference.sites import DEVICE, DEVICE_LABEL, Sites
from tandem.bridge.core.masks import sample_mask
from tandem.bridge.core.schema import Schema

#: Mean top-5 accuracy that the greedy policy keeps when none is given, percent.
DEFAULT_ACCURACY_PERCENT: Final = 85.0


class FixedPolicy:
    """Every user plays the same option at every decision: ``option``, or its own of ``[N]``."""

    def __init__(self, name: str, users: int, option: int | NDArray[np.int32]) -> None:
        self.name = name
        self._action = np.full(users, option, dtype=np.int32)

    def begin_episode(self, seed: int) -> None:
        """Nothing to prepare."""

    def act(self, observation: Observation) -> JointAction:
        return self._action.copy()


class RandomPolicy:
    """Draws joint actions uniformly; the draws follow from the episode's seed alone.

    The only policy that fits any scenario, whatever its actions mean.
    """

    name = "random"

    def __init__(self, space: spaces.Space[Any]) -> None:
        self._space = space

    def begin_episode(self, seed: int) -> None:
        """Restart the draws."""
        self._space.seed(seed)

    def act(self, observation: Observation) -> JointAction:
        action: JointAction = self._space.sample()
        return action


class AllowedRandomPolicy:
    """Draws among what the masks allow; the draws follow from the episode's seed alone."""

    name = "random"

    def __init__(self, schema: Schema) -> None:
        self._schema = schema
        self._space: spaces.Space[Any] = schema.action_space()

    def begin_episode(self, seed: int) -> None:
        """Restart the draws."""
        self._space.seed(seed)

    def act(self, observation: Observation) -> Any:
        """An allowed action."""
        return self._space.sample(mask=sample_mask(self._schema, observation))


def random_policy(schema: Schema) -> Agent:
    """Uniform draws among all actions, or among those that the scenario's masks allow."""
    return AllowedRandomPolicy(schema) if schema.masks else RandomPolicy(schema.action_space())


class GreedyPolicy:
    """Each user takes its nominally fastest option that meets the accuracy threshold.

    Nominal time = service time of the profile + connection round trip + upload at the radio rate
    that the user observes now. Whatever users do to each other (contention, queues) is ignored;
    that is what makes it the yardstick for learning.
    """

    name = "greedy"

    def __init__(
        self, table: OptionTable, columns: Mapping[str, int], accuracy_percent: float
    ) -> None:
        """``columns`` maps names of the ``users`` observation block to column indices.

        Raises:
            PolicyError: no option is accurate enough, or the block lacks a column.
        """
        self._ways = _ways(table)
        needed = [name for way in self._ways for name in (way.rate, *way.rtts)]
        missing = [name for name in needed if name not in columns]
        if missing:
            raise PolicyError(f"the observation block 'users' lacks {', '.join(missing)}")
        self._accurate = table.top5_percent >= accuracy_percent
        if not self._accurate.any():
            raise PolicyError(
                f"no option reaches a top-5 accuracy of {accuracy_percent} %: the best has "
                f"{table.top5_percent.max()} %"
            )
        self._table = table
        self._columns = dict(columns)

    def begin_episode(self, seed: int) -> None:
        """Nothing to prepare."""

    def act(self, observation: Observation) -> JointAction:
        users = observation["users"]
        possible = self._accurate & self._table.allowed(len(users))
        times_s = np.where(possible, self.nominal_s(users), np.inf)
        best: JointAction = times_s.argmin(axis=1).astype(np.int32)
        return best

    def nominal_s(self, users: NDArray[np.float64]) -> NDArray[np.float64]:
        """Nominal response time, seconds, shape ``[users, options]``.

        Args:
            users: the ``users`` observation block, shape ``[users, columns]``.
        """
        table = self._table
        bits = (table.upload_bytes + table.reply_bytes) * BITS_PER_BYTE
        rate_bps = np.ones((len(users), len(table)))
        round_trip_s = np.zeros((len(users), len(table)))
        for way in self._ways:
            # A rate of 0 (nothing sent yet) means "unknown"; the option then looks slow, not free.
            observed_bps = np.maximum(users[:, self._columns[way.rate], None], 1.0)
            rate_bps[:, way.options] = observed_bps
            for code, rtt in enumerate(way.rtts, start=1):
                there = way.options & (table.site == code)
                round_trip_s[:, there] = users[:, self._columns[rtt], None]
        transfer_s = np.where(table.site == DEVICE, 0.0, bits / rate_bps)
        return table.device_service_s + table.service_s + round_trip_s + transfer_s


@dataclass(frozen=True)
class _Way:
    """The remote options of one path, and the columns of a user that tell about it."""

    options: NDArray[np.bool_]
    rate: str
    rtts: tuple[str, ...]


def _ways(table: OptionTable) -> tuple[_Way, ...]:
    """A way per path; one of all options where there is no choice."""

    def way(options: NDArray[np.bool_], prefix: str) -> _Way:
        rtts = tuple(f"{prefix}{rtt_column(site)}" for site in table.sites.remote)
        return _Way(options, f"{prefix}rate_bps", rtts)

    paths = table.paths.names
    if not paths:
        return (way(np.ones(len(table), dtype=np.bool_), ""),)
    return tuple(way(table.path == number, f"{name}_") for number, name in enumerate(paths))


class NearestSitePolicy:
    """Every user takes the most accurate option at the site, out of some, with the least delay."""

    def __init__(
        self, name: str, columns: Mapping[str, int], options: Mapping[str, NDArray[np.int32]]
    ) -> None:
        """``options`` has each user's option ``[N]`` per site name; ``columns`` as in
        `GreedyPolicy`."""
        self.name = name
        self._columns = [columns[rtt_column(site)] for site in options]
        self._options = np.stack(list(options.values()), axis=1)

    def begin_episode(self, seed: int) -> None:
        """Nothing to prepare."""

    def act(self, observation: Observation) -> JointAction:
        nearest = observation["users"][:, self._columns].argmin(axis=1)
        return np.asarray(self._options[np.arange(len(nearest)), nearest], dtype=np.int32)


def rtt_column(site: str) -> str:
    """The column of the block ``users`` with TCP's round-trip time to a site."""
    return f"{site}_rtt_s"


PolicyMaker: TypeAlias = Callable[[Schema], Agent]


def _fixed(schema: Schema, label: str) -> Agent:
    table = OptionTable.from_meta(schema.meta)
    users = int(np.prod(schema.action.shape))
    options = table.most_accurate_each(table.sites.labels.index(label), users)
    return FixedPolicy(label, users, options)


def _at_kind(kind: str) -> PolicyMaker:
    def make(schema: Schema) -> Agent:
        table = OptionTable.from_meta(schema.meta)
        sites = [
            str(site["name"])
            for site in schema.meta.get("sites") or ()
            if site.get("kind", site["name"]) == kind
        ]
        if len(sites) <= 1:
            return _fixed(schema, sites[0] if sites else kind)
        users = int(np.prod(schema.action.shape))
        options = {
            site: table.most_accurate_each(table.sites.labels.index(site), users) for site in sites
        }
        return NearestSitePolicy(kind, user_columns(schema), options)

    return make


def _greedy(schema: Schema) -> Agent:
    table = OptionTable.from_meta(schema.meta)
    return GreedyPolicy(table, user_columns(schema), DEFAULT_ACCURACY_PERCENT)


#: Policies of every scenario of requests by the name that the command line uses. `make_policy` also
#: takes the name of any site.
POLICIES: Final[Mapping[str, PolicyMaker]] = {
    DEVICE_LABEL: lambda schema: _fixed(schema, DEVICE_LABEL),
    "edge": _at_kind("edge"),
    "cloud": _at_kind("cloud"),
    "random": random_policy,
    "greedy": _greedy,
}


def make_policy(name: str, schema: Schema) -> Agent:
    """The policy called ``name`` for the scenario that published ``schema``.

    Raises:
        PolicyError: unknown name, or a scenario without what the policy needs.
    """
    if name in POLICIES:
        return POLICIES[name](schema)
    known = policy_names(schema)
    if name not in known:
        raise PolicyError(f"policy {name!r} is unknown: one of {', '.join(known)}")
    return _fixed(schema, name)


def policy_names(schema: Schema) -> list[str]:
    """What `make_policy` takes for a scenario of requests: `POLICIES` and its sites."""
    return list(dict.fromkeys((*POLICIES, *Sites.from_meta(schema.meta).labels)))


def user_columns(schema: Schema) -> dict[str, int]:
    """Column index by name in the observation block ``users``.

    Raises:
        PolicyError: the scenario has no such block.
    """
    try:
        columns = schema.block("users").columns
    except KeyError as error:
        raise PolicyError(f"the greedy policy needs the users' state: {error.args[0]}") from None
    return {column.name: index for index, column in enumerate(columns)}
