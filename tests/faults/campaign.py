# SPDX-License-Identifier: MIT
"""Random kills of everything that takes part in a run: ``make faults``.

Two kinds of rounds. In the first an agent steps and branches, and its simulator, zygote or branch
children are killed under it. In the second whole runs are recorded, here or on a server, while
agent, client, server or simulator are killed again and again; each run is resumed until it is
complete, and its tables must be those of the uninterrupted run, byte for byte.
"""

from __future__ import annotations

import argparse
import atexit
import os
import random
import shutil
import sys
import tempfile
import time
from pathlib import Path

from processes import adopt_orphans
from tally import Belongings, Tally

#: Share of faults that hit whole runs; these take longer.
RUN_SHARE = 0.15
GONE_LIMIT_S = 10.0


def campaign(kills: int, limit_s: float, seed: int, folder: Path) -> tuple[Tally, dict[str, int]]:
    """Inject up to ``kills`` faults, but stop after ``limit_s``.

    Returns:
        What was counted, and the leaks by kind.
    """
    temporary = folder / "tmp"
    temporary.mkdir()
    tempfile.tempdir = os.environ["TMPDIR"] = str(temporary)
    adopt_orphans()
    from local_kills import KINDS, LocalKills
    from run_kills import RunKills

    tally = Tally()
    chooser = random.Random(seed)
    end_s = time.monotonic() + limit_s
    runs = RunKills(tally, seed, folder / "runs", end_s)
    try:
        runs.warm_up()
        LocalKills(tally, seed).close()
        before = Belongings.now(temporary)
        wanted = max(1, round(kills * RUN_SHARE))
        while tally.faults < wanted and time.monotonic() < end_s:
            runs.round()
            _tell(tally, kills)
        local = LocalKills(tally, seed)
        while tally.faults < kills and time.monotonic() < end_s:
            local.inject(chooser.choice(KINDS))
            runs.reap()
            _tell(tally, kills)
        local.close()
        del local  # its channel as well
        after_s = time.monotonic() + GONE_LIMIT_S
        while True:
            runs.reap()
            leaks = Belongings.now(temporary).leaked_since(before)
            if not any(leaks.values()) or time.monotonic() > after_s:
                return tally, leaks
            time.sleep(0.05)
    finally:
        runs.close()


def _tell(tally: Tally, kills: int) -> None:
    if sys.stderr.isatty():
        print(f"\r{tally.faults} of {kills}", end="", file=sys.stderr, flush=True)


def main() -> int:
    """The command line; the exit status is 0 if nothing went wrong."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=1000)
    parser.add_argument("--limit", type=float, default=2400.0, help="stop after so many seconds")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="tandem-faults-"))
    # Last of all: multiprocessing, imported later, removes its own folder in this one before.
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    tally, leaks = campaign(options.kills, options.limit, options.seed, folder)
    print(f"{chr(13) if sys.stderr.isatty() else ''}{tally.table(leaks)}")
    for failure in tally.failures:
        print("FAILED", failure)
    if tally.faults < options.kills:
        print(f"FAILED only {tally.faults} of {options.kills} faults within {options.limit:g} s")
    wrong = tally.failures or tally.lost or any(leaks.values()) or tally.faults < options.kills
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
