# SPDX-License-Identifier: MIT
"""What `tandem validate` compares with, and that a wrong figure does not pass."""

from __future__ import annotations

import json
import math
import struct
from dataclasses import replace
from pathlib import Path

import pytest

from tandem.bridge.core.errors import TandemError
from tandem.scripts.app.common.errors import OptionError
from tandem.scripts.app.validation import bianchi, lte, pcap, queueing, tgax
from tandem.scripts.app.validation.record import as_records, csv_text, json_text, verdict
from tandem.scripts.app.validation.suite import choose, run
from tandem.scripts.app.validation.yardstick import Band, Case, Row, Yardstick


def case(measured: float, published: float = 10.0, band: Band | None = None) -> Case:
    yardstick = Yardstick("length", published, "m", band or Band.within(0.03))
    return Case("length", "size", "a ruler", (yardstick,), lambda folder: [measured], 1)


def row(measured: float, **options: object) -> Row:
    made = case(measured, **options)  # type: ignore[arg-type]
    return Row(made, made.yardsticks[0], measured)


def test_what_lies_outside_its_band_does_not_pass() -> None:
    assert row(10.29).passes
    assert row(9.71).passes
    assert not row(10.31).passes
    assert not row(9.69).passes
    assert not row(math.nan).passes
    assert not row(math.inf).passes


def test_bands_say_how_far() -> None:
    bands = (Band.within(0.03), Band(0.99, 1.02), Band.within(1e-6), Band.within(1e-12))
    assert [str(band) for band in bands] == ["± 3 %", "-1 … +2 %", "± 0.0001 %", "exact"]


def test_a_wrong_published_figure_does_not_pass() -> None:
    assert row(10.0).passes
    assert not row(10.0, published=10.5).passes
    assert not row(10.0, band=Band(1.01, 1.02)).passes


@pytest.mark.parametrize("rate", bianchi.RATES, ids=lambda rate: rate.name)
def test_the_published_tables_are_bianchis_model(rate: bianchi.Rate) -> None:
    for stations, published in zip(bianchi.STATIONS, rate.published_mbps, strict=True):
        assert bianchi.model_mbps(rate.phy, stations) == pytest.approx(published, rel=1e-3)


def test_seizing_widens_a_band_upwards_only() -> None:
    legacy, he = bianchi.RATES[0], bianchi.RATES[-1]
    assert len(bianchi.yardsticks(legacy, 5, legacy.published_mbps[0])) == 1
    table, whole = bianchi.yardsticks(he, 50, he.published_mbps[-1])
    assert table.published == he.published_mbps[-1]
    assert table.band.low == 0.97
    assert 1.03 < table.band.high < 1.03 * 17 / 16
    assert whole.band == Band.within(0.03)
    assert whole.published > table.published


def test_queueing_formulas() -> None:
    # One server of M/M/c is M/M/1, whose mean wait is twice that of M/D/1.
    assert queueing.mmc_wait_s(1, 0.7, 0.02) == pytest.approx(0.7 * 0.02 / 0.3)
    assert queueing.mmc_wait_s(1, 0.7, 0.02) == pytest.approx(2 * queueing.md1_wait_s(0.7, 0.02))
    # Two servers: C = 2 rho^2 / (1 + rho).
    waits = 2 * 0.8**2 / 1.8
    assert queueing.mmc_wait_s(2, 0.8, 1.0) == pytest.approx(waits / (2 * 0.2))


def test_cost_of_the_mac_by_hand() -> None:
    # MCS 8, 1500 bytes: 40 us and 80 symbols, SIFS, 20 us and 3 symbols, DIFS, 7.5 slots.
    cycle_us = 40 + 80 * 4 + 16 + 20 + 3 * 4 + 34 + 67.5
    assert tgax.expected_mbps(8, 1500) == pytest.approx(2 * 1500 * 8 / cycle_us)


def test_the_lte_tables_are_transport_blocks() -> None:
    for table in lte.TABLES.values():
        for distance in table.values():
            downlink, uplink = zip(*distance.values(), strict=True)
            assert list(downlink) == sorted(downlink, reverse=True)
            assert list(uplink) == sorted(uplink, reverse=True)


