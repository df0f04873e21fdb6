# SPDX-License-Identifier: MIT
"""``tandem calibrate``: is a scenario worth learning?"""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated, Final

import typer

from tandem.agents.evaluation.cache import OracleCache
from tandem.agents.evaluation.judge import StateDraw
from tandem.agents.evaluation.search import SearchConfig
from tandem.agents.inference.objective import PaperObjective
from tandem.bridge.runs import folder as run_folder
from tandem.scripts.app.common.finite import finite
from tandem.scripts.app.common.objective import accuracy_threshold
from tandem.scripts.app.common.outputs import check_file
from tandem.scripts.app.common.runner import Runner, executor_if_asked
from tandem.scripts.app.common.stop_request import sigterm_as_interrupt
from tandem.scripts.app.progress import progress
from tandem.scripts.app.tables import wide_console
from tandem.scripts.app.training.calibration import (
    ScenarioWorth,
    compare_with_best_found,
    compare_with_oracle,
)
from tandem.scripts.app.training.calibration_table import print_calibration
from tandem.scripts.app.training.judges import MeasuredStates, measured_states
from tandem.scripts.given import set_arguments
from tandem.scripts.options import (
    DEFAULT_ACCURACY,
    DEFAULT_SCENARIO,
    Accuracy,
    Cache,
    InferenceScenario,
    OwnJobs,
    PartsRunner,
    Settings,
)

DRAW: Final = StateDraw()
DEFAULT_USERS: Final = 5
FORMAT: Final = "tandem-calibration"
FORMAT_VERSION: Final = 1


def calibrate(
    context: typer.Context,
    scenario: InferenceScenario = DEFAULT_SCENARIO,
    users: Annotated[int, typer.Option(min=1, help="Number of users.")] = DEFAULT_USERS,
    states: Annotated[int, typer.Option(min=1, help="States to measure.")] = DRAW.count,
    accuracy: Accuracy = DEFAULT_ACCURACY,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the first episode.")] = DRAW.first_seed,
    futures: Annotated[
        int,
        typer.Option(
            min=0,
            help="Compare with the best action on average over so many futures of each state; "
            "0: with hindsight.",
        ),
    ] = 0,
    per_episode: Annotated[int, typer.Option(min=1, help="States per episode.")] = DRAW.per_episode,
    stride: Annotated[
        int, typer.Option(min=1, help="Decisions from state to state.")
    ] = DRAW.stride,
    settings: Settings = None,
    cache: Cache = None,
    runner: PartsRunner = Runner.LOCAL,
    jobs: OwnJobs = None,
    out: Annotated[Path | None, typer.Option(help="Write every figure to this JSON file.")] = None,
) -> None:
    """Compare simple policies with the optimum: is a scenario worth learning?

    A scenario is worth learning if neither a fixed joint action (the best one in hindsight) nor
    greedy choice on nominal profiles comes near the oracle. States are reached by playing: each
    user at a random site, and after each measured state the oracle's joint action. Measured states
    are cached, so a second run with the same settings takes seconds.

    With many users the oracle searches, and so does the choice of the best fixed joint action,
    which takes minutes each time.

    Example: tandem calibrate --scenario wifi-edge --users 5 --states 30 --set edgeCores=1
    """
    if out is not None:
        check_file(out, "--out")
    started_s = time.monotonic()
    objective = PaperObjective(accuracy_threshold(accuracy))
    arguments = {"users": users, **set_arguments(context, settings, "users")}
    draw = StateDraw(states, seed, per_episode, stride)
    store = OracleCache() if cache is None else OracleCache(cache)
    with (
        sigterm_as_interrupt(),
        measured_states(
            scenario,
            arguments,
            objective,
            draw,
            cache=store,
            futures=futures,
            executor=executor_if_asked(runner, jobs),
        ) as measured,
    ):
        solutions, rule = measured.solutions, measured.rule
        schema, resolved = measured.env.schema, measured.env.arguments
        from_cache = store.hits - measured.fresh
        result = _compare(measured)
    console = wide_console()
    console.print(
        f"[bold]{scenario}[/]: {resolved['users']} users, {len(solutions)} states "
        f"({from_cache} from the cache), mean top-5 accuracy ≥ {rule.needed_percent:g} %, "
        f"ns-3 {schema.ns3_version}, {time.monotonic() - started_s:.0f} s"
    )
    print_calibration(console, result)
    if out is not None:
        run_folder.write_json(
            out,
            {
                "format": FORMAT,
                "version": FORMAT_VERSION,
                "scenario": scenario,
                "arguments": {name: str(value) for name, value in resolved.items()},
                "accuracy_threshold_percent": rule.needed_percent,
                "states": len(solutions),
                "first_seed": seed,
                "per_episode": per_episode,
                "futures": futures,
                "stride": stride,
                "ns3_version": schema.ns3_version,
                "result": finite({"violation_s": objective.violation_s, **result.as_dict()}),
            },
        )


def _compare(measured: MeasuredStates) -> ScenarioWorth:
    schema, rule = measured.env.schema, measured.rule
    if measured.exact:
        return compare_with_oracle(measured.solutions, schema, rule, measured.episodes)
    with progress(
        "best fixed", SearchConfig().max_branches * len(measured.found), "branches"
    ) as bar:
        return compare_with_best_found(
            measured.found, measured.env, rule, measured.futures, bar.advance
        )
