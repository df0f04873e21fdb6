# SPDX-License-Identifier: MIT
"""What defines a recorded run: its folder's name and its ``config.yaml``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from tandem.bridge.runs import folder as run_folder

DEFAULT_EPOCHS: Final = 50


def default_folder(scenario: str, policy: str, users: int | None, seed: int) -> Path:
    """``runs/wifi-edge-edge-u5-s1``."""
    parts = [Path(scenario).stem, policy, *([] if users is None else [f"u{users}"]), f"s{seed}"]
    return Path("runs") / "-".join(parts)


def run_config(
    *,
    scenario: str,
    policy: str,
    seed: int,
    episodes: int,
    objective: str,
    accuracy: str,
    epochs: int,
    users: int | None,
    frames: bool,
    settings: Mapping[str, object],
    traces: Sequence[str],
) -> dict[str, Any]:
    """What ``config.yaml`` of a run holds: everything needed to repeat it."""
    arguments: dict[str, object] = {"epochs": epochs}
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
        "objective": objective,
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
