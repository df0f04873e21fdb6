# SPDX-License-Identifier: MIT
"""The table of the search for the baselines' settings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np

from tandem.agents.common.units import MS_PER_S
from tandem.agents.evaluation.aggregate import Bounded
from tandem.agents.evaluation.convergence import Convergence
from tandem.agents.registry import learner_config
from tandem.scripts.app.common.markdown import table

Result = Mapping[str, Any]
#: Interactions after which the table shows the excess; the nearest evaluation before is taken.
SHOWN: Final = 4
PERCENT: Final = 100.0
HEAD: Final = """<!-- SPDX-License-Identifier: MIT -->
# Settings of the baselines

`python -m tandem.scripts.app.training.baseline_search docs/results/baselines --check` tried these;
`scripts/app/training/baseline_grid.py` lists them. wifi-edge, 3 users, threshold 85 %. Figures are
the greedy policy's cost above the held-out optimum in percent after so many interactions, mean of
two seeds, at 24 states × 4 futures of seeds that no experiment judges by. "Arrived": interactions
at the first of three evaluations in a row within 5 % of that optimum; a run that did not get there
counts with its last evaluation. The bold row arrived first; of equal ones it has the least "2nd
half", the mean over the second half of the evaluations. It is the default of the baseline's config.
"Learning": mean cost of a decision while learning, ms.

Interactions are replayed outcomes of 120 states. Rows "in ns-3" played in the simulator itself,
with the same seeds and judges: they show whether the replay ranks settings alike.
"""


def markdown(results: Sequence[Result], planned: int) -> str:
    """One table per baseline; the settings are rows, the chosen one in bold.

    Args:
        planned: how many results a complete search has.
    """
    parts = [HEAD]
    if len(results) < planned:
        parts.append(
            f"**{len(results)} of {planned} runs are finished**; the command does the rest. A "
            "baseline without a table has kept its earlier settings.\n"
        )
    for agent in dict.fromkeys(str(one["agent"]) for one in results):
        parts.append(_section(agent, [one for one in results if one["agent"] == agent]))
    return "\n".join(parts)


def arrived(result: Result) -> Bounded:
    """Interactions until the policy stayed near the optimum; the last evaluation if it did not."""
    convergence = Convergence()
    for interactions, excess in zip(result["evaluations"], result["excess_percent"], strict=True):
        convergence.add_ratio(interactions, 1.0 + excess / PERCENT, version=interactions)
    if convergence.reached:
        return convergence.interactions
    return Bounded(float(result["evaluations"][-1]), censored=True)


def second_half(result: Result) -> float:
    """Mean excess over the second half of the evaluations, percent."""
    excess = result["excess_percent"]
    return float(np.mean(excess[len(excess) // 2 :]))


def _section(agent: str, results: Sequence[Result]) -> str:
    told = list(dict.fromkeys(str(one["known"]) for one in results))
    points = _points(results[0]["evaluations"])
    columns = [
        f"{known} {point}" if len(told) > 1 else str(point) for known in told for point in points
    ]
    heading = ["settings", *columns, "arrived", "2nd half", "learning"]
    rows = []
    groups = _groups(results)
    replayed = {key: group for key, group in groups.items() if not key[1]}
    chosen = min(replayed, key=lambda key: _rank(replayed[key]))
    names, common = _names(agent, list(groups.values()))
    for (key, group), text in zip(groups.items(), names, strict=True):
        name = text + (", in ns-3" if key[1] else "")
        cells = [
            f"{np.mean([_at(one, point) for one in group if one['known'] == known]):.1f}"
            for known in told
            for point in points
        ]
        interactions, half = _rank(group)
        some_did_not = any(arrived(one).censored for one in group)
        cells.append(f"{'> ' if some_did_not else ''}{interactions:.0f}")
        cells.append(f"{half:.1f}")
        learning_s = np.mean([one["mean_cost_while_learning_s"] for one in group])
        cells.append(f"{MS_PER_S * learning_s:.0f}")
        name = f"**{name}**" if key == chosen else name
        rows.append([name, *cells])
    told_once = f"\nIn all rows: {common}.\n" if common else ""
    return f"## {agent}\n\n{table(heading, rows)}{told_once}"


def _rank(group: Sequence[Result]) -> tuple[float, float]:
    """What decides, first things first; the less the better."""
    return (
        float(np.mean([arrived(one).value for one in group])),
        float(np.mean([second_half(one) for one in group])),
    )


def _groups(results: Sequence[Result]) -> dict[tuple[str, bool], list[Result]]:
    """Runs with the same settings in the same world."""
    groups: dict[tuple[str, bool], list[Result]] = {}
    for one in results:
        groups.setdefault((repr(one["given"]), bool(one["simulated"])), []).append(one)
    return groups


def _points(evaluations: Sequence[int]) -> list[int]:
    """Some of the evaluations, the last among them."""
    step = max(1, len(evaluations) // SHOWN)
    return list(reversed(list(reversed(evaluations))[::step]))


def _at(result: Result, point: int) -> float:
    return float(result["excess_percent"][list(result["evaluations"]).index(point)])


def _names(agent: str, groups: Sequence[Sequence[Result]]) -> tuple[list[str], str]:
    """What distinguishes each row, and what all rows have in common."""
    rows = []
    for group in groups:
        given = group[0]["given"]
        rows.append(dict(_flat(given, learner_config(agent, given).model_dump(), "")))
    common = [name for name in rows[0] if len({row[name] for row in rows}) == 1]
    texts = [_text({name: row[name] for name in row if name not in common}) for row in rows]
    return texts, _text({name: rows[0][name] for name in common})


def _text(settings: Mapping[str, float]) -> str:
    """Names and values, for a cell of a table."""
    return ", ".join(f"`{name}` {value:g}" for name, value in settings.items())


def _flat(
    given: Mapping[str, Any], config: Mapping[str, Any], prefix: str
) -> list[tuple[str, float]]:
    """Names and values of nested settings."""
    result: list[tuple[str, float]] = []
    for name in config:
        if name in given:
            value = given[name]
            inner = isinstance(value, Mapping)
            result += (
                _flat(value, config[name], f"{prefix}{name}.")
                if inner
                else [(f"{prefix}{name}", float(value))]
            )
    return result
