# SPDX-License-Identifier: MIT
"""Where a result comes from: versions, machine, source revision, settings."""

from __future__ import annotations

import datetime
import hashlib
import importlib.metadata
import json
import os
import platform
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from tandem.bridge.core.program_digest import file_digest
from tandem.bridge.core.schema import Schema
from tandem.bridge.runs import folder as run_folder

#: Distributions whose versions a result may depend on.
DEPENDENCIES: Final = ("numpy", "gymnasium", "pyarrow", "pandas")
GIT_TIMEOUT_S: Final = 5.0


def config_hash(config: Mapping[str, Any]) -> str:
    """SHA-256 of the configuration, independent of the order of its keys."""
    text = json.dumps(config, sort_keys=True, separators=(",", ":"), default=str)
    return hashlib.sha256(text.encode()).hexdigest()


def provenance(schema: Schema, config: Mapping[str, Any]) -> dict[str, Any]:
    """Where a result comes from: versions, machine, source revision."""
    return {
        "format": run_folder.FORMAT,
        "format_version": run_folder.FORMAT_VERSION,
        "scenario": schema.scenario,
        "config_sha256": config_hash(config),
        "started_at": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds"),
        "tandem_version": schema.tandem_version,
        "ns3_version": schema.ns3_version,
        "ns3_provider": schema.ns3_provider,
        "python_version": platform.python_version(),
        "dependencies": {name: importlib.metadata.version(name) for name in DEPENDENCIES},
        "git_sha": git_sha(),
        "host": {
            "name": platform.node(),
            "system": platform.platform(),
            "machine": platform.machine(),
            "cpus": os.cpu_count(),
        },
    }


def build_identity(program: Path) -> dict[str, str | None]:
    """What differs between two builds: version, commit, content of the scenario's executable."""
    return {
        "tandem_version": importlib.metadata.version("ns3-tandem"),
        "git_sha": git_sha(),
        "program_sha256": file_digest(program) if program.is_file() else None,  # on another machine
    }


def git_sha() -> str | None:
    """Commit of the source tree this package runs from; ``None`` when it is not in one.

    A package installed into an environment that lies inside some other repository is not tracked
    there, so that repository's commit is not reported.
    """
    source = Path(__file__).resolve()
    tracked = _git(source.parent, "ls-files", "--error-unmatch", source.name)
    return None if tracked is None else _git(source.parent, "rev-parse", "HEAD")


def _git(folder: Path, *arguments: str) -> str | None:
    try:
        result = subprocess.run(
            ["git", "-C", str(folder), *arguments],
            capture_output=True,
            text=True,
            timeout=GIT_TIMEOUT_S,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return result.stdout.strip() if result.returncode == 0 else None
