# SPDX-License-Identifier: MIT
"""ns-3's own outputs in a run folder: packet traces, FlowMonitor, NetAnim, frames."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final, Protocol

from tandem.bridge.core.arguments import declared_arguments
from tandem.bridge.core.env import TandemEnv
from tandem.bridge.core.scenarios import scenario_executable
from tandem.scripts.app.common.errors import OptionError

#: ns-3's own outputs: switch → (scenario argument, file in the run folder).
TRACE_FILES: Final = {
    "pcap": ("pcap", "trace"),
    "flowmon": ("flowmon", "flowmon.xml"),
    "netanim": ("netanim", "netanim.xml"),
}
#: In ``meta`` of a scenario whose episodes write files of their own (C++ ``TraceOutputs``).
PER_EPISODE: Final = "trace_files"


def check_outputs(scenario: str, wanted: Sequence[str]) -> None:
    """Refuse outputs that a scenario of this machine does not write.

    Args:
        scenario: its name or path.
        wanted: switches, such as ``pcap`` and ``frames``.

    Raises:
        OptionError: names the switch and what the scenario needs.
    """
    if not wanted:
        return
    known = declared_arguments(scenario_executable(scenario)).arguments
    for name in wanted:
        if name not in known:
            raise OptionError(
                f"--{name}: scenario {Path(scenario).name} has no argument {name!r}. Two lines of "
                "C++ give it one: `TraceOutputs traces(link, arguments);` before Parse() and "
                "`traces.Install();` before BeginEpisode() (access/trace-outputs.h)"
            )


class MakeEnv(Protocol):
    """Starts an environment."""

    def __call__(self, *, one_shot: bool) -> TandemEnv: ...


def trace_arguments(traces: Sequence[str], folder: Path) -> dict[str, object]:
    """Scenario arguments that put the files of these switches into a folder."""
    named = {TRACE_FILES[name][0]: TRACE_FILES[name][1] for name in traces}
    return {argument: str((folder / file).resolve()) for argument, file in named.items()}


def check_episodes(
    make_in: Callable[[Path], MakeEnv], episodes: int, traces: Sequence[str]
) -> None:
    """Refuse several episodes of a scenario that traces its first process only.

    Args:
        make_in: starts an environment whose files go to a folder.
        episodes: that are to be played.
        traces: switches of the files.

    Raises:
        OptionError: names the switch and the number of episodes.
    """
    if not traces or episodes == 1:
        return
    # An earlier run is still in the run folder.
    with TemporaryDirectory() as elsewhere, make_in(Path(elsewhere))(one_shot=False) as env:
        if PER_EPISODE not in env.schema.meta:
            raise OptionError(
                f"--{traces[0]} records one episode of {env.schema.scenario}, not {episodes}: "
                "leave out --episodes"
            )


def traced_env(make: MakeEnv, traces: Sequence[str]) -> TandemEnv:
    """An environment whose episodes write trace files.

    Args:
        make: starts it; takes ``one_shot``.
        traces: switches of the files.
    """
    env = make(one_shot=False)
    if not traces or PER_EPISODE in env.schema.meta:
        return env
    env.close()
    return make(one_shot=True)
