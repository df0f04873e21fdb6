# SPDX-License-Identifier: MIT
"""All cases, and how they are run."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path

from tandem.scripts.app.common.errors import OptionError
from tandem.scripts.app.validation import accounting, bianchi, box5, lte, queueing, radio, tcp, tgax
from tandem.scripts.app.validation.yardstick import Case, Row, measure


def choose(quick: bool, only: Sequence[str]) -> list[Case]:
    """The cases asked for, in the order of the table.

    Args:
        quick: a few of each group, measured for a shorter time.
        only: names of groups or cases, or how names of cases begin; empty: all.

    Raises:
        OptionError: a name fits no case.
    """
    known = [
        *bianchi.cases(quick),
        *lte.cases(),
        *tgax.cases(),
        *box5.cases(),
        *tcp.cases(),
        *queueing.cases(),
        *radio.cases(),
        *accounting.cases(),
    ]
    chosen = {case.name for name in only for case in _fitting(known, name)}
    return [
        case for case in known if (not quick or case.quick) and (not only or case.name in chosen)
    ]


def _fitting(known: Sequence[Case], name: str) -> list[Case]:
    """Those of a group, the one of this very name, or all whose names begin with it."""
    exact = [case for case in known if name in (case.group, case.name)]
    fitting = exact or [case for case in known if case.name.startswith(name)]
    if not fitting:
        groups = ", ".join(dict.fromkeys(case.group for case in known))
        raise OptionError(f"--only {name}: choose a case, or one of {groups}")
    return fitting


def run(
    cases: Sequence[Case], folder: Path, jobs: int, done: Callable[[Case, list[Row]], None]
) -> list[Row]:
    """Run cases side by side; the rows come in the order of the cases.

    Args:
        folder: each case gets a folder of its name in it.
        jobs: how many run at the same time.
        done: called with each case and its rows when it has ended.

    Raises:
        TandemError: ns-3 failed in a case; the others are not begun.
    """
    rows: dict[str, list[Row]] = {}
    with ThreadPoolExecutor(jobs) as pool:
        # The longest first, so that none is left alone at the end.
        order = sorted(cases, key=lambda case: -case.weight)
        futures = {pool.submit(measure, case, folder / case.name): case for case in order}
        try:
            for future in as_completed(futures):
                case = futures[future]
                rows[case.name] = future.result()
                done(case, rows[case.name])
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    return [row for case in cases for row in rows[case.name]]
