# SPDX-License-Identifier: MIT
"""Traces in other people's tools: the dissector in tshark, FlowMonitor and NetAnim files."""

from __future__ import annotations

import shutil
import subprocess
import xml.etree.ElementTree as ET
from collections import defaultdict
from pathlib import Path

import pytest
from typer.testing import CliRunner
from workload_runs import Option, write_options

from tandem.agents.inference.sites import Sites
from tandem.bridge.runs.reader import Run, load_run
from tandem.scripts.cli import app

needs_tshark = pytest.mark.skipif(shutil.which("tshark") is None, reason="tshark is not installed")
MIXED = (Option("edge", 0.02, 150_528, 4000), Option("cloud", 0.01, 37_633, 999))


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Uploads of odd lengths to both sites, over a channel that loses frames."""
    root = tmp_path_factory.mktemp("traces")
    options = write_options(root / "options.csv", *MIXED)
    arguments = ["--users", "3", "--epochs", "4", "--seed", "3", "--policy", "random", "--quiet"]
    arguments += ["--set", f"options={options}", "--set", "backgroundStations=2"]
    outputs = ["--pcap", "--flowmon", "--netanim", "--out", str(root / "run")]
    result = CliRunner().invoke(app, ["run", *arguments, *outputs])
    assert result.exit_code == 0, result.output
    return load_run(root / "run")


def dissect(trace: Path, *fields: str, only: str = "tandem") -> list[dict[str, list[str]]]:
    """Fields of each packet in which the dissector finds a request."""
    script = CliRunner().invoke(app, ["dissector"]).output.strip()
    command = ["tshark", "-2", "-X", f"lua_script:{script}", "-r", str(trace), "-Y", only]
    command += ["-T", "fields", *(part for field in fields for part in ("-e", field))]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert "Error" not in done.stderr, done.stderr
    assert "lua" not in done.stderr.lower(), done.stderr
    lines = [line.split("\t") for line in done.stdout.splitlines()]
    return [
        {name: cell.split(",") for name, cell in zip(fields, line, strict=True)} for line in lines
    ]


@needs_tshark
@pytest.mark.parametrize(
    ("trace", "sites"),
    [("wifi-ap", (1, 2)), ("wifi-edge", (1,)), ("wifi-cloud", (2,))],
)
def test_every_byte_of_a_request_bears_its_number(
    run: Run, trace: str, sites: tuple[int, ...]
) -> None:
    packets = dissect(
        run.folder / f"trace-seed3-{trace}.pcap",
        *("tandem.request_id", "tandem.user", "tandem.option", "tandem.upload", "tandem.header"),
        *("tcp.stream", "tcp.seq", "tcp.len"),
    )
    requests = run.requests[run.requests["site"].isin(sites)].set_index("request_id")
    covered: dict[tuple[int, bool], set[int]] = defaultdict(set)
    headers: dict[tuple[int, bool], set[tuple[str, ...]]] = defaultdict(set)
    for packet in packets:
        ids = [int(number) for number in packet["tandem.request_id"]]
        start, length = int(packet["tcp.seq"][0]), int(packet["tcp.len"][0])
        for place, number in enumerate(ids):
            upload = packet["tandem.upload"][place] in ("1", "True")
            assert int(packet["tandem.user"][place]) == requests.at[number, "user"]
            assert int(packet["tandem.option"][place]) == requests.at[number, "option"]
            if len(ids) == 1:
                covered[number, upload].update(range(start, start + length))
            if packet["tandem.header"][place] in ("1", "True"):
                headers[number, upload].add((*packet["tcp.stream"], *packet["tcp.seq"]))
    assert {number for number, _ in covered} == set(requests.index)
    for number, request in requests.iterrows():
        for upload, size in ((True, "upload_bytes"), (False, "reply_bytes")):
            # A segment with the end of one message and the begin of the next bears both numbers.
            assert len(covered[int(str(number)), upload]) <= request[size]
            assert len(covered[int(str(number)), upload]) > request[size] - 1400
            assert len(headers[int(str(number)), upload]) == 1


@needs_tshark
def test_a_filter_finds_one_request(run: Run) -> None:
    request = run.requests[run.requests["site"] == Sites().labels.index("cloud")].iloc[0]
    wanted = f"tandem.request_id == {int(request['request_id'])} && tandem.upload == 1"
    packets = dissect(
        run.folder / "trace-seed3-wifi-cloud.pcap", "tandem.request_id", "tcp.len", only=wanted
    )
    assert {number for packet in packets for number in packet["tandem.request_id"]} >= {
        str(int(request["request_id"]))
    }
    assert sum(int(packet["tcp.len"][0]) for packet in packets) >= request["upload_bytes"]


def test_dissector_can_be_installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from tandem.scripts import dissector

    monkeypatch.setattr(dissector, "PLUGINS", tmp_path / "plugins")
    result = CliRunner().invoke(app, ["dissector", "--install"])
    assert result.exit_code == 0, result.output
    assert "Proto(" in (tmp_path / "plugins" / "tandem.lua").read_text()


def test_flowmonitor_file_counts_the_uploads(run: Run) -> None:
    """Read as ns-3's own flowmon-parse-results.py does: classifier and statistics by flow."""
    root = ET.parse(run.folder / "flowmon-seed3.xml").getroot()
    assert root.tag == "FlowMonitor"
    classified = {flow.get("flowId"): flow for flow in root.findall("Ipv4FlowClassifier/Flow")}
    received: dict[int, int] = defaultdict(int)
    for flow in root.findall("FlowStats/Flow"):
        who = classified[flow.get("flowId")]
        assert float((flow.get("delaySum") or "x").rstrip("ns")) >= 0
        assert int(flow.get("rxPackets") or -1) <= int(flow.get("txPackets") or -1)
        if who.get("destinationPort") == "9000" and who.get("protocol") == "6":
            user = int((who.get("sourceAddress") or "").rsplit(".", 1)[1]) - 2
            received[user] += int(flow.get("rxBytes") or 0)
    sent = run.requests.groupby("user")["upload_bytes"].sum()
    for user, size in sent.items():
        # Headers of IP and TCP, handshakes and acknowledgements of replies come on top.
        assert size < received[int(str(user))] < 1.25 * size + 20_000


def test_netanim_file_has_nodes_links_and_packets(run: Run) -> None:
    root = ET.parse(run.folder / "netanim-seed3.xml").getroot()
    assert root.tag == "anim"
    assert (root.get("ver") or "").startswith("netanim-3.")
    assert root.get("filetype") == "animation"
    nodes = {node.get("id"): node.get("descr") for node in root.findall("node")}
    described = {node.get("id"): node.get("descr") for node in root.findall("nu[@p='d']")}
    names = set(nodes.values()) | set(described.values())
    assert {"edge", "cloud", "wifi", "wifi user 0", "wifi user 2"} <= names
    assert len(root.findall("link")) >= 2
    packets = root.findall("p") + root.findall("wpr") + root.findall("pr")
    assert len(packets) > 100
    assert {packet.get("fId") for packet in root.findall("p")} <= set(nodes)
