# SPDX-License-Identifier: MIT
"""The parts of a response time that learners distinguish, read from finished requests."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from tandem.agents.api import JointAction
from tandem.agents.inference.request_table import ended

#: Components that the prior and the system model predict, and the request columns they sum.
COMPONENT_COLUMNS: Final = {
    "device": ("device_queue_s", "device_compute_s"),
    "uplink": ("uplink_queue_s", "uplink_air_s", "uplink_backhaul_s"),
    "site": ("site_queue_s", "site_compute_s"),
    "downlink": ("downlink_s",),
}
COMPONENTS: Final = tuple(COMPONENT_COLUMNS)
DEVICE, UPLINK, SITE, DOWNLINK = range(len(COMPONENTS))


def read_components(
    action: JointAction, requests: NDArray[np.void]
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Mean components of each user's requests that ran under the option it chose.

    Requests that an earlier decision sent elsewhere and that end only now teach nothing about
    this one, so they are left out. So are requests that were open when the episode ended: their
    components are not known.

    Args:
        action: the joint action, ``[N]``.
        requests: rows with the columns of `tandem.agents.inference.request_table`.

    Returns:
        Seconds ``[N, 4]`` and whether there was any such request ``[N]``.
    """
    users = len(action)
    sums = np.zeros((users, len(COMPONENTS)))
    user = requests["user"]
    valid = (requests["option"] == np.asarray(action)[user]) & ended(requests)
    user = user[valid]
    counts = np.bincount(user, minlength=users)
    for index, columns in enumerate(COMPONENT_COLUMNS.values()):
        for column in columns:
            sums[:, index] += np.bincount(user, requests[column][valid], users)
    return sums / np.maximum(counts, 1)[:, None], counts > 0
