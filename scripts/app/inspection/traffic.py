# SPDX-License-Identifier: MIT
"""What the radio channel carried while a request was sent."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

import numpy as np
import pandas as pd

from tandem.bridge.runs.reader import Run

#: Only pauses of the sender's radio that are longer than this are reported.
LONG_PAUSE_S: Final = 0.1


MODULUS: Final = 2**32

#: What the node is called that users of a kind of cell send to.
RADIOS: Final = MappingProxyType({"wifi": "ap", "lte": "enb"})


@dataclass(frozen=True)
class Traffic:
    """Frames of one direction in an interval.

    Attributes:
        transmissions: PPDUs or subframes that carried them.
        frames: MPDUs or transport blocks, each sending counted.
        retries: those of them that had been sent before.
        segments: different TCP segments with data (0 for LTE, whose blocks hide them).
        tcp_resent: times that TCP gave a segment to the MAC again.
        payload_bytes: different TCP payload bytes.
        airtime_s: of the sender's own radio, control frames included.
        overlapped: transmissions during which another radio of the same cell also sent.
        losses: reason → how often, from both ends.
        pauses: (begin, end, share of it in which no radio sent), longest first.
    """

    transmissions: int
    frames: int
    retries: int
    segments: int
    tcp_resent: int
    payload_bytes: int
    airtime_s: float
    overlapped: int
    losses: dict[str, int]
    pauses: list[tuple[float, float, float]]


@dataclass(frozen=True)
class Share:
    """What one sender used of the channel."""

    sender: str
    transmissions: int
    airtime_s: float


def node_name(run: Run, node: int) -> str:
    """A node's name for people."""
    return str(run.meta["topology"]["nodes"][node]["name"]).replace("-", " ")


def idle_share(airtime: pd.DataFrame, begin_s: float, end_s: float) -> float:
    """Share of an interval that no transmission covers."""
    if end_s <= begin_s:
        return float("nan")
    start = np.clip(airtime["start_s"].to_numpy(), begin_s, end_s)
    stop = np.clip((airtime["start_s"] + airtime["duration_s"]).to_numpy(), begin_s, end_s)
    order = np.argsort(start, kind="stable")
    start, stop = start[order], stop[order]
    reached = np.maximum.accumulate(np.concatenate(([begin_s], stop)))[:-1]
    covered = np.maximum(stop - np.maximum(start, reached), 0.0).sum()
    return float(1.0 - covered / (end_s - begin_s))


def within(
    run: Run,
    request: pd.Series[float],
    table: str,
    interval: tuple[float, float],
    nodes: list[int],
) -> pd.DataFrame:
    """Rows of the request's episode that begin in an interval, sent by one of the nodes; not what
    users with two interfaces send over the other one."""
    rows = run.table(table)
    time = rows["time_s" if table == "losses" else "start_s"]
    chosen = (rows["episode"] == request["episode"]) & time.between(*interval)
    mine = RADIOS.get(str(run.meta["cells"][cell_of(run, request)]["kind"]))
    others = [
        number
        for number, node in enumerate(run.meta["topology"]["nodes"])
        if node["kind"] in RADIOS.values() and node["kind"] != mine
    ]
    return rows[chosen & rows["sender"].isin(nodes) & ~rows["receiver"].isin(others)]


def cell_of(run: Run, request: pd.Series[float]) -> int:
    """Number of the cell that a request went through."""
    home = run.meta["user_cells"][int(request["user"])]
    return int(request.get("path_cell", home))


def traffic_of(
    run: Run, request: pd.Series[float], uplink: tuple[float, float], airtime: pd.DataFrame
) -> Traffic:
    user = int(request["user"])
    nodes = run.meta["topology"]["nodes"]
    (me,) = (k for k, node in enumerate(nodes) if node["name"] == f"user-{user}")
    frames = within(run, request, "frames", uplink, [me])
    losses = within(run, request, "losses", uplink, [me])
    own = airtime[airtime["sender"] == me]
    carriers = own[own["transmission"].isin(frames["transmission"])]
    data = frames[frames["tcp_payload_bytes"] > 0]
    begin = data["tcp_sequence"].to_numpy()
    segments = data.drop_duplicates("tcp_sequence")
    fresh = data[data["retry"] == 0]
    reasons = losses["reason"].map(lambda code: run.meta["loss_reasons"][code]).value_counts()
    return Traffic(
        transmissions=len(carriers),
        frames=len(frames),
        retries=int(frames["retry"].sum()),
        segments=len(segments),
        tcp_resent=len(fresh) - fresh["tcp_sequence"].nunique(),
        payload_bytes=_union_bytes(begin, data["tcp_payload_bytes"].to_numpy()),
        airtime_s=float(own["duration_s"].sum()),
        overlapped=_overlapped(carriers, airtime[airtime["sender"] != me]),
        losses={str(reason): int(count) for reason, count in reasons.items()},
        pauses=_pauses(carriers, airtime, uplink),
    )


def _union_bytes(begin: np.ndarray, size: np.ndarray) -> int:
    """Different bytes in pieces of a TCP stream, whose numbers wrap."""
    if not len(begin):
        return 0
    # Within one upload no two numbers are further apart than half of the range.
    half = MODULUS // 2
    place = (begin - begin[0] + half) % MODULUS
    order = np.argsort(place, kind="stable")
    total = reached = 0
    for at, count in zip(place[order].tolist(), size[order].tolist(), strict=True):
        total += max(0, at + count - max(at, reached))
        reached = max(reached, at + count)
    return int(total)


def _overlapped(own: pd.DataFrame, others: pd.DataFrame) -> int:
    """How many of the user's transmissions overlap with another one."""
    begin = np.sort(others["start_s"].to_numpy())
    end = np.sort((others["start_s"] + others["duration_s"]).to_numpy())
    own_end = (own["start_s"] + own["duration_s"]).to_numpy()
    started = np.searchsorted(begin, own_end, side="left")
    ended = np.searchsorted(end, own["start_s"].to_numpy(), side="right")
    return int((started > ended).sum())


def _pauses(
    carriers: pd.DataFrame, airtime: pd.DataFrame, uplink: tuple[float, float]
) -> list[tuple[float, float, float]]:
    """Intervals of the uplink in which the user sent no data for long."""
    begins = np.append(carriers["start_s"].to_numpy(), uplink[1])
    ends = np.insert((carriers["start_s"] + carriers["duration_s"]).to_numpy(), 0, uplink[0])
    found = [
        (float(end), float(begin), idle_share(airtime, float(end), float(begin)))
        for end, begin in zip(ends, begins, strict=True)
        if begin - end > LONG_PAUSE_S
    ]
    return sorted(found, key=lambda pause: pause[0] - pause[1])


def shares_of(run: Run, airtime: pd.DataFrame, uplink: tuple[float, float]) -> list[Share]:
    clipped = np.minimum(airtime["duration_s"], uplink[1] - airtime["start_s"])
    shares = [
        Share(node_name(run, int(node)), len(group), float(clipped[group.index].sum()))
        for node, group in airtime.groupby(airtime["sender"].astype(int))
    ]
    return sorted(shares, key=lambda share: -share.airtime_s)
