# SPDX-License-Identifier: MIT
"""The cells carry what theory and the standards say they carry."""

from __future__ import annotations

import csv
import math
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

from tandem.bridge.core.scenarios import scenario_executable

ALL_USERS = -1
PAYLOAD_BYTES = 1400
IP_UDP_BYTES = 20 + 8


@dataclass(frozen=True)
class Row:
    """One row of the table `goodput`, as far as the tests need it."""

    user: int
    bytes: int
    mcs: int
    mac_retransmissions: int
    queue_bytes: int
    granted_prbs: int
    granted_bits: int
    duration_s: float
    goodput_bps: float
    airtime_s: float
    busy_fraction: float


def run_saturation(folder: Path, **arguments: object) -> str:
    """Run the saturation scenario alone and return its CSV text.

    Raises:
        AssertionError: the scenario failed; the message has its stderr.
    """
    table = folder / "goodput.csv"
    given = {"epochs": 1, "requests": table, "payload": PAYLOAD_BYTES, **arguments}
    command = [str(scenario_executable("saturation"))]
    command += [f"--{name}={value}" for name, value in given.items()]
    done = subprocess.run(command, capture_output=True, text=True, timeout=100, check=False)
    assert done.returncode == 0, f"{' '.join(command)}\n{done.stderr}"
    return table.read_text(encoding="utf-8")


def measure(folder: Path, **arguments: object) -> dict[int, Row]:
    """Rows of one epoch of the saturation scenario by user; `ALL_USERS` holds the sums."""
    text = run_saturation(folder, **arguments)
    rows = {}
    for line in csv.DictReader(text.splitlines()):
        row = Row(
            user=int(line["user"]),
            bytes=int(line["bytes"]),
            mcs=int(line["mcs"]),
            mac_retransmissions=int(line["mac_retransmissions"]),
            queue_bytes=int(line["queue_bytes"]),
            granted_prbs=int(line["granted_prbs"]),
            granted_bits=int(line["granted_bits"]),
            duration_s=float(line["duration_s"]),
            goodput_bps=float(line["goodput_bps"]),
            airtime_s=float(line["airtime_s"]),
            busy_fraction=float(line["busy_fraction"]),
        )
        rows[row.user] = row
    return rows


# ---- WiFi ------------------------------------------------------------------------------------

# 802.11n in the 5 GHz band, 20 MHz, best effort. Clauses of IEEE 802.11-2020: 17.4.4 (slot, SIFS),
# 9.4.2.28 (AIFSN, CW of best effort), 19.3 (HT-mixed preamble), 17.3 (OFDM preamble of the ACK).
SLOT_S = 9e-6
SIFS_S = 16e-6
AIFS_S = SIFS_S + 3 * SLOT_S
CW_SIZES = [min(16 * 2**stage, 1024) for stage in range(7)]  # seven attempts, then dropped
SYMBOL_S = 4e-6
HT_PREAMBLE_S = 36e-6
OFDM_PREAMBLE_S = 20e-6
SERVICE_AND_TAIL_BITS = 16 + 6
BITS_PER_SYMBOL_MCS7 = 260
BITS_PER_SYMBOL_24_MBPS = 96
PHY_RATE_MCS7_BPS = 65e6
MAC_HEADER_AND_FCS_BYTES = 26 + 4
LLC_BYTES = 8
ACK_BYTES = 14

SINGLE_FRAMES = {
    "placement": "ring",  # equal power at the AP: no capture, as the model assumes
    "radius": 8,
    "rateControl": "constant:7",
    "ampdu": 0,  # the model knows one frame per channel access
}


def data_time_s(payload_bytes: int) -> float:
    """Duration of a data PPDU at MCS 7."""
    mpdu = MAC_HEADER_AND_FCS_BYTES + LLC_BYTES + IP_UDP_BYTES + payload_bytes
    symbols = math.ceil((SERVICE_AND_TAIL_BITS + 8 * mpdu) / BITS_PER_SYMBOL_MCS7)
    return HT_PREAMBLE_S + SYMBOL_S * symbols


def attempt_probability(collision: float) -> float:
    """Attempts per slot of a saturated station, by renewal over one frame's attempts."""
    attempts = slots = 0.0
    weight = 1.0  # probability that this attempt is made
    for cw in CW_SIZES:
        attempts += weight
        slots += weight * (1 + (cw - 1) / 2)
        weight *= collision
    return attempts / slots


