# SPDX-License-Identifier: MIT
"""Figures of a recorded run, as pure functions over data frames."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from tandem.agents.common.units import BITS_PER_BYTE
from tandem.agents.inference import request_table
from tandem.agents.inference.domain import INFERENCE
from tandem.agents.inference.options import option_names
from tandem.agents.inference.request_table import (
    COMPONENTS,
    ENERGY_COLUMNS,
    RequestStatus,
    answer_accuracy,
    counted,
    ended,
)
from tandem.agents.inference.sites import DEVICE, Sites
from tandem.bridge.runs import folder as run_folder
from tandem.bridge.runs import reader as run_data
from tandem.bridge.runs.reader import Run

PERCENTILES: Final = (50, 95, 99)
#: Of its requests MLPerf's Server scenario wants so many within the bound (Reddi et al., "MLPerf
#: Inference Benchmark", ISCA 2020).
SERVER_SHARE: Final = 0.99
#: Of a run that does not say.
USUAL_SITES: Final = Sites()
#: What `retransmissions` sums up, when the scenario records it.
RETRANSMISSION_COLUMNS: Final = ("tcp_retransmissions", "mac_retransmissions")


def load_run(folder: Path) -> Run:
    """Read a run folder that has requests to analyse.

    Raises:
        RunFolderError: not a run folder, or its request table is missing or incomplete.
    """
    run = run_data.load_run(folder)
    if request_table.TABLE not in run.tables:
        raise run_folder.RunFolderError(
            f"{folder} has no {request_table.TABLE}.parquet (status of the run: "
            f"{run.metadata.get('status')}): its scenario records no requests, or the run was "
            "killed before it could write"
        )
    missing = request_table.missing_columns(run.table(request_table.TABLE).columns)
    if missing:
        raise run_folder.RunFolderError(
            f"{folder}/{request_table.TABLE}.parquet lacks the columns {', '.join(missing)}"
        )
    return run


def has_requests(run: Run) -> bool:
    """Whether the run is of an inference scenario and has its whole request table."""
    return INFERENCE.matches({name: list(table.columns) for name, table in run.tables.items()})


def counted_requests(run: Run) -> pd.DataFrame:
    """The requests of a run that count in statistics of the response time (see `latency`)."""
    return run.requests[counted(run.requests)]


def latency(requests: pd.DataFrame, sites: Sites = USUAL_SITES) -> pd.DataFrame:
    """Response times per site and over all, seconds.

    A request that timed out counts with its time-out. One that was open at the end of its episode
    counts if `tandem.agents.inference.request_table.counted` says so, with the time that it had
    been open.

    Returns:
        Index: site labels in use, then ``all``. Columns: requests (those that ended), timeouts,
        open (not ended when their episode was), mean_s, p50_s, p95_s, p99_s, max_s,
        accuracy_percent (0 for a time-out).
    """
    charged = pd.Series(counted(requests), index=requests.index)
    groups = [
        (label, requests[requests["site"] == site])
        for site, label in enumerate(sites.labels)
        if (requests["site"] == site).any()
    ]
    rows = {
        label: _latency_row(group, group[charged[group.index]])
        for label, group in [*groups, ("all", requests)]
    }
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("site")


def paths(requests: pd.DataFrame, names: Sequence[str]) -> pd.DataFrame:
    """As `latency`, per path; no rows where users have no choice of one.

    Args:
        requests: the request table.
        names: of the paths, as the run's ``paths``.
    """
    if "path" not in requests or not names:
        return pd.DataFrame()
    charged = pd.Series(counted(requests), index=requests.index)
    rows = {}
    for number, name in enumerate(names):
        group = requests[requests["path"] == number]
        if len(group):
            rows[name] = _latency_row(group, group[charged[group.index]])
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("path")


def components(requests: pd.DataFrame, sites: Sites = USUAL_SITES) -> pd.DataFrame:
    """Mean of each component of the response time per site and over all, seconds.

    Of the same requests as in `latency`.

    Returns:
        Index: components, then ``response_time_s`` (their sum). Columns: site labels, ``all``.
    """
    columns = [*COMPONENTS, "response_time_s"]
    requests = requests[counted(requests)]
    table = {
        label: requests.loc[requests["site"] == site, columns].mean()
        for site, label in enumerate(sites.labels)
        if (requests["site"] == site).any()
    }
    table["all"] = requests[columns].mean()
    return pd.DataFrame(table).rename_axis("component")


def within(requests: pd.DataFrame, bound_s: float) -> tuple[float, int]:
    """Share of the requests that were answered within a bound, and of how many that is known.

    A request that timed out or has been open for longer was not; of one that has been open for
    less nothing is known.
    """
    late = np.asarray(requests["response_time_s"] > bound_s)
    known = ended(requests) | late
    answered = np.asarray(requests["status"] == RequestStatus.OK) & ~late
    count = int(known.sum())
    return (float(answered.sum()) / count if count else float("nan")), count


def energy(requests: pd.DataFrame, sites: Sites = USUAL_SITES) -> pd.DataFrame:
    """Mean energy of the requests that ended, per site, over all and per user, joules.

    Returns:
        Index: site labels in use, ``all``, ``user 0``, … Columns: those of `ENERGY_COLUMNS` that
        the scenario records; no rows if there is none of them.
    """
    columns = [name for name in ENERGY_COLUMNS if name in requests]
    if not columns:
        return pd.DataFrame()
    done = requests[ended(requests)]
    rows = {
        label: done.loc[done["site"] == site, columns].mean()
        for site, label in enumerate(sites.labels)
        if (done["site"] == site).any()
    }
    rows["all"] = done[columns].mean()
    for user, group in done.groupby("user"):
        rows[f"user {user}"] = group[columns].mean()
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("site")


def users(requests: pd.DataFrame) -> pd.DataFrame:
    """Figures per user.

    Returns:
        Index: user. Columns: requests, timeouts, open, mean_s, p95_s (these five as in `latency`),
        airtime_s (the user's own radio), offloaded_bytes, goodput_bps (offloaded bytes over the
        time from radio queue to server), and the retransmission counts that the scenario records.
    """
    offloaded = (requests["site"] != DEVICE) & (requests["status"] == RequestStatus.OK)
    uplink_s = requests[["uplink_queue_s", "uplink_air_s", "uplink_backhaul_s"]].sum(axis=1)
    work = pd.DataFrame(
        {
            "user": requests["user"],
            "ended": ended(requests),
            "timeouts": requests["status"] == RequestStatus.TIMEOUT,
            "open": requests["status"] == RequestStatus.OPEN,
            "response_time_s": requests["response_time_s"].where(counted(requests)),
            "airtime_s": requests["uplink_air_s"],
            "offloaded_bytes": requests["upload_bytes"].where(offloaded, 0),
            "uplink_s": uplink_s.where(offloaded, 0.0),
        }
    )
    resent = [name for name in RETRANSMISSION_COLUMNS if name in requests]
    for name in resent:
        work[name] = requests[name]
    groups = work.groupby("user")
    table = pd.DataFrame(
        {
            "requests": groups["ended"].sum(),
            "timeouts": groups["timeouts"].sum(),
            "open": groups["open"].sum(),
            "mean_s": groups["response_time_s"].mean(),
            "p95_s": groups["response_time_s"].quantile(0.95),
            "airtime_s": groups["airtime_s"].sum(),
            "offloaded_bytes": groups["offloaded_bytes"].sum(),
        }
    )
    spent_s = groups["uplink_s"].sum()
    table["goodput_bps"] = (table["offloaded_bytes"] * BITS_PER_BYTE / spent_s).where(
        spent_s > 0.0, 0.0
    )
    for name in resent:
        table[name] = groups[name].sum()
    return table


def jain_index(values: ArrayLike) -> float:
    """Jain's fairness index of non-negative values: 1 when all are equal, 1/n when one has all.

    Returns:
        A number in [1/n, 1]; NaN for no values; 1 when all are 0 (all are equal).

    Raises:
        ValueError: a value is negative or not finite.
    """
    array = np.asarray(values, dtype=np.float64).ravel()
    if array.size == 0:
        return float("nan")
    if not np.isfinite(array).all() or (array < 0.0).any():
        raise ValueError(f"Jain's index needs finite, non-negative values, not {array.tolist()}")
    largest = array.max()
    if largest == 0.0:
        return 1.0
    shares = array / largest
    return float(shares.sum() ** 2 / (array.size * np.square(shares).sum()))


def fairness(requests: pd.DataFrame) -> dict[str, float]:
    """Jain's index over users of mean response time and of uplink goodput (users that offload)."""
    table = users(requests)
    goodput = table["goodput_bps"]
    return {
        "jain_response_time": jain_index(table["mean_s"].dropna()),
        "jain_goodput": jain_index(goodput[goodput > 0.0]),
    }


