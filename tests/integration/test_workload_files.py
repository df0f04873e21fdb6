# SPDX-License-Identifier: MIT
"""Files that go in and come out: packet traces against the records, bad CSV files refused."""

from __future__ import annotations

import shutil
import subprocess
from collections import defaultdict
from pathlib import Path

import pytest
from pcap_streams import SERVER_PORT, Message, read_upstreams
from workload_runs import HEADER, Option, run_alone, write_options

from tandem.bridge.core.errors import ScenarioError
from tandem.bridge.core.simulator import Simulator

# ---- Packet traces ---------------------------------------------------------------------------

TRACES = {
    "wifi-edge": ("wifi-ap", "wifi-edge", "wifi-cloud"),
    "lte-edge": ("lte-edge", "lte-cloud"),
    "hetnet": ("wifi-edge", "wifi-cloud", "lte-edge", "lte-cloud"),
}
MIXED = (Option("edge", 0.02, 150_528, 4000), Option("cloud", 0.01, 37_632, 4000))


def play_with_traces(scenario: str, folder: Path) -> dict[int, dict[str, float]]:
    """Requests by id of a run with everything that disturbs: background, rate adaptation, walk."""
    rows = run_alone(
        scenario,
        folder,
        users=3,
        epochs=4,
        policy="random",
        options=write_options(folder / "options.csv", *MIXED),
        pcap=folder / "trace",
    )
    return {int(row["request_id"]): row for row in rows}


@pytest.mark.parametrize("scenario", TRACES)
def test_bytes_of_each_request_are_in_the_packet_trace(tmp_path: Path, scenario: str) -> None:
    requests = play_with_traces(scenario, tmp_path)
    assert len(requests) == 3 * 4
    where: dict[str, dict[int, Message]] = {}
    for name in TRACES[scenario]:
        streams = read_upstreams(tmp_path / f"trace-seed1-{name}.pcap")
        messages = [message for stream in streams for message in stream.messages()]
        where[name] = {message.request_id: message for message in messages}
        assert len(where[name]) == len(messages)  # each request once, on one connection
        for message in messages:
            request = requests[message.request_id]
            assert message.seen_bytes == message.declared_bytes == request["upload_bytes"]
            assert (message.user, message.option) == (request["user"], request["option"])
        # Segments that came twice are not in these bytes; TCP knows of all of them, and of some
        # that were lost further up.
        again = sum(stream.tcp_duplicates for stream in streams)
        assert again <= sum(request["tcp_retransmissions"] for request in requests.values())
    backhaul = [name for name in where if not name.endswith("-ap")]
    assert sorted(k for name in backhaul for k in where[name]) == sorted(requests)
    for name in backhaul:
        site = 1 if name.endswith("-edge") else 2
        assert all(requests[k]["site"] == site for k in where[name])
    if "wifi-ap" in where:
        assert sorted(where["wifi-ap"]) == sorted(requests)


@pytest.mark.skipif(shutil.which("tshark") is None, reason="tshark is not installed")
def test_tshark_counts_the_same_bytes(tmp_path: Path) -> None:
    """Wireshark's dissectors, which share nothing with this project."""
    requests = play_with_traces("wifi-edge", tmp_path)
    uploads: dict[int, float] = defaultdict(float)
    for request in requests.values():
        uploads[int(request["user"])] += request["upload_bytes"]

    totals: dict[str, int] = defaultdict(int)
    for site in ("edge", "cloud"):
        trace = tmp_path / f"trace-seed1-wifi-{site}.pcap"
        command = ["tshark", "-r", str(trace), "-Y", f"tcp.dstport=={SERVER_PORT}", "-T", "fields"]
        for field in ("ip.src", "tcp.srcport", "tcp.nxtseq"):
            command += ["-e", field]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        # Relative sequence numbers start at 1 with the first byte of data.
        length: dict[tuple[str, str], int] = defaultdict(int)
        for line in done.stdout.splitlines():
            address, port, following = line.split()
            length[address, port] = max(length[address, port], int(following) - 1)
        for (address, _), size in length.items():
            totals[address] += size
    # The AP has the first address of the network.
    assert dict(totals) == {f"10.1.0.{user + 2}": size for user, size in uploads.items()}


def test_a_trace_that_cannot_be_written_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ScenarioError, match="nowhere"):
        Simulator("wifi-edge", {"flowmon": tmp_path / "nowhere" / "flow.xml"})


# ---- Bad input -------------------------------------------------------------------------------

