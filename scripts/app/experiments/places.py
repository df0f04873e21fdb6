# SPDX-License-Identifier: MIT
"""Where the experiments keep things."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tandem.agents.evaluation.cache import OracleCache
from tandem.bridge.parts.api import Folders

WORK: Final = "work"
CACHE: Final = "cache"


@dataclass(frozen=True, slots=True)
class Places:
    """Folders of finished parts.

    Attributes:
        work: lists of measured states, and finished runs.
        cache: the oracle's tables; empty: the user's cache.
    """

    work: str
    cache: str = ""

    @property
    def folders(self) -> Folders:
        """By name, for parts that may run elsewhere."""
        return {WORK: Path(self.work), CACHE: self.store.folder}

    @classmethod
    def of(cls, folders: Folders) -> Places:
        """The inverse of `folders`."""
        return cls(str(folders[WORK]), str(folders[CACHE]))

    @property
    def store(self) -> OracleCache:
        """The oracle's cache."""
        return OracleCache(Path(self.cache)) if self.cache else OracleCache()

    def file(self, kind: str, name: str, content: object) -> Path:
        """A part's file.

        Args:
            kind: the folder.
            name: for people; may be cut.
            content: everything that the part is defined by; its ``repr`` decides.
        """
        digest = hashlib.sha256(repr(content).encode()).hexdigest()[:12]
        return Path(self.work) / kind / f"{name}-{digest}.json"
