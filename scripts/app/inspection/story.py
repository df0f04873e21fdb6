# SPDX-License-Identifier: MIT
"""One request from arrival to end: its stages, its upload, and the requests that delayed it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd

from tandem.agents.inference.options import option_names
from tandem.agents.inference.request_table import COMPONENTS, RequestStatus, ended
from tandem.agents.inference.sites import DEVICE
from tandem.bridge.core.errors import TandemError
from tandem.bridge.runs.reader import Run
from tandem.scripts.app.inspection.stages import stage_times
from tandem.scripts.app.inspection.traffic import (
    Share,
    Traffic,
    cell_of,
    idle_share,
    shares_of,
    traffic_of,
    within,
)

#: A pause counts as waiting, not as contention, if the channel was idle for more than this share.
IDLE_SHARE: Final = 0.5


class StoryError(TandemError):
    """There is no such request, or the run has no requests."""


@dataclass(frozen=True)
class Company:
    """A request that was at the same site at the same time."""

    request_id: int
    user: int
    arrived_s: float
    wait_s: float
    service_s: float


@dataclass(frozen=True)
class Story:
    """Everything about one request.

    Attributes:
        request: its row of the request table.
        option: ``site/variant``.
        slower_than: share of the run's requests that were faster.
        stages: index: component; columns begin_s, time_s, share, median_s (of its site).
        uplink: interval from the first byte written to the last one forwarded; ``None`` at the
            device.
        upload: what the user's radio did in it; ``None`` without frame tables.
        shares: who used the cell's channel in it, most first.
        idle_share: share of it in which no radio sent.
        company: requests at the same site while this one waited there, in order of service.
        observed: what the agent saw of the user at the decision.
    """

    request: pd.Series[float]
    option: str
    slower_than: float
    stages: pd.DataFrame
    uplink: tuple[float, float] | None
    upload: Traffic | None
    shares: list[Share]
    idle_share: float
    company: list[Company]
    observed: dict[str, float]

    @property
    def site(self) -> str:
        """The name of the site that served it."""
        return self.option.partition("/")[0]

    @property
    def longest(self) -> str:
        """The component that took most of the time."""
        return str(self.stages["time_s"].idxmax())


def find_request(run: Run, request_id: int | None, episode: int | None) -> int:
    """Row of a request; of the slowest one if no number is given.

    Raises:
        StoryError: the run has no such request.
    """
    requests = run.requests
    chosen = requests if episode is None else requests[requests["episode"] == episode]
    if not len(chosen):
        where = "no requests" if episode is None else f"no requests in an episode {episode}"
        raise StoryError(f"run {run.name} has {where}")
    if request_id is None:
        slowest = int(chosen["response_time_s"].to_numpy().argmax())
        return int(chosen.index[slowest])
    found = chosen[chosen["request_id"] == request_id]
    if not len(found):
        low, high = chosen["request_id"].min(), chosen["request_id"].max()
        raise StoryError(
            f"run {run.name} has no request {request_id}: its numbers are {low} to {high}; one "
            "that was open when an episode was interrupted is not recorded"
        )
    if len(found) > 1:
        episodes = ", ".join(map(str, found["episode"]))
        raise StoryError(
            f"request {request_id} is in several episodes of run {run.name}: choose one of "
            f"{episodes} with --episode"
        )
    return int(found.index[0])


def story_of(run: Run, row: int) -> Story:
    """The story of the request in that row of the request table."""
    requests = run.requests
    request: pd.Series[float] = requests.loc[[row]].iloc[0]
    same_site = requests[requests["site"] == request["site"]]
    begins = stage_times(requests.loc[[row]]).iloc[0]
    times = request[list(COMPONENTS)].astype(float)
    stages = pd.DataFrame(
        {
            "begin_s": begins[list(COMPONENTS)],
            "time_s": times,
            "share": times / max(float(request["response_time_s"]), 1e-12),
            "median_s": same_site.loc[ended(same_site), list(COMPONENTS)].median(),
        }
    )
    options = option_names(run.meta)
    uplink = None
    if request["site"] != DEVICE:
        uplink = (float(begins["uplink_queue_s"]), float(begins["uplink_backhaul_s"]))
    upload, shares, idle = None, [], float("nan")
    if uplink is not None and len(run.table("airtime")):
        nodes = cell_nodes(run, cell_of(run, request))
        airtime = within(run, request, "airtime", uplink, nodes)
        upload = traffic_of(run, request, uplink, airtime)
        shares = shares_of(run, airtime, uplink)
        idle = idle_share(airtime, *uplink)
    return Story(
        request=request,
        option=options.get(int(request["option"]), str(int(request["option"]))),
        slower_than=float((requests["response_time_s"] < request["response_time_s"]).mean()),
        stages=stages,
        uplink=uplink,
        upload=upload,
        shares=shares,
        idle_share=idle,
        company=_company(run, row),
        observed=_observed(run, request),
    )


def cell_nodes(run: Run, number: int) -> list[int]:
    """Nodes of the topology on a cell's radio channel: its gateway and all stations."""
    cell = run.meta["cells"][number]
    # Runs of before cells told their radio's node had one cell of a kind.
    radio = cell.get("radio", "enb" if cell["kind"] == "lte" else "ap")
    accesses = run.meta.get("user_paths") or [[where] for where in run.meta["user_cells"]]
    mine = {f"user-{user}" for user, cells in enumerate(accesses) if number in cells}
    return [
        index
        for index, node in enumerate(run.meta["topology"]["nodes"])
        if node["name"] in mine
        or node["name"] == radio
        or (node["kind"] == "background" and str(node["name"]).startswith(f"{cell['name']}-back"))
    ]


def _company(run: Run, row: int) -> list[Company]:
    """Requests that were at the site while this one waited for a core."""
    requests = run.requests
    me = requests.loc[[row]].iloc[0]
    if me["site"] == DEVICE or me["site_queue_s"] <= 0:
        return []
    others = requests[
        (requests["episode"] == me["episode"])
        & (requests["site"] == me["site"])
        & (requests.index != row)
        & (requests["status"] == RequestStatus.OK)
    ]
    begins = stage_times(others)
    arrived, left = begins["site_queue_s"], begins["downlink_s"]
    mine = stage_times(requests.loc[[row]]).iloc[0]
    there = (arrived < mine["site_compute_s"]) & (left > mine["site_queue_s"])
    order = begins.loc[there, "site_compute_s"].sort_values().index
    return [
        Company(int(number), int(user), arrived_s, wait_s, service_s)
        for number, user, arrived_s, wait_s, service_s in zip(
            others.loc[order, "request_id"],
            others.loc[order, "user"],
            arrived[order],
            others.loc[order, "site_queue_s"],
            others.loc[order, "site_compute_s"],
            strict=True,
        )
    ]


def _observed(run: Run, request: pd.Series[float]) -> dict[str, float]:
    blocks = run.labels["observation"]
    if "users" not in blocks or not len(run.decisions):
        return {}
    shape, columns = blocks["users"]["shape"], blocks["users"]["columns"]
    decisions = run.decisions
    mine = decisions[
        (decisions["episode"] == request["episode"])
        & (decisions["decision"] == request["decision"])
    ]
    if not len(mine):
        return {}
    values = np.reshape(mine["observation_users"].iloc[0], shape)[int(request["user"])]
    return dict(zip(columns, map(float, values), strict=True))
