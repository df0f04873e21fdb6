# SPDX-License-Identifier: MIT
"""The file of the pre-trained networks: arrays, and beside it what they were trained on."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

import numpy as np

from tandem.agents.inference.model.features import FEATURES
from tandem.agents.inference.model.loads import LOADS
from tandem.agents.inference.model.network import Network
from tandem.bridge.core.documents import read_json
from tandem.bridge.core.errors import TandemError
from tandem.bridge.core.files import replacing

#: The networks that the package ships.
SHIPPED: Final = Path(__file__).parent / "data" / "pretrained.npz"
#: A file of another version has other inputs or outputs.
FORMAT_VERSION: Final = 1


class PretrainedError(TandemError):
    """The file of the pre-trained networks is missing or does not fit this version."""


@dataclass(frozen=True)
class Pretrained:
    """Networks of the components that need one.

    Attributes:
        uplink, downlink: give logarithms of seconds; the downlink does not see the loads.
        wait: gives the logarithm of the mean wait, in units of
            `tandem.agents.inference.model.pretrained.WAIT_UNIT_S`.
    """

    uplink: Network
    wait: Network
    downlink: Network

    def save(self, path: Path, recipe: Mapping[str, Any]) -> None:
        """Write the arrays to ``path`` (.npz) and the recipe beside it (.json)."""
        arrays = {
            **self.uplink.arrays("uplink"),
            **self.wait.arrays("wait"),
            **self.downlink.arrays("downlink"),
        }
        with replacing(path) as temporary, temporary.open("wb") as file:
            np.savez_compressed(file, allow_pickle=False, **arrays)
        about = {"version": FORMAT_VERSION, "features": list(FEATURES), "loads": list(LOADS)}
        text = json.dumps({**about, **recipe}, indent=2) + "\n"
        with replacing(path.with_suffix(".json")) as temporary:
            temporary.write_text(text)


@lru_cache(maxsize=4)
def load_pretrained(path: Path = SHIPPED) -> Pretrained:
    """Read networks, by default those that the package ships.

    Raises:
        PretrainedError: there are none, or they were made for other features.
    """
    try:
        about = read_json(path.with_suffix(".json"))
        with np.load(path, allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files}
    except (OSError, ValueError) as error:
        raise PretrainedError(
            f"{path} holds no pre-trained networks ({error}): make them by `tandem pretrain`"
        ) from None
    expected = {"version": FORMAT_VERSION, "features": list(FEATURES), "loads": list(LOADS)}
    for name, value in expected.items():
        if about.get(name) != value:
            raise PretrainedError(
                f"{path} does not fit this version of tandem: it was made for {name} "
                f"{about.get(name)}, not {value}; make it again by `tandem pretrain`"
            )
    return Pretrained(*(Network.of(arrays, name) for name in ("uplink", "wait", "downlink")))
