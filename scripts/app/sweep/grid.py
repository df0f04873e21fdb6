# SPDX-License-Identifier: MIT
"""A sweep's grid: what the YAML file may say, and the runs that it stands for."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Final

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from tandem.agents.inference.heuristics import POLICIES
from tandem.bridge.core.arguments import RESERVED, declared_arguments
from tandem.bridge.core.documents import DocumentError, read_yaml
from tandem.bridge.core.errors import TandemError
from tandem.bridge.core.scenarios import installed_scenarios, scenario_executable
from tandem.scripts.app.common.run_config import DEFAULT_EPOCHS, policy_label, run_config
from tandem.scripts.app.policies.choose import FORMS, may_exist

Scalar = bool | int | float | str

#: Arguments that are fields of their own.
FIELDS: Final = {"epochs": "epochs", "frames": "frames", "seed": "seeds", "policy": "policies"}


class SweepError(TandemError):
    """A grid file cannot be used, or the runs found do not belong together."""


class SweepGrid(BaseModel):
    """Content of the grid file.

    Attributes:
        scenario: name of an installed scenario, or path of an executable.
        policies: at least one, as of ``tandem run``.
        seeds: seed of each repetition's first episode.
        epochs: decisions per episode.
        episodes: per run.
        objective, accuracy: as of ``tandem run``.
        set: scenario arguments that all runs share.
        grid: scenario argument → values; every combination is run.
        frames: record every frame on the air.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    scenario: str = "wifi-edge"
    policies: Annotated[list[str], Field(min_length=1)] = ["edge"]
    seeds: Annotated[list[Annotated[int, Field(ge=0)]], Field(min_length=1)] = [1]
    epochs: Annotated[int, Field(ge=1)] = DEFAULT_EPOCHS
    episodes: Annotated[int, Field(ge=1)] = 1
    objective: str = "paper"
    accuracy: str = "85"
    set: dict[str, Scalar] = {}
    grid: dict[str, Annotated[list[Scalar], Field(min_length=1)]] = {}
    frames: bool = False


@dataclass(frozen=True)
class PlannedRun:
    """One run of a sweep.

    Attributes:
        point: value of each grid argument.
        policy, seed: of the run.
        name: of the folder where it is recorded, below the sweep's folder.
        folder: the same, with the sweep's folder.
        options: of ``tandem run``.
        config: what its ``config.yaml`` will hold.
    """

    point: dict[str, Scalar]
    policy: str
    seed: int
    name: str
    folder: Path
    options: list[str]
    config: dict[str, Any]

    @property
    def weight(self) -> float:
        """Runs count alike."""
        return 1.0


def read_grid(path: Path) -> SweepGrid:
    """Read and check a grid file.

    Raises:
        SweepError: with the field, its value and what is allowed.
    """
    try:
        content = read_yaml(path)
    except OSError as error:
        raise SweepError(f"{path} cannot be read: {error.strerror}") from error
    except DocumentError as error:
        raise SweepError(str(error)) from error
    if not isinstance(content, dict):
        raise SweepError(f"{path} holds {type(content).__name__}, not fields: see `tandem sweep`")
    try:
        grid = SweepGrid.model_validate(content)
    except ValidationError as error:
        problems = "; ".join(
            f"{'.'.join(map(str, problem['loc']))}: {problem['msg']} (given: {problem['input']!r})"
            for problem in error.errors()
        )
        raise SweepError(f"{path}: {problems}") from error
    check = _has_only_usual_policies(grid.scenario)
    for name in grid.policies:
        if check and not may_exist(name):
            raise SweepError(
                f"{path}: policy {name!r} is unknown: one of {', '.join(POLICIES)}; or {FORMS}"
            )
    both = sorted(set(grid.set) & set(grid.grid))
    if both:
        raise SweepError(f"{path}: {both[0]!r} is in both set and grid: leave it in one of them")
    for name in (*grid.set, *grid.grid):
        if name in FIELDS:
            raise SweepError(f"{path}: {name!r} has a field of its own: write `{FIELDS[name]}:`")
        if name in RESERVED:
            raise SweepError(f"{path}: argument {name!r} cannot be set: {RESERVED[name]}")
    listed: dict[str, list[str]] = {
        "policies": [policy_label(policy) for policy in grid.policies],
        "seeds": [str(seed) for seed in grid.seeds],
        **{name: [text(value) for value in values] for name, values in grid.grid.items()},
    }
    for what, words in listed.items():
        if len(set(words)) < len(words):
            raise SweepError(f"{path}: {what} has a value twice: {', '.join(words)}")
    return grid


def _has_only_usual_policies(scenario: str) -> bool:
    """Whether a name can be refused before anything runs.

    Scenarios of requests (they have an options file) have no policies of their own. Those of others
    are known when they run.
    """
    if scenario not in installed_scenarios():
        return False
    return "options" in declared_arguments(scenario_executable(scenario)).arguments


def planned_runs(grid: SweepGrid, out: Path) -> Iterator[PlannedRun]:
    """Every run of a grid, in the order of the file."""
    for values in itertools.product(*grid.grid.values()):
        point = dict(zip(grid.grid, values, strict=True))
        place = ",".join(f"{name}={text(value)}" for name, value in point.items()) or "all"
        for policy, seed in itertools.product(grid.policies, grid.seeds):
            name = f"{place}/{policy_label(policy)}-s{seed}"
            given = {key: text(value) for key, value in {**grid.set, **point}.items()}
            yield PlannedRun(
                point=point,
                policy=policy,
                seed=seed,
                name=name,
                folder=out / name,
                options=_options(grid, policy, seed, given),
                config=run_config(
                    scenario=grid.scenario,
                    policy=policy,
                    seed=seed,
                    episodes=grid.episodes,
                    objective=grid.objective,
                    accuracy=grid.accuracy,
                    epochs=grid.epochs,
                    users=None,
                    frames=grid.frames,
                    settings=given,
                    traces=[],
                ),
            )


def text(value: Scalar) -> str:
    """A value as ns-3 reads it."""
    return str(int(value)) if isinstance(value, bool) else str(value)


def _options(grid: SweepGrid, policy: str, seed: int, given: dict[str, str]) -> list[str]:
    options = ["--scenario", grid.scenario, "--policy", policy, "--seed", str(seed)]
    options += ["--epochs", str(grid.epochs), "--episodes", str(grid.episodes)]
    options += ["--objective", grid.objective, "--accuracy", grid.accuracy]
    for name, value in given.items():
        options += ["--set", f"{name}={value}"]
    return [*options, "--frames"] if grid.frames else options
