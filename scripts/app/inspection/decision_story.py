# SPDX-License-Identifier: MIT
"""One decision of a run of any scenario: what was seen, played and got, and what was unusual."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd
from rich.console import Console

from tandem.bridge.core.errors import TandemError
from tandem.bridge.runs.reader import Run
from tandem.scripts.app.inspection import columns
from tandem.scripts.app.inspection.columns import BlockValues
from tandem.scripts.app.inspection.general import show

#: Values that are listed, the most unusual first.
MOST_LISTED: Final = 12
PERCENT: Final = 100.0


@dataclass(frozen=True)
class DecisionStory:
    """A decision among the others of its run.

    Attributes:
        episode, decision: which one.
        reward: of it.
        rank_percent: share of the run's decisions with a lower or equal reward.
        played: index: entry of the action. Columns: played, usual (the run's median).
        seen: index: value of the observation. Columns: before, after (at the next decision of the
            episode, NaN after the last), usual (median), rank (share of the run's decisions with a
            lower or equal value, %). The most unusual first.
    """

    episode: int
    decision: int
    reward: float
    rank_percent: float
    played: pd.DataFrame
    seen: pd.DataFrame


def story_of_decision(run: Run, episode: int | None, decision: int | None) -> DecisionStory:
    """The decision asked for; by default the one with the lowest reward.

    Raises:
        TandemError: the run has no such decision.
    """
    table = run.decisions
    rows = table if episode is None else table[table["episode"] == episode]
    rows = rows if decision is None else rows[rows["decision"] == decision]
    if not len(rows):
        raise TandemError(
            f"run {run.name} has no decision {'' if decision is None else decision} in episode "
            f"{0 if episode is None else episode}: it has {len(table)} decisions in "
            f"{len(run.episodes)} episodes"
        )
    index = int(rows.index[int(rows["reward"].to_numpy().argmin())])
    chosen: dict[str, Any] = dict(table.iloc[index])
    followed = index + 1 < len(table) and table.loc[index + 1, "episode"] == chosen["episode"]
    seen = [_seen(block, index, followed=bool(followed)) for block in columns.observations(run)]
    unusual = pd.concat(seen) if seen else pd.DataFrame()
    if len(unusual):
        distance = (unusual["rank (%)"] - PERCENT / 2.0).abs()
        unusual = unusual.loc[distance.sort_values(ascending=False, kind="stable").index]
    return DecisionStory(
        episode=int(chosen["episode"]),
        decision=int(chosen["decision"]),
        reward=float(chosen["reward"]),
        rank_percent=PERCENT * float((table["reward"] <= chosen["reward"]).mean()),
        played=pd.concat([_played(block, index) for block in columns.actions(run)]),
        seen=unusual,
    )


def print_decision(console: Console, run: Run, story: DecisionStory) -> None:
    """Tell it."""
    rewards = run.decisions["reward"]
    console.rule(
        f"[bold]{run.name}[/] · {run.metadata.get('scenario')} · episode {story.episode}, decision "
        f"{story.decision}"
    )
    console.print(
        f"Reward {story.reward:.6g}; the run's median is {rewards.median():.6g}, and "
        f"{story.rank_percent:.0f} % of its decisions got no more.",
        highlight=False,
    )
    show(console, "what was played", story.played)
    if len(story.seen):
        shown = story.seen.head(MOST_LISTED)
        show(console, f"what was seen, the {len(shown)} most unusual values first", shown)


def _names(block: BlockValues) -> list[str]:
    rows = block.values.shape[1]
    word = block.rows or "row"
    return [
        f"{block.name}: {block.title(column)}" + (f", {word} {row}" if rows > 1 else "")
        for row in range(rows)
        for column in range(len(block.columns))
    ]


def _played(block: BlockValues, index: int) -> pd.DataFrame:
    flat = block.values.reshape(len(block.values), -1)
    return pd.DataFrame(
        {"played": flat[index], "usual": np.median(flat, axis=0)}, index=_names(block)
    ).rename_axis("action")


def _seen(block: BlockValues, index: int, *, followed: bool) -> pd.DataFrame:
    flat = block.values.reshape(len(block.values), -1)
    after = flat[index + 1] if followed else np.full(flat.shape[1], np.nan)
    # A value that many decisions share has the rank of their middle.
    below = (flat < flat[index]).mean(axis=0)
    equal = (flat == flat[index]).mean(axis=0)
    return pd.DataFrame(
        {
            "before": flat[index],
            "after": after,
            "usual": np.median(flat, axis=0),
            "rank (%)": PERCENT * (below + equal / 2.0),
        },
        index=_names(block),
    ).rename_axis("observation")
