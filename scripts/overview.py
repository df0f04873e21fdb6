# SPDX-License-Identifier: MIT
"""Every command in a line, and the page of ``tandem --help``; imports no command.

"The paper" in these lines is Shahhosseini et al., ISQED 2022 (arXiv 2202.11098).
"""

from __future__ import annotations

import shutil
import textwrap

SECTIONS = {
    "Simulate and learn": {
        "demo": "Train hybrid agents on real ns-3, then compare them with fixed policies and the "
        "optimum.",
        "run": "Play a policy in a scenario and record everything.",
        "train": "Train an agent on real ns-3 and record everything.",
        "pretrain": "Train a system model without hand-written physics, on drawn scenarios.",
        "evaluate": "Compare a trained agent with other policies and the optimum, at new states.",
        "sweep": "Run a grid of scenario arguments, policies and seeds, and compare the results.",
        "dataset": "Record policies, and at each decision what other actions would have led to.",
        "reproduce": "Repeat experiments: how fast agents learn, and what wrong knowledge does.",
    },
    "Look at recorded runs": {
        "watch": "Show a live page of a run, a training or a sweep, and replay what was recorded.",
        "analyze": "Print what runs recorded.",
        "report": "Draw the figures of recorded runs.",
        "explain": "Explain why a request took so long, or what happened at a decision.",
        "dissector": "Print the path of the Wireshark plugin that shows request numbers.",
    },
    "Scenarios": {
        "scenarios": "List the scenarios and their arguments, with defaults, limits and units.",
        "calibrate": "Compare simple policies with the optimum: is a scenario worth learning?",
        "profiles": "Show, measure and plot what each DNN variant costs on each device.",
        "new": "Write a folder with a scenario in C++, its objective and an agent in Python.",
        "build": "Compile a scenario against the ns-3 that is installed with tandem.",
        "compat": "Run scenarios and scripts written for ns3-ai or ns3-gym.",
    },
    "Simulate on a server": {
        "serve": "Offer a pool of local simulators to agents in other processes and machines.",
        "top": "Watch a server: speed, latency, simulators, clients and errors.",
        "keys": "Make and list the keys that servers and clients on other machines need.",
    },
    "This installation": {
        "doctor": "Check compiler, ns-3, shared memory and versions, and say how to fix faults.",
        "validate": "Measure how near the simulation comes to what others have published.",
        "bench": "Measure how fast commands, resets, branches, decisions and planning are here.",
    },
}
USAGE = "Usage: tandem [OPTIONS] COMMAND [ARGS]..."
SUMMARY = "Packet-level ns-3 co-simulation for learning agents."
VERSION = "Print the version."
_OPTIONS = {
    "--version": VERSION,
    "--install-completion": "Let your shell complete commands and options.",
    "--show-completion": "Print what --install-completion would install.",
    "--help": "Show this message; after a command: its options.",
}
_INDENT = "  "
_WIDEST = 100


def page() -> str:
    """What ``tandem --help`` shows."""
    width = min(shutil.get_terminal_size().columns, _WIDEST)
    longest = max(len(name) for lines in SECTIONS.values() for name in lines)
    tables = [_table(title, lines, longest, width) for title, lines in SECTIONS.items()]
    options = _table("Options", _OPTIONS, max(map(len, _OPTIONS)), width)
    return "\n\n".join([USAGE, SUMMARY, *tables, options])


def summary(command: str) -> str:
    """A command in a line."""
    return next(lines[command] for lines in SECTIONS.values() if command in lines)


def _table(title: str, lines: dict[str, str], longest: int, width: int) -> str:
    """Names in a column as wide as the longest one, with their meanings beside them."""
    column = len(_INDENT) + longest + len(_INDENT)
    rows = [
        textwrap.fill(
            meaning,
            width,
            initial_indent=f"{_INDENT}{name}".ljust(column),
            subsequent_indent=" " * column,
        )
        for name, meaning in lines.items()
    ]
    return "\n".join([f"{title}:", *rows])
