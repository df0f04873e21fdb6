# SPDX-License-Identifier: MIT
"""``tandem reproduce wrong-knowledge``: settings in which what the agent is told is not so."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from tandem.agents.training.knowledge import Knowledge
from tandem.scripts.app.experiments.grid import Grid, Run
from tandem.scripts.app.experiments.settings import CHANGE_AT, Setting
from tandem.scripts.app.experiments.states import JudgingStates
from tandem.scripts.app.experiments.truth import Truth
from tandem.scripts.app.experiments.units import AFTER_CHANGE, PRIOR, PRIOR_TRUE

#: By how much tables are wrong.
LIE: Final = 3.0
DEVICE_LIE: Final = Knowledge(device_factor=LIE)
HIDDEN_LOAD: Final = Knowledge(hide_site_load=True)

#: The truth is the scenario's default here, so these settings share its measured states.
_LIES: Final = (
    Setting("default-3", "nothing is wrong"),
    Setting("device-lie-3", "device table × 3 or ⅓ per option", knowledge=DEVICE_LIE),
    Setting(
        "edge-lie-3",
        "edge believed 3 times as fast",
        knowledge=Knowledge(site_factors=(("edge", 1 / LIE),)),
    ),
    Setting(
        "cloud-lie-3",
        "cloud believed 3 times as fast",
        knowledge=Knowledge(site_factors=(("cloud", 1 / LIE),)),
    ),
    Setting(
        "upload-lie-3",
        "uploads 3 times as large as believed",
        knowledge=Knowledge(upload_factor=1 / LIE),
    ),
    Setting("hidden-load-3", "load of the sites hidden", knowledge=HIDDEN_LOAD),
    Setting("hidden-radio-3", "radio hidden", knowledge=Knowledge(hide_radio=True)),
    Setting("default-5", "nothing is wrong", Truth(users=5)),
    Setting(
        "device-lie-5", "device table × 3 or ⅓ per option", Truth(users=5), knowledge=DEVICE_LIE
    ),
    Setting("hidden-load-5", "load of the sites hidden", Truth(users=5), knowledge=HIDDEN_LOAD),
)
#: The system is another one than the agent's author had before his eyes.
_OTHER_SYSTEMS: Final = (
    Setting(
        "hidden-stations-3",
        "hidden stations, twice the background",
        Truth.of(placement="hidden", backgroundStations=2),
    ),
    Setting("80211ax-3", "802.11ax", Truth.of(standard="80211ax")),
    Setting("lte-rr-3", "LTE with round robin", Truth.of("lte-edge", scheduler="rr")),
    Setting("users-4", "4 users", Truth(users=4)),
    Setting("users-7", "7 users; best found instead of optimum", Truth(users=7)),
    Setting("threshold-87-3", "threshold 87 %", threshold=87.0),
    Setting("threshold-89-3", "threshold 89 %", threshold=89.0),
)
#: The system changes in mid-run.
_CHANGES: Final = (
    Setting(
        "throttled-3",
        "devices half as fast from interaction 100 on",
        after=Truth.of(deviceServiceScale=16),
    ),
    Setting(
        "edge-moved-3",
        "edge busy all the time from interaction 100 on",
        after=Truth.of(edgeQuietLoad=0.9, edgeBusyLoad=0.98),
    ),
)
#: By name.
SETTINGS: Final[Mapping[str, Setting]] = {
    setting.name: setting for setting in (*_LIES, *_OTHER_SYSTEMS, *_CHANGES)
}

#: Most interactions of an agent in a setting that does not change.
CAP: Final = 150
CHANGE_CAP: Final = CHANGE_AT + AFTER_CHANGE[-1]
#: What is run, in the order of the tables: whether it learns.
AGENTS: Final[Mapping[str, bool]] = {
    "hybrid": True,
    PRIOR: False,
    "prior-bandit": True,
    "hybrid-no-physics": True,
    PRIOR_TRUE: False,
}
#: The settings of a smoke run.
QUICK_SETTINGS: Final = ("default-3", "device-lie-3", "hidden-load-3", "throttled-3")
QUICK_CAP: Final = 35
#: After the change of a setting in a smoke run.
QUICK_AFTER: Final = 15


def wrong_knowledge_grid(agents: Mapping[str, bool] = AGENTS) -> Grid:
    """All settings with all agents."""
    return Grid(
        tuple(
            Run(setting, agent, _cap(setting) if learns else 0)
            for setting in SETTINGS.values()
            for agent, learns in agents.items()
        )
    )


def quick_grid(agents: Mapping[str, bool] = AGENTS) -> Grid:
    """The same code, with few of everything."""
    return Grid(
        tuple(
            Run(SETTINGS[name], agent, _quick_cap(SETTINGS[name]) if learns else 0)
            for name in QUICK_SETTINGS
            for agent, learns in agents.items()
        ),
        seeds=(1, 2),
        states=JudgingStates(count=6, futures=2),
    )


def figures(settings: Sequence[Setting]) -> dict[str, list[str]]:
    """One figure of lies, one of other systems, one of changes."""
    named = {"lies": _LIES, "other_systems": _OTHER_SYSTEMS, "changes": _CHANGES}
    run = {setting.name for setting in settings}
    return {
        title: [setting.name for setting in group if setting.name in run]
        for title, group in named.items()
    }


def _cap(setting: Setting) -> int:
    return CAP if setting.after is None else CHANGE_CAP


def _quick_cap(setting: Setting) -> int:
    return QUICK_CAP if setting.after is None else CHANGE_AT + QUICK_AFTER
