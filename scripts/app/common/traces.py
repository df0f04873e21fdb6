# SPDX-License-Identifier: MIT
"""ns-3's own outputs in a run folder: packet traces, FlowMonitor, NetAnim, frames."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from tandem.bridge.core.arguments import declaration_for, to_texts
from tandem.bridge.core.scenarios import scenario_executable
from tandem.scripts.app.common.errors import OptionError

#: ns-3's own outputs: switch and scenario argument → file in the run folder.
TRACE_FILES: Final = {
    "pcap": "trace",
    "flowmon": "flowmon.xml",
    "netanim": "netanim.xml",
}


def check_outputs(
    scenario: str, wanted: Sequence[str], episodes: int, arguments: Mapping[str, object]
) -> bool:
    """Refuse outputs that a scenario of this machine does not write.

    Args:
        scenario: its name or path.
        wanted: switches, such as ``pcap`` and ``frames``.
        episodes: that are to be played.
        arguments: of the scenario.

    Returns:
        Whether the files need a simulator that plays one episode only.

    Raises:
        OptionError: names the switch and what the scenario needs.
    """
    if not wanted:
        return False
    known = declaration_for(scenario_executable(scenario), to_texts(arguments)).arguments
    name = Path(scenario).name
    for switch in wanted:
        if switch not in known:
            raise OptionError(
                f"--{switch}: scenario {name} has no argument {switch!r}. Two lines of "
                "C++ give it one: `TraceOutputs traces(link, arguments);` before Parse() and "
                "`traces.Install();` before BeginEpisode() (access/trace-outputs.h)"
            )
    once = [switch for switch in wanted if switch in TRACE_FILES and not known[switch].per_episode]
    if once and episodes > 1:
        raise OptionError(
            f"--{once[0]} records one episode of {name}, not {episodes}, because the scenario "
            "opens its files before an episode begins: leave out --episodes, or use TraceOutputs "
            "in the scenario (access/trace-outputs.h)"
        )
    return bool(once)


def trace_arguments(traces: Sequence[str], folder: Path) -> dict[str, object]:
    """Scenario arguments that put the files of these switches into a folder."""
    return {name: str((folder / TRACE_FILES[name]).resolve()) for name in traces}
