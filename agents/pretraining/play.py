# SPDX-License-Identifier: MIT
"""Plays drawn scenarios and records what users did and how long it took."""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from tandem.agents.common.settings import Count, CountOrZero, Settings
from tandem.agents.evaluation.seeds import TRAINING
from tandem.agents.inference.components import read_answers
from tandem.agents.inference.objective import PaperObjective
from tandem.agents.pretraining.behaviour import RandomSpread
from tandem.agents.pretraining.families import SHARES, DrawnScenario, draw_scenario
from tandem.agents.training.world import EnvWorld
from tandem.bridge.core.env import TandemEnv
from tandem.bridge.core.errors import ScenarioWarning, TandemError
from tandem.bridge.core.files import replace_text, replacing
from tandem.bridge.parts.api import Folders, Task
from tandem.dnn_profiles.options import write_options

#: Keeps how scenarios are played apart from what they are.
PLAY_STREAM: Final = 102
#: The folder, for parts.
DATA: Final = "data"
RECIPE_FILE: Final = "recipe.json"
#: Name of what says how much processor time a scenario took.
CPU: Final = "cpu_s"
BLOCKS: Final = ("users", "sites", "cells")
Array = NDArray[np.float64]


class Recipe(Settings):
    """How much is played."""

    scenarios: Count = 300
    """Drawn scenarios."""
    episodes: Count = 1
    """Episodes of each."""
    decisions: Count = 14
    """Decisions of an episode."""
    seed: CountOrZero = 1
    """Decides all draws."""

    @property
    def interactions(self) -> int:
        """Decisions in total."""
        return self.scenarios * self.episodes * self.decisions


class RecipeMismatch(TandemError):
    """A folder holds scenarios of another recipe."""


@dataclass(frozen=True)
class ScenarioPart:
    """One drawn scenario of a recipe."""

    recipe: Recipe
    index: int

    @property
    def name(self) -> str:
        """Of its files."""
        return f"{self.index:04d}"

    @property
    def weight(self) -> float:
        """Decisions."""
        return float(self.recipe.episodes * self.recipe.decisions)


class Playing(Task[ScenarioPart, float]):
    """Plays drawn scenarios; returns the processor time of each, seconds."""

    @property
    def programs(self) -> tuple[str, ...]:
        """Scenarios that are drawn."""
        return tuple(SHARES)

    def run(self, part: ScenarioPart, folders: Folders) -> float:
        """Write the option table and what was played."""
        path = folders[DATA] / f"{part.name}.npz"
        drawn = draw_scenario(part.recipe.seed, part.index)
        write_options(path.with_suffix(".csv"), drawn.options)
        started_s = _cpu_s()
        content = play(drawn, path.with_suffix(".csv"), part.recipe, part.index)
        took_s = _cpu_s() - started_s
        content[CPU] = np.array(took_s)
        with replacing(path) as temporary, temporary.open("wb") as file:
            np.savez_compressed(file, allow_pickle=False, **content)
        return took_s


def played_files(recipe: Recipe, folder: Path) -> list[Path]:
    """The files of all scenarios of a recipe."""
    return [folder / f"{ScenarioPart(recipe, i).name}.npz" for i in range(recipe.scenarios)]


def prepare(recipe: Recipe, folder: Path) -> list[ScenarioPart]:
    """Make a folder for a recipe; returns the scenarios whose file is not there yet.

    Args:
        folder: gets ``recipe.json`` and, for each scenario, its option table ``<index>.csv`` and
            what was played in it, ``<index>.npz``: arrays with a row per decision, the
            scenario's schema, and the processor time that it took, ``cpu_s``.

    Raises:
        RecipeMismatch: the folder holds scenarios of another recipe.
    """
    folder.mkdir(parents=True, exist_ok=True)
    _claim(folder / RECIPE_FILE, recipe)
    parts = [ScenarioPart(recipe, index) for index in range(recipe.scenarios)]
    return [part for part in parts if not (folder / f"{part.name}.npz").exists()]


def played_s(path: Path) -> float:
    """Processor time that playing a scenario took, seconds."""
    with np.load(path, allow_pickle=False) as file:
        return float(file[CPU])


def _cpu_s() -> float:
    """Processor time of this process and of the simulators that have ended, seconds."""
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


def _claim(file: Path, recipe: Recipe) -> None:
    """Note whose scenarios a folder holds; their number may differ from call to call."""
    text = recipe.model_dump_json(exclude={"scenarios"})
    if not file.exists():
        replace_text(file, text)
    elif (found := file.read_text()) != text:
        raise RecipeMismatch(
            f"{file.parent} holds scenarios that were played as {found}, not as {text}: give "
            "another folder, or the same numbers"
        )


def play(drawn: DrawnScenario, table: Path, recipe: Recipe, index: int) -> dict[str, Any]:
    """Play one scenario; returns arrays by name, one row per decision."""
    arguments = {**drawn.arguments, "options": str(table), "epochs": recipe.decisions + 1}
    rng = np.random.default_rng([recipe.seed, PLAY_STREAM, index])
    rows: dict[str, list[Any]] = {name: [] for name in (*BLOCKS, "episode", "action")}
    rows |= {"components_s": [], "answered": [], "upload_bytes": []}
    with (
        _without_warnings(),
        TandemEnv(drawn.name, arguments, objective=PaperObjective("min")) as env,
    ):
        world, behaviour = EnvWorld(env), RandomSpread(env.schema)
        for episode in range(recipe.episodes):
            seed = int(rng.integers(TRAINING.first, TRAINING.limit))
            observation = world.reset(seed)
            behaviour.begin_episode(seed)
            for _ in range(recipe.decisions):
                action = behaviour.act(observation)
                feedback = world.step(action)
                answers = read_answers(action, feedback.requests)
                for name in BLOCKS:
                    rows[name].append(observation[name])
                rows["episode"].append(episode)
                rows["action"].append(action)
                rows["components_s"].append(answers.components_s)
                rows["answered"].append(answers.answered)
                rows["upload_bytes"].append(answers.upload_bytes)
                observation = feedback.observation
        schema = env.simulator.schema_text
    content: dict[str, Any] = {name: np.stack(values) for name, values in rows.items()}
    content["schema"] = np.array(schema)
    return content


@contextmanager
def _without_warnings() -> Iterator[None]:
    """Drawn scenarios may be unusual: that is what they are for."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ScenarioWarning)
        yield
