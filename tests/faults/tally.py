# SPDX-License-Identifier: MIT
"""What a fault campaign counts, and the table that it prints."""

from __future__ import annotations

import contextlib
import os
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from processes import descendants


@dataclass
class Tally:
    """Counts of one campaign.

    Attributes:
        detections_s: seconds until each fault was noticed and cleaned up, by kind.
        limits_s: deadline by kind.
        lost: requests that were finished and are not on disk, or differ.
        failures: what went otherwise than it must.
    """

    detections_s: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    limits_s: dict[str, float] = field(default_factory=dict)
    lost: int = 0
    failures: list[str] = field(default_factory=list)

    def note(self, kind: str, seconds: float, limit_s: float) -> None:
        """Count one fault and how long it took to be dealt with."""
        self.detections_s[kind].append(seconds)
        self.limits_s[kind] = limit_s
        if seconds > limit_s:
            self.failures.append(f"{kind}: dealt with after {seconds:.3f} s, limit {limit_s:g} s")

    def expect(self, condition: bool, what: str) -> None:
        """Note a failure unless ``condition`` holds."""
        if not condition:
            self.failures.append(what)

    @property
    def faults(self) -> int:
        """Injected so far."""
        return sum(map(len, self.detections_s.values()))

    def table(self, leaks: dict[str, int]) -> str:
        """The report."""
        lines = [f"{'fault':<28}{'injected':>9}{'worst detection':>18}{'limit':>9}"]
        for kind, seconds in sorted(self.detections_s.items()):
            lines.append(
                f"{kind:<28}{len(seconds):>9}{max(seconds):>16.3f} s{self.limits_s[kind]:>7g} s"
            )
        worst = max((max(seconds) for seconds in self.detections_s.values()), default=0.0)
        lines += [
            f"{'all':<28}{self.faults:>9}{worst:>16.3f} s",
            f"leaks: {sum(leaks.values())} ("
            + ", ".join(f"{name} {count}" for name, count in leaks.items())
            + ")",
            f"lost requests: {self.lost}",
        ]
        return "\n".join(lines)


@dataclass(frozen=True)
class Belongings:
    """What this process and those below it hold."""

    processes: frozenset[int]
    descriptors: tuple[str, ...]
    shared: frozenset[str]
    temporary: frozenset[str]

    @classmethod
    def now(cls, temporary: Path) -> Belongings:
        """Count now; ``temporary`` is the folder for temporary files of all processes."""
        return cls(
            frozenset(descendants(os.getpid())),
            tuple(_descriptors()),
            frozenset(str(path) for path in Path("/dev/shm").glob("*tandem*")),
            # Actions of failed episodes are left on purpose.
            frozenset(str(p) for p in temporary.rglob("*") if p.suffix != ".actions"),
        )

    def leaked_since(self, before: Belongings) -> dict[str, int]:
        """How much more there is than before."""
        return {
            "processes": len(self.processes - before.processes),
            "descriptors": max(0, len(self.descriptors) - len(before.descriptors)),
            "shared memory": len(self.shared - before.shared),
            "temporary files": len(self.temporary - before.temporary),
        }


def _descriptors() -> Iterator[str]:
    """What this process has open."""
    for entry in Path("/proc/self/fd").iterdir():
        with contextlib.suppress(OSError):
            yield str(entry.readlink())