def bianchi_goodput_bps(stations: int, payload_bytes: int) -> float:
    """Saturated goodput of Bianchi's model (IEEE JSAC 18(3), 2000) with a finite retry limit.

    A collision is taken to hold the medium for the frame and one AIFS, without the longer EIFS:
    ns-3 does not detect preambles that collide with about equal power.
    """
    low, high = 0.0, 1.0
    for _ in range(60):
        collision = (low + high) / 2
        implied = 1 - (1 - attempt_probability(collision)) ** (stations - 1)
        low, high = (collision, high) if implied > collision else (low, collision)
    tau = attempt_probability(low)
    busy = 1 - (1 - tau) ** stations
    success = stations * tau * (1 - tau) ** (stations - 1)
    ack_symbols = math.ceil((SERVICE_AND_TAIL_BITS + 8 * ACK_BYTES) / BITS_PER_SYMBOL_24_MBPS)
    ack_s = OFDM_PREAMBLE_S + SYMBOL_S * ack_symbols
    data_s = data_time_s(payload_bytes)
    mean_slot_s = (
        (1 - busy) * SLOT_S
        + success * (data_s + SIFS_S + ack_s + AIFS_S)
        + (busy - success) * (data_s + AIFS_S)
    )
    return success * 8 * payload_bytes / mean_slot_s


# One station has no collisions, so only beacons (0.3 % of the time) and the length of the
# measurement (0.1 %) come in: a slot more or less per frame would be 2.4 %. For several stations
# 3 % was set after looking: ns-3 3.44 gave -1.0, -1.2, -0.3 and +1.5 % at 2, 5, 10 and 20 stations,
# and +4.4 % at 40, which is not tested. What is known to be left out of the model: whether a
# collision costs others an EIFS (up to -2.8 % at 5 stations, -5.7 % at 20 if it always did). A
# probable cause of the excess: the model counts a slot after each busy period in which only the
# station that has just sent may start (Tinnirello et al., IEEE TVT 59(3), 2010, from memory).
@pytest.mark.parametrize(
    ("stations", "tolerance"), [(1, 0.01), (2, 0.03), (5, 0.03), (10, 0.03), (20, 0.03)]
)
def test_wifi_goodput_agrees_with_bianchi(tmp_path: Path, stations: int, tolerance: float) -> None:
    rows = measure(tmp_path, users=stations, duration=1.5, **SINGLE_FRAMES)
    expected = bianchi_goodput_bps(stations, PAYLOAD_BYTES)
    assert rows[ALL_USERS].goodput_bps == pytest.approx(expected, rel=tolerance)


def test_wifi_airtime_is_the_sum_of_the_frames(tmp_path: Path) -> None:
    """One station alone: its transmitter is on for its data frames and for nothing else."""
    rows = measure(tmp_path, users=1, duration=1.0, **SINGLE_FRAMES)
    # Only a beacon, ten a second, can collide with a frame.
    assert rows[0].mac_retransmissions <= 10
    frames = rows[0].bytes / PAYLOAD_BYTES + rows[0].mac_retransmissions
    # One frame may straddle the beginning or the end of the measurement.
    assert rows[0].airtime_s == pytest.approx(
        frames * data_time_s(PAYLOAD_BYTES), abs=2 * data_time_s(PAYLOAD_BYTES)
    )


def test_wifi_aggregation_lies_between_single_frames_and_the_phy_rate(tmp_path: Path) -> None:
    packet_share = PAYLOAD_BYTES / (
        PAYLOAD_BYTES + IP_UDP_BYTES + LLC_BYTES + MAC_HEADER_AND_FCS_BYTES
    )
    goodput = {}
    for stations in (1, 4, 10):
        aggregated = measure(
            tmp_path, users=stations, duration=1.0, **{**SINGLE_FRAMES, "ampdu": 65535}
        )
        goodput[stations] = aggregated[ALL_USERS].goodput_bps
        assert goodput[stations] > 1.15 * bianchi_goodput_bps(stations, PAYLOAD_BYTES)
        assert goodput[stations] < PHY_RATE_MCS7_BPS * packet_share
    assert goodput[1] > goodput[4] > goodput[10]
    # Alone, an A-MPDU of 43 frames pays its 0.25 ms of overhead once in 8 ms.
    assert goodput[1] > 0.95 * PHY_RATE_MCS7_BPS * packet_share


