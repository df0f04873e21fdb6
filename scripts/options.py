# SPDX-License-Identifier: MIT
"""Options that several commands have."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Final, TypeAlias

import typer

from tandem.scripts.app.common.runner import Runner

Connect: TypeAlias = Annotated[
    str | None, typer.Option(help="Simulate on a server (`tandem serve`) at this address.")
]


Key: TypeAlias = Annotated[Path | None, typer.Option(help="--connect: your own .key_secret.")]


ServerKey: TypeAlias = Annotated[Path | None, typer.Option(help="--connect: the server's .key.")]

DEFAULT_SCENARIO: Final = "wifi-edge"
InferenceScenario: TypeAlias = Annotated[str, typer.Option(help="An inference scenario.")]
DEFAULT_ACCURACY: Final = "85"
Accuracy: TypeAlias = Annotated[
    str, typer.Option(help="Threshold on mean top-5 accuracy: percent, min or max.")
]
Settings: TypeAlias = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="KEY=VALUE", help="Any scenario argument; repeatable."),
]
OtherObjective: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--objective",
        metavar="FILE.py:NAME",
        help="Show the rewards that this objective would have given; also MODULE:NAME, or a name "
        "that the scenario knows.",
    ),
]
Cache: TypeAlias = Annotated[
    Path | None, typer.Option(help="Folder of measured states; default: the user's cache.")
]
PartsRunner: TypeAlias = Annotated[
    Runner,
    typer.Option(
        "--runner",
        help="Parts in processes here, or as tasks of Ray (the cluster that RAY_ADDRESS names): "
        "the same results.",
    ),
]
Jobs: TypeAlias = Annotated[
    int | None,
    typer.Option(min=1, help="Parts at the same time; default: one per core, or all of Ray's."),
]
OwnJobs: TypeAlias = Annotated[
    int | None,
    typer.Option(
        min=1,
        help="Episodes at the same time, each in a simulator of its own; default: a single "
        "simulator, or all processors of Ray.",
    ),
]
Quiet: TypeAlias = Annotated[bool, typer.Option("--quiet", "-q", help="Show no progress.")]
SimulatorOutput: TypeAlias = Annotated[
    str | None,
    typer.Option(
        metavar="inherit|FILE",
        help="Show what the simulator prints (NS_LOG, std::cerr), or append it to a file; else it "
        "is kept for error messages.",
    ),
]
