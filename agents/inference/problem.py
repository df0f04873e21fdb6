# SPDX-License-Identifier: MIT
"""The decision problem of one epoch, read from what the scenario declares."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tandem.agents.common.errors import PolicyError
from tandem.agents.inference.cost import CostRule, cost_rule_of
from tandem.agents.inference.options import OptionTable
from tandem.agents.inference.paths import Lane
from tandem.agents.inference.sites import DEVICE, Sites
from tandem.bridge.core.schema import Schema


@dataclass(frozen=True)
class JointProblem:
    """One option per user is to be chosen so that the epoch costs least.

    Shapes below: N users, K options, M of them at remote sites, S remote sites, C cells, B joint
    actions.

    Attributes:
        users: N.
        options: nominal costs of the K options.
        rule: what an epoch costs; the environment's reward is its negative.
        timeout_s: response time at which a request is given up.
        user_cells: index of each user's cell, ``[N]``; of a user with several interfaces, that of
            the first one.
        cell_kinds: ``"wifi"`` or ``"lte"`` for each cell.
        user_columns: column index by name in the observation block ``users``; likewise
            ``site_columns`` and ``cell_columns``.
        site_delay_s: one-way delay of the wired path from each cell to each remote site,
            ``[C][S]``; empty if the scenario does not declare it.
        weak_delay_s: extra delay of each packet that a weak user sends.
    """

    users: int
    options: OptionTable
    rule: CostRule
    timeout_s: float
    user_cells: NDArray[np.int32]
    cell_kinds: tuple[str, ...]
    user_columns: Mapping[str, int]
    site_columns: Mapping[str, int]
    cell_columns: Mapping[str, int]
    site_delay_s: tuple[tuple[float, ...], ...] = ()
    weak_delay_s: float = 0.0

    def __post_init__(self) -> None:
        best = float(self.options.top5_percent.max())
        if best < self.rule.least_percent:
            raise PolicyError(
                f"no joint action reaches a mean top-5 accuracy of {self.threshold_percent} %: "
                f"the most accurate option has {best} %; lower the objective's threshold"
            )

    @classmethod
    def from_schema(cls, schema: Schema, objective: object) -> JointProblem:
        """Read the problem from a scenario's schema.

        Raises:
            PolicyError: the scenario serves no inference requests, the objective has no cost rule,
                or no joint action can reach its accuracy threshold.
        """
        meta: Mapping[str, Any] = schema.meta
        options = OptionTable.from_meta(meta)
        return cls(
            users=int(meta["users"]),
            options=options,
            rule=cost_rule_of(objective, meta),
            timeout_s=float(meta["timeout_s"]),
            user_cells=np.array(meta["user_cells"], dtype=np.int32),
            cell_kinds=tuple(str(cell["kind"]) for cell in meta["cells"]),
            user_columns=_columns(schema, "users"),
            site_columns=_columns(schema, "sites"),
            cell_columns=_columns(schema, "cells"),
            site_delay_s=_wired_delays_s(meta, options.sites),
            weak_delay_s=float(meta.get("weak_delay_s", 0.0)),
        )

    @property
    def threshold_percent(self) -> float:
        """Mean top-5 accuracy that a joint action has to reach, percent; 0: none."""
        return self.rule.needed_percent

    @property
    def device_options(self) -> NDArray[np.intp]:
        """Options that run on the user's own device: they load no shared resource."""
        return np.flatnonzero(self.options.site == DEVICE)

    @property
    def network_options(self) -> NDArray[np.intp]:
        """Options that run at a remote site, so that users who take them slow each other."""
        return np.flatnonzero(self.options.site != DEVICE)

    @property
    def split_options(self) -> NDArray[np.intp]:
        """Network options whose first layers run on the user's own device."""
        return np.flatnonzero(self.options.device_service_s > 0.0)

    @property
    def sites(self) -> Sites:
        """The remote sites, in the order of the rows of the observation block ``sites``."""
        return self.options.sites

    @cached_property
    def network_site(self) -> NDArray[np.intp]:
        """Row of the block ``sites`` of each network option, ``[M]``."""
        return self.options.site[self.network_options].astype(np.intp) - 1

    @cached_property
    def allowed(self) -> NDArray[np.bool_]:
        """Which options each user can take, ``[N, K]``."""
        return self.options.allowed(self.users)

    @cached_property
    def lanes(self) -> tuple[Lane, ...]:
        """The network options by the path that they take; one lane where there is no choice."""
        home = self.user_cells.astype(np.intp)
        paths = self.options.paths
        if not paths.names:
            return (Lane(slice(None), home),)
        path = self.options.path[self.network_options]
        lanes = []
        for number, name in enumerate(paths.names):
            cells = paths.cells[:, number].astype(np.intp)
            lanes.append(
                Lane(np.flatnonzero(path == number), np.where(cells < 0, home, cells), f"{name}_")
            )
        return tuple(lanes)

    @cached_property
    def network_cells(self) -> NDArray[np.intp]:
        """The cell that each user's upload to each network option goes through, ``[N, M]``."""
        cells = np.empty((self.users, len(self.network_options)), dtype=np.intp)
        for lane in self.lanes:
            cells[:, lane.options] = lane.cells[:, None]
        return cells

    def path_delay_s(self, cells: NDArray[np.intp]) -> NDArray[np.float64]:
        """One-way delay of the wired path from cells ``[N]`` to each site, ``[N, S]``; 0 where it
        is not known."""
        if not self.site_delay_s:
            return np.zeros((len(cells), len(self.sites.remote)))
        return np.array(self.site_delay_s)[cells]

    def is_accurate(self, actions: NDArray[np.integer]) -> NDArray[np.bool_]:
        """Whether joint actions ``[…, N]`` reach the accuracy threshold, ``[…]``."""
        return self.rule.accurate(self.options.top5_percent[actions])

    def cost_s(
        self, response_s: NDArray[np.float64], actions: NDArray[np.integer]
    ) -> NDArray[np.float64]:
        """Cost (negative reward) of joint actions whose users respond in ``response_s``.

        Args:
            response_s: response time of each user, seconds, ``[…, N]``; one that reaches the
                time-out delivered no answer and counts with an accuracy of 0.
            actions: joint actions, ``[…, N]``.

        Returns:
            Seconds, ``[…]``.
        """
        answered = response_s < self.timeout_s
        return self.rule.cost_s(response_s, self.options.top5_percent[actions] * answered)


def _columns(schema: Schema, name: str) -> Mapping[str, int]:
    try:
        columns = schema.block(name).columns
    except KeyError as error:
        raise PolicyError(f"a planning agent needs the scenario's state: {error.args[0]}") from None
    return {column.name: index for index, column in enumerate(columns)}


def _wired_delays_s(meta: Mapping[str, Any], sites: Sites) -> tuple[tuple[float, ...], ...]:
    """One-way delay from each cell to each site, ``[C][S]``; 0 where no link is declared."""
    links = meta.get("topology", {}).get("links", ())

    def delay_s(cell: Mapping[str, Any], site: str) -> float:
        # Runs of before cells had gateways: any link into the site.
        gateway = cell.get("gateway")
        delays = [
            float(link["delay_s"])
            for link in links
            if link["b"] == site and gateway in (None, link["a"])
        ]
        return min(delays, default=0.0)

    return tuple(tuple(delay_s(cell, site) for site in sites.remote) for cell in meta["cells"])
