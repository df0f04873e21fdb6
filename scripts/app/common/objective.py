# SPDX-License-Identifier: MIT
"""The objective and the accuracy threshold that options ask for."""

from __future__ import annotations

import inspect
from typing import Any, Final

from tandem.agents.inference.cost import NamedThreshold
from tandem.agents.inference.objective import MeanResponseTime, PaperObjective
from tandem.bridge.core.objective import Objective
from tandem.scripts.app.common.errors import OptionError
from tandem.scripts.app.common.named import is_named, load_named

#: Rewards of inference scenarios, which know a threshold on accuracy.
INFERENCE: Final = ("paper", "mean")


def accuracy_threshold(text: str, option: str = "--accuracy") -> float | NamedThreshold:
    """A threshold on accuracy: percent, ``min`` or ``max``.

    Raises:
        OptionError: none of these, or no percentage.
    """
    try:
        if text in ("min", "max"):
            return "min" if text == "min" else "max"
        return PaperObjective(float(text)).accuracy_threshold_percent
    except ValueError as error:
        raise OptionError(f"{option} {text!r}: {error}") from error


def make_objective(name: str, accuracy: str) -> Objective[Any]:
    """The reward that the command line asks for.

    Raises:
        OptionError: unknown name, or an accuracy that is not a threshold.
    """
    if name == "mean":
        return MeanResponseTime()
    if name != "paper":
        raise OptionError(f"--objective {name!r} is unknown: paper or mean")
    return PaperObjective(accuracy_threshold(accuracy))


def run_objective(name: str, accuracy: str) -> Objective[Any] | str | None:
    """The reward of a run: of inference scenarios `make_objective`, of others `own_objective`.

    Raises:
        OptionError: as these.
    """
    return make_objective(name, accuracy) if name in INFERENCE else own_objective(name)


def own_objective(name: str | None) -> Objective[Any] | str | None:
    """What `TandemEnv` takes as ``objective`` for a name on the command line.

    Args:
        name: ``file.py:name`` or ``module:name`` of a callable, or of a class of such; a name that
            the scenario's domain knows; none: the scenario's own.

    Raises:
        OptionError: it cannot be loaded, or is no callable.
    """
    if name is None or not is_named(name):
        return name
    loaded = load_named(name, "--objective")
    objective = loaded() if inspect.isclass(loaded) else loaded
    if not callable(objective):
        raise OptionError(
            f"--objective {name} is {type(objective).__name__}, not a callable that takes an "
            "EpochResult and returns a number"
        )
    chosen: Objective[Any] = objective
    return chosen
