# SPDX-License-Identifier: MIT
"""Old names of modules, for one release: importing one warns and finds what moved.

A module that was split stands for several; a name is looked for in each of them, in order.
"""

from __future__ import annotations

import importlib
import sys
import warnings
from collections.abc import Callable, Mapping, Sequence
from importlib.abc import Loader
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any, Final

#: Old module → new modules, both below ``tandem``. An empty tuple: a folder that held some of them.
MOVED: Final[Mapping[str, tuple[str, ...]]] = {
    "agents.agent": ("agents.api",),
    "agents.aggregate": ("agents.evaluation.aggregate",),
    "agents.bandit": ("agents.baselines.bandit",),
    "agents.baseline_config": (
        "agents.baselines.joint_actions",
        "agents.baselines.qlearning",
        "agents.baselines.joint_dqn",
        "agents.baselines.bandit",
    ),
    "agents.branching_dqn": ("agents.baselines.branching_dqn", "agents.baselines.dqn_parts"),
    "agents.config": (
        "agents.inference.config",
        "agents.inference.model.config",
        "agents.hybrid",
        "agents.common.settings",
    ),
    "agents.fixed_learner": ("agents.baselines.fixed_learner",),
    "agents.heuristics": ("agents.inference.heuristics",),
    "agents.joint_dqn": ("agents.baselines.joint_dqn",),
    "agents.learner": ("agents.api",),
    "agents.optimum": (),
    "agents.optimum.cache": ("agents.evaluation.cache",),
    "agents.optimum.futures": ("agents.evaluation.futures",),
    "agents.optimum.lower_bound": ("agents.evaluation.lower_bound",),
    "agents.optimum.outcome_table": (
        "agents.evaluation.outcome_table",
        "agents.inference.patterns",
        "agents.inference.cost",
    ),
    "agents.optimum.played_evaluation": ("agents.evaluation.played_evaluation",),
    "agents.optimum.prober": ("agents.evaluation.prober",),
    "agents.optimum.search": ("agents.evaluation.search",),
    "agents.optimum.states": ("agents.evaluation.states",),
    "agents.options": ("agents.inference.options",),
    "agents.oracle": ("agents.evaluation.oracle",),
    "agents.planner": ("agents.inference.planner",),
    "agents.problem": ("agents.inference.problem",),
    "agents.qlearning": ("agents.baselines.qlearning",),
    "agents.system_model": ("agents.inference.system_model",),
    "bridge.backend": ("bridge.core.backend",),
    "bridge.branch": ("bridge.core.branch",),
    "bridge.env": ("bridge.core.env", "bridge.core.accounting", "bridge.core.reset"),
    "bridge.errors": ("bridge.core.errors",),
    "bridge.objective": (
        "agents.inference.objective",
        "bridge.core.objective",
        "agents.inference.cost",
    ),
    "bridge.parallel_env": ("bridge.core.parallel_env",),
    "bridge.provenance": ("bridge.runs.provenance",),
    "bridge.ray_env": ("bridge.backends.deprecated",),
    "bridge.record_array": ("bridge.core.record_array",),
    "bridge.records": ("bridge.runs.writer",),
    "bridge.registration": ("bridge.core.registration",),
    "bridge.request_table": ("agents.inference.request_table",),
    "bridge.run_data": ("bridge.runs.reader",),
    "bridge.run_folder": ("bridge.runs.folder",),
    "bridge.scenarios": ("bridge.core.scenarios",),
    "bridge.schema": ("bridge.core.schema",),
    "bridge.simulator": ("bridge.core.simulator", "bridge.core.frame", "bridge.core.local"),
    "bridge.vector": ("bridge.core.vector",),
}


class _OldModule(Loader):
    """Loads an old module: empty, with names that are looked for in the new ones."""

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        return None

    def exec_module(self, module: ModuleType) -> None:
        new = MOVED[module.__name__.partition(".")[2]]
        if new:
            names = " and ".join(f"tandem.{name}" for name in new)
            warnings.warn(
                f"{module.__name__} is now {names}; the old name goes with the next release",
                DeprecationWarning,
                stacklevel=2,
            )
        vars(module)["__getattr__"] = lookup(module.__name__, new)


class OldNames:
    """The last finder of all: it is asked only for what nobody else has."""

    def find_spec(
        self, name: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        root, _, rest = name.partition(".")
        if root != __package__ or rest not in MOVED:
            return None
        is_folder = any(old.startswith(f"{rest}.") for old in MOVED)
        return ModuleSpec(name, _OldModule(), is_package=is_folder)


def lookup(old: str, new: Sequence[str]) -> Callable[[str], Any]:
    """A module's ``__getattr__`` that finds names in the modules ``new``."""

    def find(name: str) -> Any:
        if not name.startswith("__"):
            for module in new:
                found = importlib.import_module(f"{__package__}.{module}")
                if hasattr(found, name):
                    return getattr(found, name)
        raise AttributeError(f"module {old!r} has no attribute {name!r}")

    return find


def serve_old_names() -> None:
    """Let the old names be imported; harmless when called twice."""
    if not any(isinstance(finder, OldNames) for finder in sys.meta_path):
        sys.meta_path.append(OldNames())
