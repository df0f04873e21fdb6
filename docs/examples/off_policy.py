# SPDX-License-Identifier: MIT
"""How wrong are off-policy estimators? A data set that knows the truth says it.

A log of random actions is all that an estimator sees. What it is asked: what would constant action
k have earned per decision at the states of the log? ns-3 knows, because branches tried every
action at every decision, with the very random draws that then came.

Inverse propensity scoring (IPS) weights each logged reward by one over the chance of its action;
self-normalised (SNIPS) divides by the weights' sum instead of their number; the direct method (DM)
fits rewards to actions and states by ridge regression; doubly robust (DR) corrects DM by IPS of
what DM gets wrong: Dudík et al., "Doubly Robust Policy Evaluation and Learning", ICML 2011.

Run it with ``python docs/examples/off_policy.py``.
"""

from __future__ import annotations

import argparse
import subprocess
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Array = NDArray[np.float64]
#: Of the ridge regression.
RIDGE = 1.0


def features(states: Array, actions: Array, every: Array) -> Array:
    """States beside an indicator of each action, and their products, ``[rows, features]``."""
    chosen = (actions[:, None] == every).all(axis=2).astype(np.float64)
    products = (chosen[:, :, None] * states[:, None]).reshape(len(states), -1)
    return np.hstack([chosen, products])


def estimates(steps: pd.DataFrame, every: Array, states: Array) -> dict[str, Array]:
    """What each estimator says of each constant action, ``[actions]``."""
    actions, rewards = np.array(steps["action"].tolist()), steps["reward"].to_numpy()
    weight = 1.0 / steps["propensity"].to_numpy()
    seen = features(states, actions, every)
    fitted = np.linalg.solve(seen.T @ seen + RIDGE * np.eye(seen.shape[1]), seen.T @ rewards)
    said: dict[str, list[float]] = {name: [] for name in ("IPS", "SNIPS", "DM", "DR")}
    for action in every:
        taken = (actions == action).all(axis=1) * weight
        direct = features(states, np.repeat(action[None], len(states), 0), every) @ fitted
        said["IPS"].append(float((taken * rewards).mean()))
        said["SNIPS"].append(float((taken * rewards).sum() / max(taken.sum(), 1.0)))
        said["DM"].append(float(direct.mean()))
        said["DR"].append(float((direct + taken * (rewards - seen @ fitted)).mean()))
    return {name: np.array(values) for name, values in said.items()}


def main() -> None:
    """Record a data set unless one is given, and print how far each estimator is off."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, help="folder that `tandem dataset` wrote")
    parser.add_argument("--episodes", type=int, default=4)
    given = parser.parse_args()
    folder = given.data or Path(tempfile.mkdtemp()) / "data"
    if given.data is None:
        command = "tandem dataset --quiet --scenario lte-power --policy random --epochs 10"
        more = ["--alternatives", "49", "--episodes", str(given.episodes), "--out", str(folder)]
        subprocess.run([*command.split(), *more], check=True)
    steps = pd.read_parquet(folder / "steps.parquet")
    tried = pd.read_parquet(folder / "counterfactuals.parquet")
    tried["which"] = tried["action"].map(tuple)
    truth = tried.groupby("which")["return"].mean()
    every = np.array([list(action) for action in truth.index])
    rows = np.array(steps["observation_ues"].tolist())
    states = np.arcsinh(rows)
    states = (states - states.mean(axis=0)) / np.maximum(states.std(axis=0), 1e-9)
    print(f"{len(steps)} logged decisions, {len(tried)} outcomes of other actions")
    for name, values in estimates(steps, every, states).items():
        error = values - truth.to_numpy()
        rank = pd.Series(values).corr(pd.Series(truth.to_numpy()), method="spearman")
        lost = truth.max() - truth.to_numpy()[int(np.argmax(values))]
        print(
            f"{name:6} RMSE {np.sqrt((error**2).mean()):.3f}, rank correlation {rank:.2f}, its "
            f"best action earns {lost:.3f} less than the best"
        )


if __name__ == "__main__":
    main()
