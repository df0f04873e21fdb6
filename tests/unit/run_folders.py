# SPDX-License-Identifier: MIT
"""Run folders with known content, written by the real writer from a hand-made schema."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from request_rows import INTEGERS, REALS

from tandem.agents.inference.request_table import COMPONENTS
from tandem.bridge.core.block import Block, Column, RecordTable
from tandem.bridge.core.schema import Schema
from tandem.bridge.runs import folder as run_folder
from tandem.bridge.runs.writer import RunWriter

USERS = 3
EPOCH_S = 0.5
DEVICE_S, EDGE_S = 0.1, (0.04, 0.02, 0.01, 0.03, 0.1, 0.005)
UNITS = {"_s": "s", "_bytes": "B", "_percent": "%", "_m": "m"}


def unit(name: str) -> str:
    return next((unit for suffix, unit in UNITS.items() if name.endswith(suffix)), "")


def table(name: str, integers: list[str], reals: list[str]) -> RecordTable:
    columns = [Column(column, unit(column), "what it is", "int64") for column in integers]
    columns += [Column(column, unit(column), "what it is") for column in reals]
    return RecordTable(name, 10, 0, 8, tuple(columns))


def schema() -> Schema:
    """Three users of a WiFi cell; nodes: ap, the users, one background station, edge, cloud."""
    users = [
        {"name": f"user-{user}", "kind": "user", "x_m": 0.0, "y_m": 0.0} for user in range(USERS)
    ]
    other = [("edge", "edge"), ("cloud", "cloud")]
    nodes = [
        {"name": "ap", "kind": "ap", "x_m": 0.0, "y_m": 0.0},
        *users,
        {"name": "wifi-background-0", "kind": "background", "x_m": 5.0, "y_m": 5.0},
        *({"name": name, "kind": kind, "x_m": 0.0, "y_m": 0.0} for name, kind in other),
    ]
    links: list[dict[str, Any]] = [
        {"a": user["name"], "b": "ap", "kind": "wifi", "rate_bps": None, "delay_s": 0.0}
        for user in users
    ]
    links += [
        {"a": "ap", "b": name, "kind": "point-to-point", "rate_bps": rate, "delay_s": delay}
        for name, rate, delay in (("edge", 1e9, 0.0005), ("cloud", 1e8, 0.02))
    ]
    options = [
        {"option": k, "site": site, "variant": "d0", "top5_percent": 89.9, "top1_percent": 70.9}
        for k, site in enumerate(("device", "edge", "cloud"))
    ]
    return Schema(
        scenario="wifi-edge",
        tandem_version="0.1.0",
        ns3_version="3.44",
        ns3_provider="wheel",
        observation=(
            Block("cells", "float64", (1, 1), 0, (Column("airtime_fraction", "", "busy"),)),
        ),
        actions=(Block("option", "int32", (USERS,), 0, (), 0, 2),),
        records=(
            table("requests", INTEGERS, REALS),
            table("positions", ["decision", "node", "user"], ["time_s", "x_m", "y_m"]),
        ),
        meta={
            "users": USERS,
            "options": options,
            "variants": ["d0"],
            "sites": [{"name": "edge", "cores": 1}, {"name": "cloud", "cores": 1}],
            "cells": [{"name": "wifi", "kind": "wifi", "standard": "802.11n", "users": USERS}],
            "user_cells": [0] * USERS,
            "conditions": ["regular"] * USERS,
            "topology": {"nodes": nodes, "links": links},
        },
    )


def requests(epoch: int, dtype: np.dtype[np.void]) -> NDArray[np.void]:
    """User 0 on its device; the others at the edge, user 2 a second later than user 1."""
    rows = np.zeros(USERS, dtype)
    for user in range(USERS):
        row = rows[user]
        row["request_id"] = epoch * USERS + user
        row["user"], row["decision"] = user, epoch
        row["arrival_s"] = 1.0 + EPOCH_S * epoch
        row["accuracy_top5_percent"] = 89.9
        if user == 0:
            row["device_compute_s"] = DEVICE_S
        else:
            row["site"] = row["option"] = 1
            row["upload_bytes"] = 150_528
            row["mac_retransmissions"] = user
            for name, time_s in zip(COMPONENTS[2:], EDGE_S, strict=True):
                row[name] = time_s * user
        row["response_time_s"] = sum(row[name] for name in COMPONENTS)
    return rows


def positions(epoch: int, dtype: np.dtype[np.void]) -> NDArray[np.void]:
    """User k starts at (10 + k, k) and walks 1 m along x per epoch."""
    rows = np.zeros(USERS + 2, dtype)
    rows["decision"], rows["time_s"] = epoch, 1.0 + EPOCH_S * epoch
    rows["node"] = np.arange(USERS + 2)
    rows["user"] = [-1, *range(USERS), -1]
    rows["x_m"] = [0.0, *(10.0 + user + epoch for user in range(USERS)), 5.0]
    rows["y_m"] = [0.0, *map(float, range(USERS)), 5.0]
    return rows


def write_run(folder: Path, epochs: int = 3, seed: int = 7, **config: Any) -> Path:
    """A complete run of one episode."""
    run_folder.prepare(folder, force=False)
    described = schema()
    types = {entry.name: entry.dtype for entry in described.records}
    settings = {
        "scenario": "wifi-edge",
        "policy": "mixed",
        "seed": seed,
        "accuracy_threshold": "85",
        "arguments": {"users": USERS},
        **config,
    }
    with RunWriter(folder, schema=described, config=settings) as writer:
        writer.begin_episode(0, seed, {"cells": np.array([[0.0]])})
        for epoch in range(epochs):
            rows = requests(epoch, types["requests"])
            writer.add(
                np.array([0, 1, 1]),
                {"cells": np.array([[0.1 * (epoch + 1)]])},
                -float(rows["response_time_s"].mean()),
                False,
                epoch == epochs - 1,
                {"requests": rows, "positions": positions(epoch, types["positions"])},
            )
    return folder
