# SPDX-License-Identifier: MIT
"""ns-3 and PyTorch agents, in step.

The sub-packages are the repository's folders: a source tree holds links to them here, a wheel their
files. Importing this package registers the environments with Gymnasium and loads nothing else.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from tandem.bridge.core.domain import register_domain
from tandem.bridge.core.registration import register_with_gymnasium
from tandem.moved import serve_old_names

if TYPE_CHECKING:
    from tandem.bridge.runs.reader import Run

    __version__: str

register_with_gymnasium()
serve_old_names()
register_domain("requests", "tandem.agents.inference.domain:INFERENCE")
register_domain("flows", "tandem.agents.networking.tcp_bottleneck:TCP_BOTTLENECK")
register_domain("ues", "tandem.agents.networking.lte_power:LTE_POWER")
register_domain("stations", "tandem.agents.networking.wifi_contention:WIFI_CONTENTION")


def load_run(folder: str | os.PathLike[str]) -> Run:
    """Read a run folder: pandas tables and the topology (see `tandem.bridge.runs.reader.Run`)."""
    from tandem.bridge.runs.reader import load_run as load

    return load(folder)


def __getattr__(name: str) -> Any:
    if name == "__version__":
        from tandem._version import version

        return version
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
