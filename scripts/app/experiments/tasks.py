# SPDX-License-Identifier: MIT
"""What is done with each part of an experiment, wherever it runs: measure states, run an agent."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console

from tandem.agents.evaluation.state_pool import state_files
from tandem.bridge.parts.api import Executor, Folders, P, R, Task, results_of
from tandem.scripts.app.common.parts import run_parts
from tandem.scripts.app.experiments.any_scenario import AnyUnit, run_any
from tandem.scripts.app.experiments.places import Places
from tandem.scripts.app.experiments.states import Episode, measure
from tandem.scripts.app.experiments.truth import Truth
from tandem.scripts.app.experiments.units import Unit, run_unit


class Measuring(Task[Episode, float]):
    """Measures the states of an episode; returns the seconds it took."""

    @staticmethod
    def missing(episodes: Iterable[Episode], places: Places) -> list[Episode]:
        """Those episodes of which a file is not there."""
        return [episode for episode in episodes if not _is_measured(episode, places)]

    def __init__(self, episodes: Sequence[Episode]) -> None:
        self._programs = _scenarios(episode.truth for episode in episodes)

    @property
    def programs(self) -> tuple[str, ...]:
        """Scenarios of the episodes."""
        return self._programs

    def run(self, part: Episode, folders: Folders) -> float:
        """As `measure`."""
        return measure(part, Places.of(folders))


class Playing(Task[Unit, dict[str, Any]]):
    """Runs an agent in a setting; returns its result."""

    def __init__(self, units: Sequence[Unit]) -> None:
        self._programs = _scenarios(truth for unit in units for truth in unit.setting.truths)

    @property
    def programs(self) -> tuple[str, ...]:
        """Scenarios of the settings."""
        return self._programs

    def run(self, part: Unit, folders: Folders) -> dict[str, Any]:
        """As `run_unit`."""
        return run_unit(part, Places.of(folders))

    def reads(self, part: Unit, folders: Folders) -> Iterator[Path]:
        """The states that judge, and what was measured there."""
        places = Places.of(folders)
        for truth in part.setting.truths:
            for episode in part.states.episodes(truth, part.setting.threshold):
                yield from _files(episode, places)


class PlayingAny(Task[AnyUnit, dict[str, Any]]):
    """Runs an agent of any scenario; returns its result."""

    def __init__(self, units: Sequence[AnyUnit]) -> None:
        self._programs = tuple(sorted({unit.scenario for unit in units}))

    @property
    def programs(self) -> tuple[str, ...]:
        """Their scenarios."""
        return self._programs

    def run(self, part: AnyUnit, folders: Folders) -> dict[str, Any]:
        """As `run_any`."""
        return run_any(part, Places.of(folders))


def run_all(
    title: str,
    executor: Executor,
    task: Task[P, R],
    parts: Sequence[P],
    places: Places,
    console: Console,
    quiet: bool,
) -> list[R]:
    """Do all parts; returns their results in their order.

    Raises:
        KeyboardInterrupt: parts under way are lost; finished parts are kept.
        PartsFailed: some failed, after the others have finished.
    """
    return results_of(
        run_parts(
            executor,
            task,
            parts,
            places.folders,
            title=title,
            unit=title,
            console=console,
            quiet=quiet,
            told=True,
        )
    )


def _files(episode: Episode, places: Places) -> tuple[Path, ...]:
    """The list of an episode's states, and their tables."""
    return state_files(places.file("states", episode.name, episode), places.store)


def _is_measured(episode: Episode, places: Places) -> bool:
    files = _files(episode, places)
    return bool(files) and all(path.is_file() for path in files)


def _scenarios(truths: Iterable[Truth]) -> tuple[str, ...]:
    return tuple(sorted({truth.scenario for truth in truths}))
