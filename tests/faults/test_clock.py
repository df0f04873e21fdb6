# SPDX-License-Identifier: MIT
"""The wall clock may jump: only monotonic clocks decide when a wait is over."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

from interposed import compiled

from tandem.bridge.core.simulator import Simulator

ROOT = Path(__file__).parents[2]
#: Of the wall clock, in Python and in C++.
WALL_CLOCK = re.compile(
    r"\btime\.time(_ns)?\(|datetime\.(now|today|utcnow)\(|CLOCK_REALTIME|system_clock"
    r"|gettimeofday|\btime\(nullptr\)|timespec_get|\bctime\("
)
#: What only writes down when something was.
DATES = {"bridge/runs/provenance.py", "scripts/app/benchmarks/record.py"}
YEAR_S = 365 * 86_400
STEP_TIMEOUT_S = 0.5


def test_no_source_waits_by_the_wall_clock() -> None:
    sources = [
        path
        for folder in ("agents", "bridge", "dnn_profiles", "ns3_scenarios", "scripts")
        for suffix in ("py", "h", "cc")
        for path in (ROOT / folder).rglob(f"*.{suffix}")
    ]
    assert len(sources) > 100
    found = {
        str(path.relative_to(ROOT))
        for path in sources
        if WALL_CLOCK.search(path.read_text(encoding="utf-8"))
    }
    assert found == DATES


PROGRAM = """
import threading, time
from remote_servers import serving
from tandem.bridge.core.errors import SimulatorTimeout
from tandem.bridge.backends.remote import RemoteSimulator, Target
from tandem.bridge.core.simulator import Simulator

ended, seen = threading.Event(), []

def look():
    while not ended.wait(0.005):
        seen.append(time.time())

looking = threading.Thread(target=look)
looking.start()
WIFI = {"users": 2, "epochs": 0}

def play(simulator):
    simulator.reset(5)
    for action in [[8, 9], [8, 8], [0, 9], [9, 9]]:
        print(simulator.step(action).records["requests"].tobytes().hex())
    simulator.branch([[8, 8]] * 2)
    simulator.close()

play(Simulator("wifi-edge", WIFI, step_timeout_s=60.0, start_timeout_s=60.0))
with serving(["wifi-edge"], idle_timeout_s=60.0, heartbeat_s=5.0) as server:
    play(RemoteSimulator("wifi-edge", WIFI, target=Target(server.address, heartbeat_s=5.0)))
hanging = Simulator("echo", {"values": 1, "epochs": 0, "hangAt": 1}, step_timeout_s=0.5)
hanging.reset(1)
start_s = time.monotonic()
try:
    hanging.step([1.0])
except SimulatorTimeout:
    print("timeout after", time.monotonic() - start_s)
hanging.close()
ended.set()
looking.join()
print("jumped", max(seen) - min(seen))
"""


def test_jumps_of_years_change_nothing(tmp_path: Path) -> None:
    """Agent, simulators and server with a wall clock that jumps fifty times a second."""
    library = compiled("jumping_clock", tmp_path)
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": str(ROOT / "tests"), "LD_PRELOAD": str(library)},
    )
    assert done.returncode == 0, done.stderr
    *tables, timeout, jumped = done.stdout.splitlines()
    with Simulator("wifi-edge", {"users": 2, "epochs": 0}) as simulator:
        simulator.reset(5)
        here = [
            simulator.step(action).records["requests"].tobytes().hex()
            for action in ([8, 9], [8, 8], [0, 9], [9, 9])
        ]
    assert tables == [*here, *here]
    assert float(timeout.split()[-1]) >= STEP_TIMEOUT_S
    assert float(jumped.split()[-1]) > YEAR_S, "the clock did not jump"