@pytest.mark.parametrize("standard", ["80211n", "80211ac", "80211ax"])
def test_wifi_shares_equally_at_equal_rates(tmp_path: Path, standard: str) -> None:
    stations = 4
    arguments = {**SINGLE_FRAMES, "rateControl": "constant:5"}
    rows = measure(tmp_path, users=stations, standard=standard, duration=3.0, **arguments)
    shares = [rows[i].goodput_bps for i in range(stations)]
    jain = sum(shares) ** 2 / (stations * sum(share**2 for share in shares))
    # Fair in the mean: each station has more than a thousand successful accesses here.
    assert jain > 0.98
    assert all(rows[i].mcs == 5 for i in range(stations))


def test_hidden_stations_collide_and_rts_helps(tmp_path: Path) -> None:
    hidden = {
        "users": 2,
        "placement": "hidden",
        "radius": 40,
        "rateControl": "constant:3",
        "ampdu": 0,
        "duration": 2.0,
    }
    without = measure(tmp_path, **hidden)[ALL_USERS]
    with_rts = measure(tmp_path, rtsThreshold=0, **hidden)[ALL_USERS]
    # They transmit at the same time, so their airtimes add up to more than the busy time.
    assert without.airtime_s > 1.05 * without.busy_fraction * without.duration_s
    assert without.mac_retransmissions > 10 * with_rts.mac_retransmissions
    assert with_rts.goodput_bps > 1.2 * without.goodput_bps


HE_BITS_PER_SYMBOL_MCS7 = 1170
HE_SYMBOL_S = 12.8e-6  # without the guard interval


def test_a_guard_interval_lengthens_every_symbol(tmp_path: Path) -> None:
    mpdu = MAC_HEADER_AND_FCS_BYTES + LLC_BYTES + IP_UDP_BYTES + PAYLOAD_BYTES
    bits = SERVICE_AND_TAIL_BITS + 8 * mpdu
    ax = math.ceil(bits / HE_BITS_PER_SYMBOL_MCS7)
    n = math.ceil(bits / BITS_PER_SYMBOL_MCS7)
    frame_s = {}
    for standard, guard_ns in (
        *(("80211n", ns) for ns in (400, 800)),
        *(("80211ax", ns) for ns in (800, 3200)),
    ):
        cell = {**SINGLE_FRAMES, "standard": standard, "guardInterval": guard_ns}
        user = measure(tmp_path, users=1, duration=0.2, **cell)[0]
        frames = user.bytes / PAYLOAD_BYTES + user.mac_retransmissions
        frame_s[standard, guard_ns] = user.airtime_s / frames
    # 2 us: the measurement can begin or end within a frame.
    assert frame_s["80211ax", 3200] - frame_s["80211ax", 800] == pytest.approx(
        ax * 2400e-9, abs=2e-6
    )
    assert frame_s["80211n", 800] - frame_s["80211n", 400] == pytest.approx(n * 400e-9, abs=2e-6)
    # The preamble of an HE single-user PPDU: 20 us of the older one, RL-SIG, HE-SIG-A, STF, LTF.
    assert frame_s["80211ax", 800] == pytest.approx(44e-6 + ax * (HE_SYMBOL_S + 800e-9), abs=6e-6)


# Mbit/s by ns-3's own table (wifi-bianchi.cc, 20 MHz, guard interval of 800 ns): the model with
# DIFS. The cell waits an AIFS, 9 us longer, before each frame; ns-3.44 gave 0.98, 0.96 and 0.96.
@pytest.mark.parametrize(
    ("stations", "mcs", "table_mbps"), [(5, 0, 6.3746), (5, 7, 34.9671), (20, 7, 30.9282)]
)
def test_80211ax_comes_near_the_tables_of_ns3(
    tmp_path: Path, stations: int, mcs: int, table_mbps: float
) -> None:
    cell = {**SINGLE_FRAMES, "standard": "80211ax", "rateControl": f"constant:{mcs}"}
    rows = measure(tmp_path, users=stations, duration=1.5, **{**cell, "radius": 2, "payload": 1472})
    assert 0.94 < rows[ALL_USERS].goodput_bps / (table_mbps * 1e6) < 1.01


