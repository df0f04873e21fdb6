# SPDX-License-Identifier: MIT
"""The catalogue: profiles, devices and energies, and the queries on them.

The installed tables are read once. Users add their own devices and variants by CSV files of the
same format: pass them as ``extra`` or append to one with ``tandem profiles measure``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from tandem.dnn_profiles.errors import ProfileError
from tandem.dnn_profiles.rows import Device, Energy, Option, Profile, Site, Split
from tandem.dnn_profiles.table import read_table

DATA = Path(__file__).parent / "data"
PUBLISHED, DERIVED = DATA / "published.csv", DATA / "derived.csv"

#: The classes of machine at each site in the paper (Shahhosseini et al., ISQED 2022; recalled).
DEFAULT_DEVICE = "a1.medium"
DEFAULT_SITES: Mapping[str, str] = {"edge": "a1.large", "cloud": "a1.xlarge"}
REMOTE_SITES: Mapping[str, Site] = {"edge": "edge", "cloud": "cloud"}
#: The paper offloads the full network only, so sites other than the device offer this variant.
DEFAULT_SITE_VARIANTS = ("d0",)
#: Columns that describe a variant and so must agree wherever the variant appears.
VARIANT_COLUMNS = (
    "precision",
    "mmacs",
    "mparams",
    "input_bytes",
    "output_bytes",
    "top1_percent",
    "top5_percent",
)


@dataclass(frozen=True)
class Catalogue:
    """Validated tables; build one with :meth:`load`."""

    profiles: tuple[Profile, ...]
    devices: dict[str, Device]
    energies: tuple[Energy, ...]
    splits: tuple[Split, ...]

    @classmethod
    def load(cls, extra: Sequence[Path] = (), *, derived: bool = True) -> Catalogue:
        """Read the installed tables and the user's ``extra`` profile tables.

        Args:
            extra: CSV files with the columns of :class:`~tandem.dnn_profiles.rows.Profile`.
            derived: False leaves the computed rows out.
        Raises:
            ProfileError: names file, row and column of what is wrong.
        """
        paths = [PUBLISHED, *([DERIVED] if derived else []), *extra]
        profiles = _read_profiles(paths)
        devices = {row.device: row for _, row in read_table(DATA / "devices.csv", Device)}
        energies = tuple(row for _, row in read_table(DATA / "energy.csv", Energy))
        splits_path = DATA / "splits.csv"
        splits = read_table(splits_path, Split) if splits_path.exists() else []
        return cls(profiles, devices, energies, tuple(row for _, row in splits))

    def variants(self) -> list[str]:
        """Names of all variants, in table order."""
        return list(dict.fromkeys(row.variant for row in self.profiles))

    def device_names(self) -> list[str]:
        """Names of all devices that have at least one latency, in table order."""
        return list(dict.fromkeys(row.device for row in self.profiles))

    def select(self, *, device: str | None = None, variant: str | None = None) -> list[Profile]:
        """Rows of a device, of a variant, or of both.

        Raises:
            ProfileError: no row has that name; lists the known ones.
        """
        self._known("device", device, self.device_names())
        self._known("variant", variant, self.variants())
        return [
            row
            for row in self.profiles
            if device in (None, row.device) and variant in (None, row.variant)
        ]

    def profile(
        self, variant: str, device: str, threads: int | None = None, runtime: str | None = None
    ) -> Profile:
        """The row of a variant on a device.

        Args:
            threads: threads of one inference; None takes the row with the most.
            runtime: the runtime, where a device has rows of several.
        Raises:
            ProfileError: there is no such row, or several runtimes have one.
        """
        rows = [
            row
            for row in self.select(device=device, variant=variant)
            if runtime in (None, row.runtime)
        ]
        if not rows:
            raise ProfileError(
                f"no latency of variant '{variant}' on device '{device}'"
                f"{f' with runtime {runtime}' if runtime else ''}; that device has: "
                + ", ".join(f"{r.variant} ({r.runtime})" for r in self.select(device=device))
            )
        if threads is None:
            threads = max((row.threads for row in rows if row.threads is not None), default=None)
        chosen = [row for row in rows if row.threads == threads]
        if len(chosen) != 1:
            have = ", ".join(f"{row.runtime} with threads {row.threads}" for row in rows)
            raise ProfileError(
                f"{len(chosen)} latencies of variant '{variant}' on device '{device}' with "
                f"threads {threads}, need exactly one; say which threads or runtime: {have}"
            )
        return chosen[0]

    def options(
        self,
        *,
        device: str = DEFAULT_DEVICE,
        sites: Mapping[str, str] | None = None,
        variants: Sequence[str] | None = None,
        site_variants: Sequence[str] = DEFAULT_SITE_VARIANTS,
        threads: int | None = None,
        runtimes: Mapping[str, str] | None = None,
    ) -> tuple[Option, ...]:
        """The option table: every variant on the device, then ``site_variants`` at each site.

        Args:
            device: device that each user has.
            sites: site name (edge, cloud) to the device that serves there.
            variants: variants that run on the device; None takes all that it has a latency of.
            site_variants: variants offered at each of ``sites``.
            threads: threads of one inference; None takes all cores of each machine. A server
                that runs one request per core needs ``threads=1``.
            runtimes: device to runtime, for devices that were measured with several.
        Raises:
            ProfileError: an unknown name, or a row that lacks latency or accuracy.
        """
        sites = DEFAULT_SITES if sites is None else sites
        chosen = runtimes or {}
        names = variants
        if names is None:
            names = list(dict.fromkeys(row.variant for row in self.select(device=device)))
        rows: list[tuple[Site, Profile]] = []
        for name in names:
            rows.append(("device", self.profile(name, device, threads, chosen.get(device))))
        for site, machine in sites.items():
            if site not in REMOTE_SITES:
                raise ProfileError(f"unknown site '{site}'; known sites: {', '.join(REMOTE_SITES)}")
            for name in site_variants:
                rows.append(
                    (REMOTE_SITES[site], self.profile(name, machine, threads, chosen.get(machine)))
                )
        return tuple(_option(i, site, row) for i, (site, row) in enumerate(rows))

    def energy(self, device: str) -> list[Energy]:
        """What is known of a device's energy; an empty list where no source is known."""
        return [row for row in self.energies if row.device == device]

    def split_points(self, variant: str) -> list[Split]:
        """Where a variant can be cut, in network order.

        Raises:
            ProfileError: no splits are stored for the variant.
        """
        self._known("variant", variant, list(dict.fromkeys(s.variant for s in self.splits)))
        return [row for row in self.splits if row.variant == variant]

    def check_new(self, row: Profile, *, ignore: bool = False) -> None:
        """Check that a row may join the catalogue.

        Args:
            ignore: a row of the same key is no fault (it is about to be replaced).
        Raises:
            ProfileError: the row is there already, or describes its variant differently.
        """
        for old in self.profiles:
            if old.key == row.key and not ignore:
                raise ProfileError(
                    f"'{row.variant}' on '{row.device}' ({row.precision}, threads {row.threads}, "
                    f"{row.runtime}) is in the catalogue already"
                )
            if old.variant == row.variant:
                for name in VARIANT_COLUMNS:
                    mine, theirs = getattr(row, name), getattr(old, name)
                    if mine is not None and theirs is not None and mine != theirs:
                        raise ProfileError(
                            f"{name} of variant '{row.variant}' is {mine}, in the catalogue "
                            f"{theirs}; give another network another name",
                            column=name,
                        )

    @staticmethod
    def _known(kind: str, name: str | None, known: Sequence[str]) -> None:
        if name is not None and name not in known:
            raise ProfileError(f"unknown {kind} '{name}'; known: {', '.join(known)}")


