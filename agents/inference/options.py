# SPDX-License-Identifier: MIT
"""The option table of an inference scenario, as arrays."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tandem.agents.common.errors import PolicyError
from tandem.agents.inference.paths import NONE, Paths
from tandem.agents.inference.sites import Sites


@dataclass(frozen=True)
class OptionTable:
    """Nominal costs of the K options that each user can choose from; every array is ``[K]``.

    Attributes:
        site: code of a site, see ``sites``.
        variant: names of the DNN variants.
        service_s: one request alone on one worker of its site, seconds, as the simulator uses it
            (the scenario has applied ``deviceServiceScale`` and the like already).
        upload_bytes: request size on the wire, bytes.
        reply_bytes: result size on the wire, bytes.
        top5_percent: accuracy, percent.
        device_service_s: of a split option, time on the user's own device before the upload,
            seconds; 0 for the others. Empty stands for no split option.
        sites: what the codes stand for.
        path: number of the path that each option takes, `NONE` without a choice; empty: all
            without.
        paths: what these numbers stand for, and which users have which.
    """

    site: NDArray[np.int32]
    variant: tuple[str, ...]
    service_s: NDArray[np.float64]
    upload_bytes: NDArray[np.float64]
    reply_bytes: NDArray[np.float64]
    top5_percent: NDArray[np.float64]
    device_service_s: NDArray[np.float64] = field(default_factory=lambda: np.zeros(0))
    sites: Sites = field(default_factory=Sites)
    path: NDArray[np.int32] = field(default_factory=lambda: np.zeros(0, dtype=np.int32))
    paths: Paths = field(default_factory=Paths)

    def __post_init__(self) -> None:
        if not len(self.path):
            object.__setattr__(self, "path", np.full(len(self.site), NONE, dtype=np.int32))
        if not len(self.device_service_s):
            object.__setattr__(self, "device_service_s", np.zeros(len(self.site)))

    @classmethod
    def from_meta(cls, meta: Mapping[str, Any]) -> OptionTable:
        """Read the ``options`` that a scenario publishes in its schema's ``meta``.

        Raises:
            PolicyError: there are none, or a site is unknown.
        """
        rows = list(meta.get("options") or ())
        if not rows:
            raise PolicyError(
                "this scenario publishes no options in its meta, so the fixed policies do not "
                "apply: use one of wifi-edge, lte-edge, hetnet, or your own agent"
            )
        sites = Sites.from_meta(meta)
        labels = {label: code for code, label in enumerate(sites.labels)}
        for row in rows:
            if row["site"] not in labels:
                raise PolicyError(
                    f"option {row['option']} has site {row['site']!r}: one of {', '.join(labels)}"
                )
        site = np.array([labels[row["site"]] for row in rows], dtype=np.int32)
        paths = Paths.from_meta(meta)
        return cls(
            site=site,
            variant=tuple(str(row["variant"]) for row in rows),
            service_s=_column(rows, "service_s"),
            upload_bytes=_column(rows, "upload_bytes"),
            reply_bytes=_column(rows, "reply_bytes"),
            top5_percent=_column(rows, "top5_percent"),
            device_service_s=np.array([float(row.get("device_service_s", 0.0)) for row in rows]),
            sites=sites,
            path=paths.of_options(rows),
            paths=paths,
        )

    def __len__(self) -> int:
        return len(self.site)

    def allowed(self, users: int) -> NDArray[np.bool_]:
        """Which options each user can take: those whose path it has, ``[N, K]``."""
        if not self.paths.names:
            return np.ones((users, len(self)), dtype=np.bool_)
        return self.paths.allowed(self.path)

    def most_accurate_each(self, site: int, users: int) -> NDArray[np.int32]:
        """As `most_accurate`, among the options that each user can take; ``[N]``."""
        best = np.full(users, self.most_accurate(site), dtype=np.int32)
        for path in np.unique(self.path[self.site == site]):
            same = (self.site == site) & (self.path == path)
            option = self._most_accurate(np.flatnonzero(same))
            # The first path that a user has; usually there is no other.
            missing = ~self.allowed(users)[np.arange(users), best]
            best[missing & self.allowed(users)[:, option]] = option
        return best

    def most_accurate(self, site: int) -> int:
        """The option at the site of a code with the best top-5 accuracy; the faster one of equals.

        Raises:
            PolicyError: no option runs at that site.
        """
        at_site = np.flatnonzero(self.site == site)
        if not len(at_site):
            raise PolicyError(f"no option of this scenario runs at the {self.sites.label(site)}")
        return self._most_accurate(at_site)

    def _most_accurate(self, options: NDArray[np.intp]) -> int:
        order = np.lexsort((self.service_s[options], -self.top5_percent[options]))
        return int(options[order[0]])


def option_names(meta: Mapping[str, Any]) -> dict[int, str]:
    """Options of a scenario's ``meta`` as ``site/variant``; with a choice, ``… via path``."""
    names = {}
    for row in meta.get("options") or ():
        path = f" via {row['path']}" if "path" in row else ""
        names[int(row["option"])] = f"{row['site']}/{row['variant']}{path}"
    return names


def _column(rows: list[Mapping[str, Any]], name: str) -> NDArray[np.float64]:
    return np.array([float(row[name]) for row in rows], dtype=np.float64)