def decision_mix(requests: pd.DataFrame, labels: Mapping[str, Any] | None = None) -> pd.DataFrame:
    """How often each option was used.

    Args:
        requests: the request table.
        labels: of the run; names options when it has the option table.

    Returns:
        Index: option. Columns: choice, requests, share.
    """
    counts = requests["option"].value_counts().sort_index()
    names = option_names(labels or {})
    return pd.DataFrame(
        {
            "choice": [names.get(int(option), str(option)) for option in counts.index],
            "requests": counts,
            "share": counts / max(int(counts.sum()), 1),
        }
    ).rename_axis("option")


def cell_airtime(run: Run) -> pd.DataFrame:
    """Mean share of time (WiFi) or of uplink resource blocks (LTE) in use, per cell.

    Returns:
        Index: cell name. Columns: mean, max. Empty when the scenario observes no cells.
    """
    block = (run.labels.get("observation") or {}).get("cells")
    column = "observation_cells"
    if block is None or column not in run.decisions or "airtime_fraction" not in block["columns"]:
        return pd.DataFrame(columns=["mean", "max"])
    # The fraction covers the epoch that led to the observation, so a first one covers none.
    played = run.decisions.loc[run.decisions["decision"] > 0, column]
    final = run.episodes.get("final_observation_cells", pd.Series(dtype=object))
    rows = [np.asarray(row) for row in [*played, *final]]
    if not rows:
        return pd.DataFrame(columns=["mean", "max"])
    values = np.stack(rows).reshape(len(rows), *block["shape"])
    fraction = values[:, :, block["columns"].index("airtime_fraction")]
    cells = run.labels.get("cells") or []
    names = [
        str(cells[index].get("name", index)) if index < len(cells) else str(index)
        for index in range(fraction.shape[1])
    ]
    return pd.DataFrame(
        {"mean": fraction.mean(axis=0), "max": fraction.max(axis=0)}, index=names
    ).rename_axis("cell")


