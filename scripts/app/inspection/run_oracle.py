# SPDX-License-Identifier: MIT
"""The oracle at some states of a recorded run, for its report.

The run is played again up to each of these states (its seed and actions determine it), and the
oracle measures there as in `tandem calibrate`. The result goes into the run folder as
``oracle.parquet``, so the next report needs no simulation. The oracle minimises the cost of the
paper (Shahhosseini et al., ISQED 2022; see `tandem.agents.inference.objective.PaperObjective`).
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
from rich.console import Console

from tandem.agents.evaluation.cache import OracleCache
from tandem.agents.evaluation.oracle import Oracle
from tandem.agents.evaluation.states import Walk
from tandem.agents.inference.objective import PaperObjective
from tandem.bridge.core.env import TandemEnv
from tandem.bridge.core.errors import TandemError
from tandem.bridge.runs import folder as run_folder
from tandem.bridge.runs.reader import Run
from tandem.scripts.app.inspection import measures
from tandem.scripts.app.progress import progress

ORACLE: Final = "oracle.parquet"
#: Arguments that only add records: the states are the same without them.
WRITERS: Final = ("frames", "pcap", "flowmon", "netanim")


def add_oracle(folder: Path, states: int, console: Console) -> None:
    """Write ``oracle.parquet`` into a run folder.

    Args:
        folder: a run of the paper's objective.
        states: how many decisions of its first episode, spread evenly.
        console: where the progress goes.

    Raises:
        TandemError: the run has another objective, or is not reproducible any more.
    """
    run = measures.load_run(folder)
    objective = run_objective(run)
    first = run.decisions[run.decisions["episode"] == run.decisions["episode"].min()]
    chosen = set(np.linspace(0, len(first) - 1, min(states, len(first))).round().astype(int))
    arguments = {
        name: value
        for name, value in (run.config.get("arguments") or {}).items()
        if name not in WRITERS
    }
    rows: list[dict[str, Any]] = []
    with TandemEnv(run.config["scenario"], arguments, objective=objective) as env:
        oracle = Oracle(env, cache=OracleCache())
        walk = Walk(env)
        walk.reset(int(run.episodes["seed"].iloc[0]))
        total = len(chosen) * oracle.branches
        with progress(f"oracle · {run.name}", total, "branches", console=console) as bar:
            for epoch, (action, reward) in enumerate(
                zip(first["action"], first["reward"], strict=True)
            ):
                if epoch in chosen:
                    solution = oracle.solve(walk, bar.advance)
                    best = solution.best
                    outcome = env.branch([best.action])[0]
                    rows.append(
                        {
                            "episode": int(first["episode"].iloc[0]),
                            "decision": epoch,
                            "action": np.asarray(best.action).tolist(),
                            "cost_s": float(best.cost_s),
                            "lower_bound_s": float(solution.lower_bound_s),
                            "exact": bool(solution.exact),
                            "mean_response_time_s": outcome.info["cost"]["mean_response_time_s"],
                            "mean_accuracy_percent": outcome.info["cost"]["mean_accuracy_percent"],
                        }
                    )
                if epoch == max(chosen):
                    break
                if not np.isclose(walk.step(action), reward, rtol=0.0, atol=1e-9):
                    raise TandemError(
                        f"{folder} is not reproduced at decision {epoch} by this build: it was "
                        f"recorded by ns3-tandem {run.metadata.get('tandem_version')} with ns-3 "
                        f"{run.metadata.get('ns3_version')}; repeat the run"
                    )
    run_folder.write_table(folder / ORACLE, pa.Table.from_pylist(rows))


def run_objective(run: Run) -> PaperObjective:
    """The objective that a run was recorded with.

    Raises:
        TandemError: it is not the paper's.
    """
    threshold = run.config.get("accuracy_threshold")
    if threshold is None:
        raise TandemError(
            f"{run.folder} was recorded with objective {run.config.get('objective')!r}, but the "
            "oracle optimises the paper's: record it with --objective paper"
        )
    named = threshold if threshold in ("min", "max") else float(threshold)
    violation_s = run.config.get("violation_s")
    if violation_s is None:
        return PaperObjective(named)
    return PaperObjective(named, float(violation_s))
