# SPDX-License-Identifier: MIT
"""Every figure of a recorded run, as values and as tables in the terminal."""

from __future__ import annotations

from typing import Any, Final

import pandas as pd
from rich.console import Console

from tandem.agents.inference.request_table import RequestStatus
from tandem.agents.inference.sites import Sites
from tandem.bridge.runs.reader import Run
from tandem.scripts.app.inspection import columns, general, measures
from tandem.scripts.app.tables import (
    cell_text,
    print_table,
)

SHORT_HEADINGS: Final = {"tcp_retransmissions": "TCP resent", "mac_retransmissions": "MAC resent"}


def all_figures(run: Run) -> dict[str, Any]:
    """Every figure of one run, as plain values."""
    if not measures.has_requests(run):
        return general.figures(run)
    requests, sites = run.requests, Sites.from_meta(run.meta)
    return {
        "run": run.name,
        "scenario": run.metadata.get("scenario"),
        "status": run.metadata.get("status"),
        "config_sha256": run.metadata.get("config_sha256"),
        "summary": measures.summary(requests),
        "rewards": rewards(run),
        "latency": measures.latency(requests, sites).to_dict(orient="index"),
        "paths": measures.paths(requests, run.labels.get("paths") or ()).to_dict(orient="index"),
        "components": measures.components(requests, sites).to_dict(),
        "energy": measures.energy(requests, sites).to_dict(orient="index"),
        "users": measures.users(requests).to_dict(orient="index"),
        "cells": measures.cell_airtime(run).to_dict(orient="index"),
        "decision_mix": measures.decision_mix(requests, run.labels).to_dict(orient="records"),
    }


def comparison(runs: list[Run]) -> pd.DataFrame:
    """One line per run."""
    lines = {run.name: one_line(run) for run in runs}
    return pd.DataFrame.from_dict(lines, orient="index").rename_axis("run")


def one_line(run: Run) -> dict[str, float | int]:
    """A run in one line."""
    return measures.summary(run.requests) if measures.has_requests(run) else columns.outline(run)


def rewards(run: Run) -> dict[str, float | int]:
    """Mean reward of a decision and mean return of an episode."""
    outline = columns.outline(run)
    return {name: outline[name] for name in ("reward_mean", "return_mean")}


def server_rule(run: Run, bound_s: float) -> str:
    """Whether a run keeps a bound on response times as MLPerf's Server scenario asks, in words."""
    if not measures.has_requests(run):
        return "no requests: the latency bound says nothing about this run"
    share, known = measures.within(run.requests, bound_s)
    kept = "kept" if known and share >= measures.SERVER_SHARE else "not kept"
    return (
        f"{share:.2%} of {known} requests were answered within {bound_s:g} s: MLPerf Server's rule "
        f"of {measures.SERVER_SHARE:.0%} is {kept} (its least duration and number of requests are "
        "not looked at)"
    )


def print_run(console: Console, run: Run) -> None:
    """All figures of one run as tables."""
    status = run.metadata.get("status")
    console.rule(f"[bold]{run.name}[/] · {run.metadata.get('scenario')} · {status}")
    if status != "complete":
        console.print(f"[yellow]this run is {status}: {run.metadata.get('error')}[/]")
    if not measures.has_requests(run):
        general.print_general(console, run)
        return
    requests, sites = run.requests, Sites.from_meta(run.meta)
    print_table(console, "response time per site", measures.latency(requests, sites))
    still_open = int((requests["status"] == RequestStatus.OPEN).sum())
    if still_open:
        console.print(
            f"{still_open} requests were open at the end of their episode. Those open for longer "
            "than the average request took count with the time that they had been open, the "
            "others not at all: the times are lower bounds."
        )
    paths = measures.paths(requests, run.labels.get("paths") or ())
    if len(paths):
        print_table(console, "response time per path", paths)
    print_table(console, "mean of each component", measures.components(requests, sites))
    energy = measures.energy(requests, sites)
    if len(energy):
        print_table(console, "mean energy of a request", energy)
    per_user = measures.users(requests).rename(columns=SHORT_HEADINGS)
    print_table(console, "users (resent: retransmissions)", per_user)
    cells = measures.cell_airtime(run)
    if len(cells):
        print_table(console, "share of airtime (WiFi) or uplink blocks (LTE) in use", cells)
    print_table(console, "decisions", measures.decision_mix(requests, run.labels))
    fairness = measures.fairness(requests)
    console.print(
        f"Jain's index over users: response time {cell_text(fairness['jain_response_time'], '')}, "
        f"uplink goodput {cell_text(fairness['jain_goodput'], '')}"
    )
    means = rewards(run)
    console.print(
        f"mean reward of a decision {means['reward_mean']:.6g}, mean return of an episode "
        f"{means['return_mean']:.6g}"
    )