def summary(requests: pd.DataFrame) -> dict[str, float | int]:
    """One line per run, for comparisons: response time, accuracy, time-outs, retransmissions."""
    line: dict[str, float | int] = dict(_latency_row(requests, requests[counted(requests)]))
    for name in RETRANSMISSION_COLUMNS:
        if name in requests:
            line[name] = int(requests[name].sum())
    line["airtime_s"] = float(requests["uplink_air_s"].sum())
    line.update(fairness(requests))
    return line


def _latency_row(requests: pd.DataFrame, charged: pd.DataFrame) -> dict[str, float | int]:
    """Counts of all requests, and figures of those that count."""
    response_s = charged["response_time_s"].to_numpy(dtype=np.float64)
    accuracy = answer_accuracy(charged)
    known = response_s.size > 0
    row: dict[str, float | int] = {
        "requests": int(ended(requests).sum()),
        "timeouts": int((requests["status"] == RequestStatus.TIMEOUT).sum()),
        "open": int((requests["status"] == RequestStatus.OPEN).sum()),
        "mean_s": float(response_s.mean()) if known else float("nan"),
    }
    for percent in PERCENTILES:
        row[f"p{percent}_s"] = float(np.percentile(response_s, percent)) if known else float("nan")
    row["max_s"] = float(response_s.max()) if known else float("nan")
    row["accuracy_percent"] = float(accuracy.mean()) if known else float("nan")
    return row