@pytest.mark.parametrize(
    ("standard", "guard_ns", "allowed"),
    [("80211ax", 400, "800 or 3200"), ("80211n", 3200, "400 or 800")],
)
def test_a_guard_interval_of_another_standard_is_refused(
    standard: str, guard_ns: int, allowed: str
) -> None:
    command = [str(scenario_executable("saturation")), f"--standard={standard}"]
    command.append(f"--guardInterval={guard_ns}")
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert f"--guardInterval={guard_ns} ns" in done.stderr
    assert allowed in done.stderr


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"standard": "80211a", "rateControl": "constant:7"}, ["constant:7", "6, 9, 12, 18, 24"]),
        ({"standard": "80211a", "channelWidth": 40}, ["40 MHz", "802.11a", "--standard=80211n"]),
        ({"standard": "80211a", "guardInterval": 400}, ["400 ns", "800 only"]),
        ({"rateControl": "constant:8"}, ["no MCS of 80211n", "choose 0 to 7"]),
        ({"cwMin": 63, "cwMax": 31}, ["--cwMin=63", "--cwMax=31"]),
        ({"aifsn": 1}, ["--aifsn=1", "2 … 15"]),
        ({"cwMin": 16}, ["--cwMin=16", "15 | 31"]),
        ({"direction": "both", "payload": 3}, ["--payload=3", "at least 4"]),
    ],
)
def test_what_no_radio_does_is_refused(arguments: dict[str, object], words: list[str]) -> None:
    command = [str(scenario_executable("saturation"))]
    command += [f"--{name}={value}" for name, value in arguments.items()]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    for word in words:
        assert word in done.stderr


@pytest.mark.parametrize("rate_control", ["minstrel", "ideal", "constant:54"])
def test_80211a_uses_its_own_rates(tmp_path: Path, rate_control: str) -> None:
    cell = {**SINGLE_FRAMES, "standard": "80211a", "rateControl": rate_control}
    goodput_bps = measure(tmp_path, users=2, duration=0.5, **cell)[ALL_USERS].goodput_bps
    # Single frames of 1400 bytes: 54 Mbit/s leave about 28.
    assert 24e6 < goodput_bps < 32e6


def test_80211be_adds_two_rates_on_top(tmp_path: Path) -> None:
    top = {}
    for standard, mcs in (("80211ax", 11), ("80211be", 11), ("80211be", 13)):
        cell = {
            **SINGLE_FRAMES,
            "radius": 3,
            "standard": standard,
            "rateControl": f"constant:{mcs}",
        }
        user = measure(tmp_path, users=1, duration=0.2, **{**cell, "ampdu": 65535})[0]
        assert user.mcs == mcs
        top[standard, mcs] = user.goodput_bps
    assert top["80211be", 11] == pytest.approx(top["80211ax", 11], rel=0.03)
    # 12 bits per symbol and subcarrier instead of 10.
    assert top["80211be", 13] == pytest.approx(1.2 * top["80211be", 11], rel=0.05)


def test_access_waits_as_long_as_it_is_told(tmp_path: Path) -> None:
    """A lone station: from frame to frame, the AIFS and half of the contention window."""
    cycle_s = {}
    for aifsn, window in ((2, 15), (7, 15), (2, 63)):
        cell = {**SINGLE_FRAMES, "aifsn": aifsn, "cwMin": window}
        user = measure(tmp_path, users=1, duration=1.0, **cell)[0]
        cycle_s[aifsn, window] = user.duration_s / (user.bytes / PAYLOAD_BYTES)
    # Three deviations of a mean over some 2500 back-offs of up to 15 slots, and of up to 63.
    assert cycle_s[7, 15] - cycle_s[2, 15] == pytest.approx(5 * SLOT_S, abs=3.5e-6)
    assert cycle_s[2, 63] - cycle_s[2, 15] == pytest.approx(24 * SLOT_S, abs=11e-6)


def test_a_window_that_does_not_grow_collides_more(tmp_path: Path) -> None:
    sent_again = {}
    for largest in (15, 1023):
        cell = {**SINGLE_FRAMES, "cwMax": largest}
        rows = measure(tmp_path, users=10, duration=0.5, **cell)
        sent_again[largest] = rows[ALL_USERS].mac_retransmissions
    assert sent_again[15] > 1.5 * sent_again[1023]


