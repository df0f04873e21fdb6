# SPDX-License-Identifier: MIT
"""Environments and experiments written for ns3-ai and ns3-gym, on tandem's channel.

Two ways to use them; neither touches a real ns3-ai or ns3-gym installation:

* import them by their place here::

    from tandem.compat.ns3ai import Experiment      # was: from ns3ai_utils import Experiment
    import tandem.compat.ns3ai                       # registers "ns3ai_gym_env/Ns3-v0"
    from tandem.compat.ns3gym import ns3env          # was: from ns3gym import ns3env

* make the original module names importable, for this process with :func:`enable`, for all
  processes of this Python with ``tandem compat enable``. A real package of that name wins.

The simulators are compiled by ``tandem build --compat``.
"""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from typing import Final

#: The modules that scripts written for the originals import.
ORIGINAL_NAMES: Final = ("ns3ai_utils", "ns3ai_gym_env", "ns3gym", "py_interface")


def names_folder() -> Path:
    """The folder with one module for each of `ORIGINAL_NAMES`."""
    return Path(__file__).resolve().parent / "names"


def enable() -> list[str]:
    """Make the original module names importable in this process.

    Returns:
        Those names that another installed package already serves; they stay that package's.
    """
    folder = str(names_folder())
    if folder not in sys.path:
        sys.path.append(folder)  # last, so that a real package wins
    return [name for name in ORIGINAL_NAMES if not served_here(name)]


def served_here(name: str) -> bool:
    """Whether importing an original name gives this package's module."""
    spec = importlib.util.find_spec(name)
    return (
        spec is not None
        and spec.origin is not None
        and Path(spec.origin).resolve().is_relative_to(names_folder())
    )
