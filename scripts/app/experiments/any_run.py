# SPDX-License-Identifier: MIT
"""``tandem reproduce any``: runs what is missing and writes the report."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from rich.console import Console

from tandem.bridge.core.files import replace_text
from tandem.bridge.parts.api import Executor
from tandem.bridge.runs import folder as run_folder
from tandem.scripts.app.common.errors import OptionError
from tandem.scripts.app.common.outputs import check_folder
from tandem.scripts.app.experiments.any_curves import write_any_curves
from tandem.scripts.app.experiments.any_report import csv_text, markdown
from tandem.scripts.app.experiments.any_scenario import (
    AGENTS,
    PREFIX,
    SCENARIOS,
    SEEDS,
    AnyUnit,
    any_units,
    finished_any,
    is_of,
    reported_any,
)
from tandem.scripts.app.experiments.places import Places
from tandem.scripts.app.experiments.tasks import PlayingAny, run_all

RESULTS: Final = "results.json"
QUICK_SEEDS: Final = (1, 2)
QUICK_AGENTS: Final = ("hybrid", "search", "sb3:PPO")


def reproduce_any(
    out: Path,
    places: Places,
    *,
    scenarios: Sequence[str],
    agents: Sequence[str],
    seeds: int | None,
    executor: Executor,
    console: Console,
    quick: bool,
    quiet: bool,
    only_finished: bool = False,
) -> tuple[int, Path]:
    """Run the parts that are missing; returns how many there are, and the folder of the report.

    Args:
        out: folder of the report; what an earlier one there holds is not run again.
        places: of finished parts.
        scenarios: none given: all.
        agents: none given: all.
        seeds: how many; default: 5.
        executor: does the parts.
        console: for progress.
        quick: few of everything.
        quiet: no progress.
        only_finished: run nothing, report what is finished.

    Raises:
        OptionError: there is no such scenario or agent.
        PartsFailed: some parts failed, after the others have finished.
    """
    for name in scenarios:
        if name not in SCENARIOS:
            raise OptionError(f"--setting {name!r} is unknown: one of {', '.join(SCENARIOS)}")
    for name in agents:
        if name not in AGENTS and not name.startswith(PREFIX):
            raise OptionError(f"--agent {name!r} is unknown: one of {', '.join(AGENTS)}")
    check_folder(out, "--out")
    units = any_units(
        tuple(scenarios) or ((next(iter(SCENARIOS)),) if quick else tuple(SCENARIOS)),
        tuple(agents) or (QUICK_AGENTS if quick else AGENTS),
        (QUICK_SEEDS if quick else SEEDS)[:seeds]
        if seeds is None or seeds <= len(SEEDS)
        else tuple(range(1, seeds + 1)),
        quick=quick,
    )
    report = out / RESULTS
    earlier = reported_any(report)
    known = {
        unit.name: done
        for unit in units
        if (done := finished_any(unit, places) or _in(earlier, unit))
    }
    if only_finished:
        units = [unit for unit in units if unit.name in known]
    if not units:
        raise OptionError(f"--finished: no part is finished in {places.work} or {out} yet")
    missing = [unit for unit in units if unit.name not in known]
    fresh = run_all("runs", executor, PlayingAny(missing), missing, places, console, quiet)
    known.update((unit.name, result) for unit, result in zip(missing, fresh, strict=True))
    results = [known[unit.name] for unit in units]
    facts = {
        "command": shlex.join(["tandem", *sys.argv[1:]]),
        "runs": f"{len(results)} in {sum(r['wall_s'] for r in results):.0f} process seconds in all",
    }
    out.mkdir(parents=True, exist_ok=True)
    run_folder.write_json(report, {**facts, "results": results})
    replace_text(out / "results.csv", csv_text(results))
    replace_text(out / "README.md", markdown(results, facts))
    write_any_curves(results, out)
    return len(results), out


def _in(results: Sequence[Mapping[str, Any]], unit: AnyUnit) -> dict[str, Any] | None:
    return next((dict(result) for result in results if is_of(result, unit)), None)