def _option(index: int, site: Site, row: Profile) -> Option:
    if row.top1_percent is None or row.top5_percent is None:
        raise ProfileError(
            f"variant '{row.variant}' on device '{row.device}' has no accuracy, which an option "
            "needs; fill top1_percent, top5_percent and accuracy_source in its table"
        )
    local = site == "device"
    return Option(
        option=index,
        site=site,
        variant=row.variant,
        service_s=row.latency_p50_s,
        upload_bytes=0 if local else row.input_bytes,
        reply_bytes=0 if local else row.output_bytes,
        top1_percent=row.top1_percent,
        top5_percent=row.top5_percent,
        mmacs=row.mmacs,
    )


def _read_profiles(paths: Iterable[Path]) -> tuple[Profile, ...]:
    rows: list[Profile] = []
    first: dict[str, tuple[Path, int, Profile]] = {}
    keys: dict[tuple[object, ...], tuple[Path, int]] = {}
    for path in paths:
        for line, row in read_table(path, Profile):
            if row.key in keys:
                other, at = keys[row.key]
                raise ProfileError(
                    f"'{row.variant}' on '{row.device}' ({row.precision}, threads {row.threads}, "
                    f"{row.runtime}) is already in {other}, row {at}; remove one of them",
                    path=path,
                    row=line,
                    column="variant",
                )
            keys[row.key] = (path, line)
            _agree(path, line, row, first.setdefault(row.variant, (path, line, row)))
            rows.append(row)
    return tuple(rows)


def _agree(path: Path, line: int, row: Profile, first: tuple[Path, int, Profile]) -> None:
    other, at, reference = first
    for name in VARIANT_COLUMNS:
        mine, theirs = getattr(row, name), getattr(reference, name)
        if mine is not None and theirs is not None and mine != theirs:
            raise ProfileError(
                f"is {mine} but variant '{row.variant}' has {theirs} in {other}, row {at}; "
                "a variant is one network: give another network another name",
                path=path,
                row=line,
                column=name,
            )


@cache
def installed() -> Catalogue:
    """The catalogue as installed, read once."""
    return Catalogue.load()


def options(
    *,
    device: str = DEFAULT_DEVICE,
    sites: Mapping[str, str] | None = None,
    variants: Sequence[str] | None = None,
    site_variants: Sequence[str] = DEFAULT_SITE_VARIANTS,
    threads: int | None = None,
    runtimes: Mapping[str, str] | None = None,
) -> tuple[Option, ...]:
    """The option table from the installed catalogue; see :meth:`Catalogue.options`."""
    return installed().options(
        device=device,
        sites=sites,
        variants=variants,
        site_variants=site_variants,
        threads=threads,
        runtimes=runtimes,
    )