GOOD_ROWS = ("0,device,d0,0.1,0,0,70.9,89.9,569", "1,edge,d0,0.05,150528,4000,70.9,89.9,569")


def options_text(header: str = HEADER, row: str = GOOD_ROWS[1]) -> str:
    return "\n".join([header, GOOD_ROWS[0], row, ""])


@pytest.mark.parametrize(
    ("text", "row", "column", "what"),
    [
        (options_text(HEADER.replace("service_s", "service")), None, "service_s", "missing"),
        (options_text(row=GOOD_ROWS[1].replace("0.05", "fast")), 2, "service_s", "not a number"),
        (options_text(row=GOOD_ROWS[1].replace("0.05", "")), 2, "service_s", "not a number"),
        (options_text(row=GOOD_ROWS[1].replace("0.05", "0.05s")), 2, "service_s", "not a number"),
        (options_text(row=GOOD_ROWS[1].replace("0.05", "nan")), 2, "service_s", "outside"),
        (options_text(row=GOOD_ROWS[1].replace("0.05", "-0.05")), 2, "service_s", "outside"),
        (options_text(row=GOOD_ROWS[1].replace("150528", "-1")), 2, "upload_bytes", "outside"),
        (options_text(row=GOOD_ROWS[1].replace("150528", "35")), 2, "upload_bytes", "outside"),
        (options_text(row=GOOD_ROWS[1].replace("4000", "4000.5")), 2, "reply_bytes", "whole"),
        (options_text(row=GOOD_ROWS[1].replace("89.9", "189.9")), 2, "top5_percent", "outside"),
        (options_text(row="2" + GOOD_ROWS[1][1:]), 2, "option", "1 was expected"),
        (options_text(row="0" + GOOD_ROWS[1][1:]), 2, "option", "1 was expected"),
        (options_text(row=GOOD_ROWS[1].replace("edge", "fog")), 2, "site", "device, edge, cloud"),
        (options_text(row=GOOD_ROWS[1].replace("d0", "")), 2, "variant", "empty"),
        (options_text(row=GOOD_ROWS[1] + ",1"), 2, None, "10 fields, the header has 9"),
        (options_text(row="1,edge"), 2, None, "2 fields, the header has 9"),
        (HEADER + "\n", None, None, "no row"),
        ("", None, None, "empty"),
    ],
)
def test_bad_options_files_are_refused(
    tmp_path: Path, text: str, row: int | None, column: str | None, what: str
) -> None:
    path = tmp_path / "mine.csv"
    path.write_text(text)
    check_refused({"options": path}, path, row, column, what)


@pytest.mark.parametrize(
    ("text", "row", "column", "what"),
    [
        ("time,user\n0,0\n", None, "time_s", "missing"),
        ("time_s,user\n0,0\nsoon,1\n", 2, "time_s", "not a number"),
        ("time_s,user\n0,0\n-1,1\n", 2, "time_s", "outside"),
        ("time_s,user\n0,0\n0.5,2\n", 2, "user", "outside"),  # users 0 and 1
        ("time_s,user\n0,0\n0.5,0.5\n", 2, "user", "whole"),
        ("time_s,user\n0,0\n0.5\n", 2, None, "1 fields, the header has 2"),
        ("time_s,user\n", None, None, "no row"),
    ],
)
def test_bad_trace_files_are_refused(
    tmp_path: Path, text: str, row: int | None, column: str | None, what: str
) -> None:
    path = tmp_path / "arrivals.csv"
    path.write_text(text)
    check_refused({"arrivals": "trace", "trace": path}, path, row, column, what)


def check_refused(
    arguments: dict[str, object], path: Path, row: int | None, column: str | None, what: str
) -> None:
    """The scenario does not start, and says which file, row and column it is about."""
    with pytest.raises(ScenarioError) as caught:
        Simulator("wifi-edge", {"users": 2, **arguments})
    message = str(caught.value)
    assert path.name in message
    assert what in message
    if row is not None:
        assert f"line {row + 1} (row {row})" in message
    if column is not None:
        assert f"column '{column}'" in message


def test_a_trace_is_needed_and_must_exist(tmp_path: Path) -> None:
    with pytest.raises(ScenarioError, match="--trace=FILE"):
        Simulator("wifi-edge", {"arrivals": "trace"})
    with pytest.raises(ScenarioError, match=r"gone\.csv: cannot be opened"):
        Simulator("wifi-edge", {"arrivals": "trace", "trace": tmp_path / "gone.csv"})
