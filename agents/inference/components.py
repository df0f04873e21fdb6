# SPDX-License-Identifier: MIT
"""The parts of a response time that learners distinguish, read from finished requests."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from tandem.agents.api import JointAction
from tandem.agents.inference.request_table import ended

#: Components that the prior and the system model predict, and the request columns they sum.
COMPONENT_COLUMNS: Final = {
    "device": ("device_queue_s", "device_compute_s"),
    "uplink": ("uplink_queue_s", "uplink_air_s", "uplink_backhaul_s"),
    "wait": ("site_queue_s",),
    "service": ("site_compute_s",),
    "downlink": ("downlink_s",),
}
COMPONENTS: Final = tuple(COMPONENT_COLUMNS)
DEVICE, UPLINK, WAIT, SERVICE, DOWNLINK = range(len(COMPONENTS))


@dataclass(frozen=True)
class Answers:
    """What became of a joint action of N users.

    Attributes:
        components_s: mean components of each user's requests, seconds, ``[N, 5]``; 0 for a user
            without any.
        answered: whether there was any, ``[N]``.
        upload_bytes: mean size of these requests on the wire, ``[N]``.
    """

    components_s: NDArray[np.float64]
    answered: NDArray[np.bool_]
    upload_bytes: NDArray[np.float64]


def read_answers(action: JointAction, requests: NDArray[np.void]) -> Answers:
    """Sum up each user's requests that ran under the option it chose.

    Requests that an earlier decision sent elsewhere and that end only now teach nothing about
    this one, so they are left out. So are requests that were open when the episode ended: their
    components are not known.

    Args:
        action: the joint action, ``[N]``.
        requests: rows with the columns of `tandem.agents.inference.request_table`.
    """
    users = len(action)
    user = requests["user"]
    valid = (requests["option"] == np.asarray(action)[user]) & ended(requests)
    user = user[valid]
    counts = np.bincount(user, minlength=users)

    def mean_of(*columns: str) -> NDArray[np.float64]:
        sums = [np.bincount(user, requests[column][valid], users) for column in columns]
        return np.asarray(np.sum(sums, axis=0) / np.maximum(counts, 1))

    components_s = [mean_of(*columns) for columns in COMPONENT_COLUMNS.values()]
    return Answers(np.stack(components_s, axis=1), counts > 0, mean_of("upload_bytes"))