@pytest.mark.parametrize("cell", ["wifi", "lte"])
def test_directions(tmp_path: Path, cell: str) -> None:
    """Down alone is about up alone; WiFi shares one medium, LTE has two."""
    common: dict[str, object] = {"cell": cell, "users": 2, "placement": "ring", "radius": 8}
    common["duration"] = 0.5
    if cell == "wifi":
        common["rateControl"] = "constant:7"
    total: dict[str, tuple[float, float]] = {}
    for direction in ("uplink", "downlink", "both"):
        rows = csv.DictReader(run_saturation(tmp_path, direction=direction, **common).splitlines())
        row = next(line for line in rows if int(line["user"]) == ALL_USERS)
        total[direction] = float(row["goodput_bps"]), float(row["downlink_bps"])
    assert total["uplink"][1] == total["downlink"][0] == 0
    up, down = total["uplink"][0], total["downlink"][1]
    assert down == pytest.approx(up, rel=0.15)
    both = sum(total["both"])
    assert both == pytest.approx(2 * up if cell == "lte" else up, rel=0.15)
    assert min(total["both"]) > 0.1 * up


def test_cells_on_one_channel_share_it(tmp_path: Path) -> None:
    one = {**SINGLE_FRAMES, "radius": 2, "spacing": 0, "duration": 1.0}
    alone = measure(tmp_path, users=4, **one)[ALL_USERS].goodput_bps
    rows = measure(tmp_path, users=4, cells=2, **one)
    assert sorted(rows) == [ALL_USERS, *range(8)]
    assert rows[ALL_USERS].goodput_bps == pytest.approx(alone, rel=0.1)
    cells = [sum(rows[i].goodput_bps for i in users) for users in (range(4), range(4, 8))]
    assert cells[0] == pytest.approx(cells[1], rel=0.15)
    # Out of each other's hearing they do not share.
    far = measure(tmp_path, users=4, cells=2, **{**one, "spacing": 1000})
    assert far[ALL_USERS].goodput_bps == pytest.approx(2 * alone, rel=0.05)


def test_power_control_lowers_what_a_near_ue_sends_with(tmp_path: Path) -> None:
    """… so far that its rate suffers at no distance where it can help it."""
    near = {"cell": "lte", "users": 1, "placement": "ring", "radius": 100, "duration": 0.2}
    controlled = measure(tmp_path, **near)[0]
    always = measure(tmp_path, powerControl=0, **near)[0]
    assert always.mcs >= controlled.mcs


@pytest.mark.parametrize("queue_lifetime_s", [None, 0.5])
def test_no_wifi_user_is_silent_for_good(tmp_path: Path, queue_lifetime_s: float | None) -> None:
    """In a crowded cell a block-ack request can outlive its time in the MAC queue.

    With a lifetime of 0.5 s ns-3 alone leaves two of these users waiting for its answer for ever.
    """
    crowd: dict[str, object] = {
        **{"users": 20, "standard": "80211n", "rateControl": "constant:0"},
        **{"placement": "ring", "radius": 8, "epochs": 6, "duration": 2, "settle": 0, "seed": 1},
    }
    if queue_lifetime_s is not None:
        crowd["queueLifetime"] = queue_lifetime_s
    sent = dict.fromkeys(range(20), 0)
    for line in csv.DictReader(run_saturation(tmp_path, **crowd).splitlines()):
        if int(line["user"]) != ALL_USERS:
            sent[int(line["user"])] += int(line["bytes"])
    assert min(sent.values()) > 0, sent


# ---- LTE -------------------------------------------------------------------------------------

# TS 36.213 table 7.1.7.2.1-1, bits of a transport block: in 25 PRBs by I_TBS, and at I_TBS 26 by
# the number of PRBs.
TBS_25_PRB = [
    *(680, 904, 1096, 1416, 1800, 2216, 2600, 3112, 3496),
    *(4008, 4392, 4968, 5736, 6456, 7224, 7736, 7992, 9144),
    *(9912, 10680, 11448, 12576, 13536, 14112, 15264, 15840, 18336),
]
TBS_ITBS_26 = {3: 2216, 5: 3752, 6: 4392, 25: 18336}
SUBFRAME_S = 1e-3
PRBS = 25
PDCP_BYTES = 2


