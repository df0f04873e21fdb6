# SPDX-License-Identifier: MIT
"""Recording in parts: each episode of each policy is one, and a file once it has been recorded."""

from __future__ import annotations

import functools
import json
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from rich.console import Console

from tandem.agents.evaluation.cache import SimulationKey
from tandem.bridge.backends.remote import Target
from tandem.bridge.core.env import TandemEnv
from tandem.bridge.core.files import replace_text
from tandem.bridge.core.program_digest import file_digest
from tandem.bridge.core.scenarios import fixed_scenario
from tandem.bridge.parts.api import Executor, Folders, Task, results_of
from tandem.bridge.parts.build import Build
from tandem.bridge.runs import folder as run_folder
from tandem.scripts.app.common.errors import OptionError
from tandem.scripts.app.common.named import is_named
from tandem.scripts.app.common.objective import own_objective
from tandem.scripts.app.common.parts import run_parts
from tandem.scripts.app.common.place import open_env
from tandem.scripts.app.dataset.episode_file import read_episode, write_episode
from tandem.scripts.app.dataset.record import Asked, Episode, Recorder
from tandem.scripts.app.policies.choose import choose_policy, source_run
from tandem.scripts.app.progress import progress

#: The folder of recorded episodes in that of the data set, until that is complete; for parts too.
EPISODES: Final = "episodes"
#: Says of which data set they are.
RECIPE_FILE: Final = "recipe.json"


@dataclass(frozen=True)
class Recipe:
    """What decides each episode.

    Attributes:
        scenario: name or path.
        arguments: of the scenario.
        objective: as ``--objective`` names it.
        policies: as ``--policy`` names them.
        seed: of the first episode.
        asked: which other actions are tried.
    """

    scenario: str
    arguments: Mapping[str, object]
    objective: str | None
    policies: tuple[str, ...]
    seed: int
    asked: Asked

    def open(self, target: Target | None = None) -> TandemEnv:
        """An environment, here or on a server."""
        objective = own_objective(self.objective)
        return open_env(self.scenario, self.arguments, target, objective=objective)

    def parts(self, episodes: int, decisions: int) -> list[EpisodePart]:
        """So many episodes of each policy, in the order of the data set."""
        return [
            EpisodePart(self, number, seed, decisions)
            for number in range(len(self.policies))
            for seed in range(self.seed, self.seed + episodes)
        ]


@dataclass(frozen=True)
class EpisodePart:
    """One episode of one policy.

    Attributes:
        recipe: of the data set.
        policy: its number.
        seed: of the episode.
        decisions: in it, at most.
    """

    recipe: Recipe
    policy: int
    seed: int
    decisions: int

    @property
    def name(self) -> str:
        """For people."""
        return f"{self.recipe.policies[self.policy]}, episode {self.seed}"

    @property
    def weight(self) -> float:
        """Decisions."""
        return self.decisions

    def file(self, folder: Path) -> Path:
        """Where it is kept."""
        return folder / f"{self.policy}-{self.seed}.npz"


class Recording(Task[EpisodePart, None]):
    """Records episodes, each in a simulator of its own."""

    def __init__(self, recipe: Recipe) -> None:
        self._recipe = recipe

    @property
    def programs(self) -> tuple[str, ...]:
        """The scenario."""
        return (fixed_scenario(self._recipe.scenario),)

    def run(self, part: EpisodePart, folders: Folders) -> None:
        """One branch at a time: episodes are recorded side by side."""
        with part.recipe.open() as env:
            record_in(env, part, folders[EPISODES], parallel=1)


def record_in(
    env: TandemEnv,
    part: EpisodePart,
    folder: Path,
    on_decision: Callable[[], None] = lambda: None,
    parallel: int | None = None,
) -> None:
    """Record one episode into its file.

    Its agent is made for it, and told of the episodes before it but plays none of them. So the
    data set does not depend on which process records what.

    Args:
        parallel: as for `Recorder`.
    """
    recipe = part.recipe
    agent = choose_policy(recipe.policies[part.policy], env)
    for earlier in range(recipe.seed, part.seed):
        agent.begin_episode(earlier)
    recorder = Recorder(env, recipe.asked, recipe.seed, parallel)
    write_episode(part.file(folder), recorder.record(agent, part.seed, on_decision))


def record_all(
    env: TandemEnv,
    parts: Sequence[EpisodePart],
    folder: Path,
    executor: Executor | None,
    console: Console,
    *,
    quiet: bool,
) -> list[Episode]:
    """Record the episodes that are not there yet; returns all.

    Args:
        env: of the recipe.
        folder: of their files.
        executor: records them side by side; ``None``: ``env``, one after the other.
        console: for progress.

    Raises:
        KeyboardInterrupt: finished episodes are kept.
        PartsFailed: some failed, after the others have finished.
    """
    left = [part for part in parts if not part.file(folder).is_file()]
    title, unit = parts[0].recipe.scenario, "decisions"
    if executor is not None:
        task, folders = Recording(parts[0].recipe), {EPISODES: folder}
        done = run_parts(
            executor, task, left, folders, title=title, unit=unit, console=console, quiet=quiet
        )
        results_of(done)
    else:
        total = sum(part.decisions for part in left)
        with progress(title, total, unit, console=console, quiet=quiet) as bar:
            for part in left:
                record_in(env, part, folder, bar.advance)
    return [read_episode(part.file(folder)) for part in parts]


def claim(folder: Path, recipe: Recipe, env: TandemEnv, *, force: bool) -> None:
    """Note whose episodes a folder holds; their number may differ from call to call.

    Args:
        env: of the recipe.
        force: remove episodes of another data set.

    Raises:
        OptionError: it holds such episodes.
    """
    path = folder / RECIPE_FILE
    text = _told(recipe, env)
    if path.is_file() and path.read_text() == text:
        return
    if folder.is_dir() and any(folder.iterdir()):
        if not force:
            raise OptionError(
                f"{folder} holds episodes of an interrupted data set with other options, or of "
                "another build: give the same options to go on with it, another --out, or --force "
                "to begin again"
            )
        shutil.rmtree(folder)
    folder.mkdir(parents=True, exist_ok=True)
    replace_text(path, text)


def _told(recipe: Recipe, env: TandemEnv) -> str:
    """All that decides what is recorded, as text."""
    named = [*recipe.policies, *([] if recipe.objective is None else [recipe.objective])]
    content = {
        "policies": recipe.policies,
        "objective": recipe.objective,
        "seed": recipe.seed,
        "asked": asdict(recipe.asked),
        "files": {str(path): file_digest(path) for text in named for path in _files(text)},
        "code": _code(),
        "simulation": SimulationKey.of(env).content,
    }
    return json.dumps(content, indent=2, sort_keys=True) + "\n"


@functools.cache
def _code() -> str:
    return Build.here(()).sources


def _files(text: str) -> Iterator[Path]:
    """The file that tells whether what an option names has changed."""
    run = source_run(text)
    path = Path(text.rpartition(":")[0] if is_named(text) else text)
    if run is not None:
        yield run / run_folder.METADATA  # written at the end of each training
    elif path.is_file():
        yield path
