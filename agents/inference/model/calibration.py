# SPDX-License-Identifier: MIT
"""Corrects the base by experience: Bayesian effects on every component of response times.

* Service times, sizes and times on the way are multiplied by factors: sums of effects of the
  option, the site, the cell, the user, and the user in this episode.
* The wait at a site is a sum: the backlog seen there, the other users' jobs, what waits have lately
  been longer than that (load that is not observed), and a constant.

Shapes: N users, V device options, M network options, W of them split, S sites.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from tandem.agents.api import Observation
from tandem.agents.inference.components import DEVICE, DOWNLINK, SERVICE, UPLINK, WAIT
from tandem.agents.inference.model.beliefs import Beliefs
from tandem.agents.inference.model.calibration_config import CalibrationConfig
from tandem.agents.inference.model.effects import Effects
from tandem.agents.inference.model.history import SiteHistory
from tandem.agents.inference.model.layout import EffectLayout
from tandem.agents.inference.model.waits import SiteWaits
from tandem.agents.inference.problem import JointProblem

Array = NDArray[np.float64]

#: Shorter times count as this when their logarithm is taken, seconds.
LEAST_S: Final = 1e-4


@dataclass(frozen=True)
class Outcome:
    """What one decision showed of the users whose requests ended; R of them.

    Attributes:
        user, option: R users and the options that they took (numbers of the option table).
        components_s: their components, ``[R, 5]``.
        upload_bytes: what they sent, ``[R]``.
    """

    user: NDArray[np.intp]
    option: NDArray[np.intp]
    components_s: Array
    upload_bytes: Array


class Calibration:
    """The posterior of all corrections."""

    def __init__(
        self, problem: JointProblem, config: CalibrationConfig, row_width: int = 0
    ) -> None:
        self._problem = problem
        users, device, network = problem.users, problem.device_options, problem.network_options
        self._place = np.zeros(len(problem.options), dtype=np.intp)
        for group in (device, network):
            self._place[group] = np.arange(len(group))
        # What a device does: all of its own options, the first part of split ones.
        split = problem.split_options
        self._device_work = np.concatenate((device, split))
        self._device_place = np.zeros(len(problem.options), dtype=np.intp)
        self._device_place[self._device_work] = np.arange(len(self._device_work))
        self._is_split = np.isin(np.arange(len(problem.options)), split)
        self._is_network = np.isin(np.arange(len(problem.options)), network)
        site = problem.network_site
        self.site: NDArray[np.intp] = site
        self._layouts = {
            "device": EffectLayout.of(
                config.device, _groups(users, len(self._device_work), problem)
            ),
            "service": EffectLayout.of(config.service, _groups(1, len(network), problem, site)),
            "sizes": EffectLayout.of(config.sizes, _groups(1, len(network), problem, site)),
            "uplink": EffectLayout.of(
                config.uplink, _groups(users, len(network), problem, site), row_width
            ),
            "downlink": EffectLayout.of(
                config.downlink, _groups(users, len(network), problem, site)
            ),
        }
        self._effects = {name: Effects(layout.prior) for name, layout in self._layouts.items()}
        self._waits = [SiteWaits(config.wait) for _ in problem.sites.remote]
        self._history = SiteHistory(problem)
        self.tried: NDArray[np.bool_] = np.zeros(len(problem.options), dtype=np.bool_)

    def begin_episode(self) -> None:
        """Forget what held for the last episode only."""
        for effects in self._effects.values():
            effects.begin_episode()
        for waits in self._waits:
            waits.begin_episode()

    def mean(self) -> Beliefs:
        """What is believed on average, in the present episode."""
        factors = {name: effects.mean for name, effects in self._effects.items()}
        return self._beliefs(factors, [waits.wait_of(waits.mean) for waits in self._waits])

    def elsewhere(self, observation: Observation) -> Beliefs:
        """What is believed on average at a state of any episode: nothing of the present one.

        What sites' waits have lately been is read from the users' last requests.
        """
        factors = {
            name: np.where(effects.prior.per_episode, 0.0, effects.mean)
            for name, effects in self._effects.items()
        }
        waits = [
            model.wait_of(model.mean, model.excess_after(*seen))
            for model, seen in zip(self._waits, self._history.waits(observation), strict=True)
        ]
        return self._beliefs(factors, waits)

    def draw(self, rng: np.random.Generator, optimism: float) -> Beliefs:
        """One draw of what may be true.

        Args:
            optimism: an option that nobody has tried is believed to be faster than on average by
                this many standard deviations, or more; 0: as drawn.
        """
        factors = {name: effects.draw(rng) for name, effects in self._effects.items()}
        beliefs = self._beliefs(factors, [waits.wait_of(waits.draw(rng)) for waits in self._waits])
        if optimism > 0.0:
            self._hope(beliefs, optimism)
        return beliefs

    def learn_sizes(self, outcome: Outcome) -> None:
        """Learn how large requests are."""
        place = self._place[outcome.option]
        table = self._problem.options.upload_bytes[outcome.option]
        sent = self._is_network[outcome.option] & (table > 0.0) & (outcome.upload_bytes > 0.0)
        self._learn("sizes", 0, place[sent], np.log(outcome.upload_bytes[sent] / table[sent]))

    def learn(
        self,
        outcome: Outcome,
        backlog_s: Array,
        uplink_s: Array,
        downlink_s: Array,
        waits: Array,
        uplink_rows: Array,
    ) -> bool:
        """Learn from one decision; returns whether the system has changed.

        Args:
            outcome: of the decision.
            backlog_s: work that waited on these users' devices, ``[R]``.
            uplink_s, downlink_s: what the base says for these users, ``[R]``.
            waits: the base's backlog and others' jobs at their sites, seconds, ``[R, 2]``.
            uplink_rows: the base's numbers about these uplinks, ``[R, D]``.
        """
        self.tried[outcome.option] = True
        remote = self._is_network[outcome.option]
        place = self._place[outcome.option]
        seen = outcome.components_s
        table_s = self._problem.options.service_s[outcome.option]
        here = ~remote | self._is_split[outcome.option]
        first_s = self._problem.options.device_service_s[outcome.option]
        device_s = np.where(remote, first_s, table_s)[here]
        device = _ratio(seen[here, DEVICE] - backlog_s[here], device_s)
        changed = self._learn(
            "device", outcome.user[here], self._device_place[outcome.option[here]], device
        )
        service = _ratio(seen[remote, SERVICE], table_s[remote])
        changed |= self._learn("service", 0, place[remote], service)
        user, option = outcome.user[remote], place[remote]
        up = _ratio(seen[remote, UPLINK], uplink_s[remote])
        changed |= self._learn("uplink", user, option, up, uplink_rows[remote])
        down = _ratio(seen[remote, DOWNLINK], downlink_s[remote])
        changed |= self._learn("downlink", user, option, down)
        site = self.site[option] if len(option) else np.zeros(0, dtype=np.intp)
        for index, model in enumerate(self._waits):
            at = site == index
            changed |= model.learn(waits[remote][at], seen[remote, WAIT][at])
        return changed

    def state_dict(self) -> dict[str, Any]:
        """Everything that learning changed."""
        return {
            "effects": {name: effects.state_dict() for name, effects in self._effects.items()},
            "waits": [waits.state_dict() for waits in self._waits],
            "tried": self.tried.copy(),
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """The inverse of `state_dict`, for the same problem and settings."""
        for name, effects in self._effects.items():
            effects.load_state_dict(state["effects"][name])
        for waits, content in zip(self._waits, state["waits"], strict=True):
            waits.load_state_dict(content)
        self.tried = np.array(state["tried"], dtype=np.bool_)

    def _learn(
        self,
        name: str,
        user: NDArray[np.intp] | int,
        place: NDArray[np.intp],
        values: Array,
        numbers: Array | None = None,
    ) -> bool:
        rows = self._layouts[name].rows[user, place]
        if numbers is not None:
            rows = np.concatenate((rows, numbers), axis=1)
        return self._effects[name].learn(rows, values)

    def _beliefs(self, factors: dict[str, Array], waits: list[Array]) -> Beliefs:
        logs, numbers = {}, {}
        for name, layout in self._layouts.items():
            known = layout.rows.shape[-1]
            logs[name] = layout.rows @ factors[name][:known]
            numbers[name] = factors[name][known:]
        coefficients = np.stack(waits, axis=1)[:, self.site]
        return Beliefs(
            device=logs["device"],
            service=logs["service"][0],
            size=logs["sizes"][0],
            uplink=logs["uplink"],
            downlink=logs["downlink"],
            uplink_rows=numbers["uplink"],
            wait=coefficients[:2],
            wait_s=coefficients[2],
        )

    def _hope(self, beliefs: Beliefs, optimism: float) -> None:
        """Make options that nobody has tried look as fast as they may well be."""
        untried = ~self.tried
        for log, name, options in (
            (beliefs.device, "device", self._device_work),
            (beliefs.service[None], "service", self._problem.network_options),
        ):
            layout, effects = self._layouts[name], self._effects[name]
            best = layout.rows @ effects.mean - optimism * np.sqrt(layout.rows @ effects.sd**2)
            new = untried[options]
            log[:, new] = np.minimum(log[:, new], best[:, new])


def _ratio(seen_s: Array, expected_s: Array) -> Array:
    """Logarithm of the ratio of two times."""
    return np.asarray(np.log(np.maximum(seen_s, LEAST_S) / np.maximum(expected_s, LEAST_S)))


def _groups(
    users: int, options: int, problem: JointProblem, site: NDArray[np.intp] | None = None
) -> dict[str, NDArray[np.intp]]:
    """Which effect of each group acts on each pair, ``[N, X]``."""
    shape = (users, options)
    user, option = np.indices(shape)
    # What a device does is of no path.
    cells = problem.user_cells[:, None] if site is None else problem.network_cells
    return {
        "all": np.zeros(shape, dtype=np.intp),
        "option": option,
        "site": np.broadcast_to(np.zeros(options, np.intp) if site is None else site, shape),
        "cell": np.broadcast_to(cells[:users].astype(np.intp), shape),
        "user": user,
        "visit": user,
        "visit_option": user * options + option,
    }