def uplink_tbs_index(mcs: int) -> int:
    """I_TBS of an uplink MCS, TS 36.213 table 8.6.1-1."""
    if mcs <= 10:
        return mcs
    return mcs - 1 if mcs <= 20 else mcs - 2


@pytest.mark.parametrize("radius_m", [50, 150, 200, 270])
def test_lte_uplink_agrees_with_the_transport_block_table(tmp_path: Path, radius_m: int) -> None:
    rows = measure(tmp_path, cell="lte", users=1, placement="ring", radius=radius_m, bandwidth=PRBS)
    user = rows[0]
    subframes = user.duration_s / SUBFRAME_S
    # Granted in every subframe, all PRBs; the first and the last grant may fall outside.
    assert user.granted_prbs == pytest.approx(PRBS * subframes, abs=PRBS)
    assert user.airtime_s == pytest.approx(user.duration_s, abs=SUBFRAME_S)
    new_blocks = subframes - user.mac_retransmissions
    block_bits = TBS_25_PRB[uplink_tbs_index(user.mcs)]
    assert user.granted_bits == pytest.approx(new_blocks * block_bits, abs=block_bits)
    # Of the granted bits IP, UDP and PDCP headers take their share; RLC headers at most 5 bytes a
    # block and 2 a packet; a block in HARQ at the end of the measurement comes later.
    ceiling = PAYLOAD_BYTES / (PAYLOAD_BYTES + IP_UDP_BYTES + PDCP_BYTES)
    rlc = 1 - 5 * 8 / block_bits - 2 / PAYLOAD_BYTES
    delivered = user.goodput_bps * user.duration_s
    assert delivered <= ceiling * user.granted_bits
    assert delivered >= 0.99 * rlc * ceiling * user.granted_bits


def test_lte_mcs_falls_with_distance(tmp_path: Path) -> None:
    mcs = [
        measure(tmp_path, cell="lte", users=1, placement="ring", radius=radius)[0].mcs
        for radius in (50, 200, 400)
    ]
    assert mcs[0] > mcs[1] > mcs[2]


@pytest.mark.parametrize(("users", "prbs_each"), [(4, 6), (5, 5), (8, 3)])
def test_lte_round_robin_shares_equally(tmp_path: Path, users: int, prbs_each: int) -> None:
    rows = measure(
        tmp_path,
        cell="lte",
        users=users,
        scheduler="rr",
        placement="ring",
        radius=50,
        bandwidth=PRBS,
    )
    block_bits = TBS_ITBS_26[prbs_each]
    for i in range(users):
        assert rows[i].mcs == 28
        assert rows[i].granted_bits == pytest.approx(
            block_bits * rows[i].granted_prbs / prbs_each, abs=block_bits
        )
        assert rows[i].goodput_bps == pytest.approx(rows[ALL_USERS].goodput_bps / users, rel=0.02)
    assert rows[ALL_USERS].granted_prbs <= PRBS * rows[ALL_USERS].duration_s / SUBFRAME_S


# ---- Both ------------------------------------------------------------------------------------


@pytest.mark.parametrize("cell", ["wifi", "lte"])
def test_queue_is_what_was_put_in_less_what_has_gone(tmp_path: Path, cell: str) -> None:
    """The source fills up to the backlog every 2 ms; the reading must follow."""
    backlog = 100_000
    rows = measure(
        tmp_path, cell=cell, users=3, placement="ring", radius=20, backlog=backlog, duration=0.5
    )
    for i in range(3):
        # At 65 Mbit/s at most 16 kB leave in 2 ms, an A-MPDU of 64 kB with them.
        assert backlog - 80_000 < rows[i].queue_bytes < backlog + 2 * PAYLOAD_BYTES


# ---- Randomness ------------------------------------------------------------------------------


@pytest.mark.parametrize("cell", ["wifi", "lte"])
def test_same_seed_same_bytes_other_seed_other_bytes(tmp_path: Path, cell: str) -> None:
    arguments: dict[str, object] = {"cell": cell, "users": 4, "duration": 0.3, "settle": 0.1}
    first = run_saturation(tmp_path, seed=1, **arguments)
    again = run_saturation(tmp_path, seed=1, **arguments)
    other = run_saturation(tmp_path, seed=2, **arguments)
    assert first == again
    assert first != other