def test_cases_have_names_of_their_own_and_quick_ones_are_few() -> None:
    every, quick = choose(False, []), choose(True, [])
    assert len({c.name for c in every}) == len(every)
    names = [y.name for c in every for y in c.yardsticks]
    assert len(set(names)) == len(names)
    assert {c.group for c in quick} == {c.group for c in every}
    assert sum(c.weight for c in quick) < 0.3 * sum(c.weight for c in every)
    assert all(y.published > 0 for c in every for y in c.yardsticks)


def test_only_takes_groups_and_beginnings_of_names() -> None:
    assert {c.group for c in choose(False, ["tcp", "queue"])} == {"tcp", "queue"}
    assert [c.name for c in choose(False, ["bianchi-80211a-6-"])] == [
        "bianchi-80211a-6-5",
        "bianchi-80211a-6-10",
        "bianchi-80211a-6-50",
    ]
    # A whole name takes that case alone, not the longer ones that begin with it.
    assert [c.name for c in choose(False, ["bianchi-80211a-6-5"])] == ["bianchi-80211a-6-5"]
    with pytest.raises(OptionError, match=r"--only colour: choose a case, or one of bianchi"):
        choose(False, ["colour"])


def test_rows_come_in_order_and_an_error_ends_the_run(tmp_path: Path) -> None:
    cases = [replace(case(10.0), name=f"case-{k}", weight=k) for k in range(4)]
    done: list[str] = []
    rows = run(cases, tmp_path, 2, lambda ended, _: done.append(ended.name))
    assert [r.case.name for r in rows] == [c.name for c in cases]
    assert sorted(done) == [c.name for c in cases]

    def fail(folder: Path) -> list[float]:
        raise TandemError(f"no ns-3 in {folder.name}")

    with pytest.raises(TandemError, match="no ns-3 in case-3"):
        run([*cases[:3], replace(cases[3], measure=fail)], tmp_path, 1, lambda *_: None)


def test_files_say_what_the_table_says() -> None:
    rows = [row(10.0), row(11.0)]
    assert [verdict(r) for r in rows] == ["within", "outside"]
    data = json.loads(json_text(rows, {"ns-3": "3.44"}))
    assert data["ns-3"] == "3.44"
    assert data["rows"] == as_records(rows)
    assert [r["passes"] for r in data["rows"]] == [True, False]
    assert csv_text(rows).count("\n") == 3


def test_bytes_in_a_trace(tmp_path: Path) -> None:
    def packet(sequence: int, flags: int, payload: bytes, peer: int = 9000) -> bytes:
        tcp = struct.pack(">HHIIBBHHH", 40000, peer, sequence, 0, 5 << 4, flags, 0, 0, 0)
        size = 20 + len(tcp) + len(payload)
        addresses = (b"\x0a\1\0\2", b"\x0a\2\0\1")
        ip = struct.pack(">BBHHHBBH4s4s", 0x45, 0, size, 0, 0, 64, 6, 0, *addresses)
        return b"\0\x21" + ip + tcp + payload

    last = 2**32 - 1  # the sequence number begins anew in the stream
    packets = [
        packet(last - 1, pcap.SYN, b""),
        packet(last, 0x10, b"abc"),
        packet(last, 0x10, b"abc"),  # sent again
        packet(2, 0x10, b"defgh"),
        packet(7, 0x10, b"another port", peer=9100),
    ]
    trace = tmp_path / "edge.pcap"
    with trace.open("wb") as file:
        file.write(pcap.FILE_HEADER.pack(pcap.MAGICS[0], 2, 4, 0, 0, 65535, pcap.PPP))
        for data in packets:
            file.write(pcap.RECORD_HEADER.pack(0, 0, len(data), len(data)) + data)
    assert pcap.stream_bytes(trace) == len("abcdefgh")
    trace.write_bytes(pcap.FILE_HEADER.pack(0, 2, 4, 0, 0, 65535, pcap.PPP))
    with pytest.raises(TandemError, match="no packet trace"):
        pcap.stream_bytes(trace)
