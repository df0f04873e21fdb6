# SPDX-License-Identifier: MIT
"""What defines a recorded run: its folder's name and its ``config.yaml``."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from tandem.bridge.runs import folder as run_folder
from tandem.scripts.app.common.named import absolute_name

DEFAULT_EPOCHS: Final = 50


def default_folder(scenario: str, policy: str, users: int | None, seed: int) -> Path:
    """``runs/wifi-edge-edge-u5-s1``."""
    parts = [
        Path(scenario).stem,
        policy_label(policy),
        *([] if users is None else [f"u{users}"]),
        f"s{seed}",
    ]
    return Path("runs") / "-".join(parts)


def policy_label(text: str) -> str:
    """A policy's name as part of a folder's."""
    return re.sub(r"[^A-Za-z0-9_.:=,-]+", "_", text).strip("_")


def run_config(
    *,
    scenario: str,
    policy: str,
    seed: int,
    episodes: int,
    objective: str,
    accuracy: str,
    epochs: int | None,
    users: int | None,
    frames: bool,
    settings: Mapping[str, object],
    traces: Sequence[str],
    inherited: Mapping[str, object] | None = None,
) -> dict[str, Any]:
    """What ``config.yaml`` of a run holds: everything needed to repeat it.

    Args:
        epochs: decisions per episode; ``None``: as inherited.
        inherited: scenario arguments of another run, where the others say nothing.
    """
    arguments: dict[str, object] = dict(inherited or {})
    if epochs is not None:
        arguments["epochs"] = epochs
    if users is not None:
        arguments["users"] = users
    if frames:
        arguments["frames"] = 1
    arguments.update(settings)
    return {
        "scenario": scenario,
        "policy": policy,
        "seed": seed,
        "episodes": episodes,
        "objective": absolute_name(objective),
        "accuracy_threshold": accuracy if objective == "paper" else None,
        "arguments": arguments,
        "traces": list(traces),
    }


def check_same(folder: Path, config: dict[str, Any]) -> None:
    """Refuse to resume a run of other settings.

    Raises:
        RunFolderError: the folder holds no run, or one of other settings.
    """
    if not (folder / run_folder.CONFIG).is_file():
        raise run_folder.RunFolderError(f"{folder} holds no run to resume: it has no config.yaml")
    stored = run_folder.read_config(folder)
    changed = [name for name in config if stored.get(name) != config[name]]
    if changed:
        raise run_folder.RunFolderError(
            f"{folder} is a run with another {changed[0]}: {stored.get(changed[0])!r} instead of "
            f"{config[changed[0]]!r}; give the same options as then"
        )
