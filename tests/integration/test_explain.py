# SPDX-License-Identifier: MIT
"""The story of a request against the packet trace of the same run, and the frame tables."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
import pytest
from pcap_streams import IP_TCP_BYTES, RETRY, TCP_HEADER, read_upstreams, unwrap_radiotap
from scapy.utils import RawPcapReader
from typer.testing import CliRunner

from tandem.agents.inference.sites import DEVICE
from tandem.bridge.runs.reader import Run, load_run
from tandem.scripts.app.inspection import stages
from tandem.scripts.app.inspection.story import (
    StoryError,
    cell_nodes,
    find_request,
    story_of,
)
from tandem.scripts.app.inspection.traffic import idle_share
from tandem.scripts.cli import app

USERS = 3
EPOCHS = 5
MICROSECOND = 1e-6


class DataFrame(NamedTuple):
    """A data frame from a user to the AP, as the AP heard it."""

    end_s: float
    user: int
    sequence: int
    retry: bool
    tcp_sequence: int
    payload_bytes: int


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Everybody at the edge, with packet traces and frame tables of the same run."""
    folder = tmp_path_factory.mktemp("explain") / "run"
    options = ["--users", str(USERS), "--epochs", str(EPOCHS), "--seed", "2", "--policy", "edge"]
    arguments = ["run", *options, "--set", "backgroundStations=2", "--pcap", "--frames"]
    result = CliRunner().invoke(app, [*arguments, "--out", str(folder), "--quiet"])
    assert result.exit_code == 0, result.output
    return load_run(folder)


def heard_by_ap(run: Run) -> Iterator[DataFrame]:
    """Uplink data frames in the AP's trace; ns-3 stamps a frame when its reception ends."""
    with RawPcapReader(str(run.folder / "trace-seed2-wifi-ap.pcap")) as packets:
        for frame, about in packets:
            packet, _ = unwrap_radiotap(frame)
            if len(packet) < IP_TCP_BYTES or packet[9] != 6:
                continue
            source = packet[12:16]
            if source[:2] != b"\x0a\x01" or source[3] < 2:  # stations are 10.1.0.2, …
                continue
            mac = frame[int.from_bytes(frame[2:4], "little") :]
            ip_bytes = 4 * (packet[0] & 15)
            tcp = packet[ip_bytes:]
            _, _, sequence, _, offset, _ = TCP_HEADER.unpack_from(tcp)
            yield DataFrame(
                end_s=about.sec + about.usec * MICROSECOND,
                user=source[3] - 2,
                sequence=int.from_bytes(mac[22:24], "little") >> 4,
                retry=bool(mac[1] & RETRY),
                tcp_sequence=sequence,
                payload_bytes=int.from_bytes(packet[2:4], "big") - ip_bytes - 4 * (offset >> 4),
            )


def test_slowest_request_against_the_packet_trace(run: Run) -> None:
    row = find_request(run, None, None)
    story = story_of(run, row)
    request = run.requests.loc[row]
    assert request["response_time_s"] == run.requests["response_time_s"].max()
    assert story.uplink is not None
    assert story.upload is not None
    user = int(request["user"])
    heard = [
        frame
        for frame in heard_by_ap(run)
        if frame.user == user and story.uplink[0] <= frame.end_s <= story.uplink[1] + MICROSECOND
    ]
    data = [frame for frame in heard if frame.payload_bytes > 0]
    assert len(data) > 50

    # All that the AP heard is in the story; the rest was lost on the air.
    assert story.upload.frames >= len(heard)
    assert story.upload.retries >= sum(frame.retry for frame in heard)
    lost = sum(story.upload.losses.get(reason, 0) for reason in ("no response", "not in block ack"))
    assert story.upload.frames - len(heard) <= lost
    # Between them the frames carried the upload, every byte of it.
    assert story.upload.segments == len({frame.tcp_sequence for frame in data})
    assert story.upload.payload_bytes == request["upload_bytes"]
    (message,) = (
        message
        for stream in read_upstreams(run.folder / "trace-seed2-wifi-edge.pcap")
        for message in stream.messages()
        if message.request_id == request["request_id"]
    )
    assert message.user == user
    assert message.seen_bytes == story.upload.payload_bytes


def test_frames_are_those_of_the_trace(run: Run) -> None:
    """Each frame in the AP's trace is a row, at its time; what is missing was lost."""
    frames = run.table("frames").merge(run.table("airtime")[["transmission", "duration_s"]])
    up = frames[(frames["uplink"] == 1) & (frames["tcp_sequence"] >= 0)]
    rows = dict(iter(up.groupby(["user", "sequence", "tcp_sequence", "retry"])))
    count = 0
    for heard in heard_by_ap(run):
        if heard.end_s < up["start_s"].min():
            continue  # of the warm-up
        key = (heard.user, heard.sequence, heard.tcp_sequence, int(heard.retry))
        group = rows[key]
        spans = zip(group["start_s"], group["start_s"] + group["duration_s"], strict=True)
        assert any(a < heard.end_s <= b + 2 * MICROSECOND for a, b in spans), heard
        count += 1
    assert 100 < count <= len(up)


def test_tables_agree_with_each_other(run: Run) -> None:
    requests, frames = run.requests, run.table("frames")
    own = frames[(frames["user"] >= 0) & (frames["uplink"] == 1)]
    begin, end = stages.uplink_interval(requests)
    for index, request in requests.iterrows():
        inside = own[
            (own["user"] == request["user"]) & own["start_s"].between(begin[index], end[index])
        ]
        assert inside["retry"].sum() == request["mac_retransmissions"]
    airtime = run.table("airtime")
    assert airtime["transmission"].is_unique
    assert set(frames["transmission"]) <= set(airtime["transmission"])
    per_transmission = frames.groupby("transmission").size()
    counted = airtime.set_index("transmission").loc[per_transmission.index, "frames"]
    assert (per_transmission <= counted).all()
    assert run.table("losses")["reason"].isin(range(len(run.meta["loss_reasons"]))).all()


def test_uplink_air_is_the_airtime_of_the_table(run: Run) -> None:
    for row in run.requests.index:
        story = story_of(run, row)
        assert story.upload is not None
        assert story.upload.airtime_s == pytest.approx(
            run.requests.at[row, "uplink_air_s"], abs=2e-4
        )


def test_shares_and_idle_time_make_up_the_upload(run: Run) -> None:
    for row in run.requests.index:
        story = story_of(run, row)
        assert story.uplink is not None
        busy = sum(share.airtime_s for share in story.shares) / (story.uplink[1] - story.uplink[0])
        # Overlapping transmissions count for each of their senders.
        assert busy + story.idle_share >= 1.0 - 1e-9
        assert {share.sender for share in story.shares} >= {f"user {run.requests.at[row, 'user']}"}


def test_one_serves_after_the_other(run: Run) -> None:
    """Whoever is told to have been at the site has the same core before or after."""
    waited = run.requests[run.requests["site_queue_s"] > 0]
    assert len(waited)
    served_s = stages.stage_times(run.requests)["site_compute_s"]
    for row in waited.index:
        company = story_of(run, row).company
        ahead = [other for other in company if other.arrived_s + other.wait_s < served_s[row]]
        own_wait_s = run.requests.at[row, "site_queue_s"]
        assert sum(other.service_s for other in ahead[:-1]) <= own_wait_s + 1e-9
        assert run.requests.at[row, "met_site_jobs"] >= 1


@pytest.mark.parametrize("scenario", ["lte-edge", "hetnet"])
def test_every_radio_has_a_story(scenario: str, tmp_path: Path) -> None:
    folder = tmp_path / "run"
    plain = tmp_path / "plain"
    options = ["run", "--scenario", scenario, "--users", "3", "--epochs", "2", "--quiet"]
    for where, more in ((folder, ["--frames"]), (plain, [])):
        result = CliRunner().invoke(app, [*options, "--out", str(where), *more])
        assert result.exit_code == 0, result.output
    # The tables cost nothing and change nothing.
    name = "requests.parquet"
    assert (folder / name).read_bytes() == (plain / name).read_bytes()
    assert not load_run(plain).tables.keys() & {"airtime", "frames", "losses"}
    run = load_run(folder)
    for row in run.requests.index:
        story = story_of(run, row)
        assert story.upload is not None
        assert story.upload.frames > 0
        assert story.upload.airtime_s == pytest.approx(
            run.requests.at[row, "uplink_air_s"], abs=2e-3
        )
        nodes = run.meta["topology"]["nodes"]
        mine = cell_nodes(run, run.meta["user_cells"][int(story.request["user"])])
        names = {nodes[node]["name"].replace("-", " ") for node in mine}
        assert {share.sender for share in story.shares} <= names
    result = CliRunner().invoke(app, ["explain", str(folder)])
    assert result.exit_code == 0, result.output
    assert "Who shared the channel" in result.output
    result = CliRunner().invoke(app, ["explain", str(plain), "--request", "0"])
    assert "--frames" in result.output


def test_device_request_has_a_short_story(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    options = ["--users", "2", "--epochs", "1", "--policy", "device", "--quiet"]
    CliRunner().invoke(app, ["run", *options, "--out", str(folder)])
    story = story_of(load_run(folder), 0)
    assert story.uplink is None
    assert story.request["site"] == DEVICE
    result = CliRunner().invoke(app, ["explain", str(folder)])
    assert "computes on the device" in result.output


def test_unknown_request_is_refused_with_the_range(run: Run) -> None:
    with pytest.raises(StoryError, match=f"no request 9999.*0 to {USERS * EPOCHS - 1}"):
        find_request(run, 9999, None)
    with pytest.raises(StoryError, match="episode 7"):
        find_request(run, 0, 7)


def test_idle_share_of_known_transmissions() -> None:
    airtime = pd.DataFrame({"start_s": [0.1, 0.15, 0.5], "duration_s": [0.1, 0.1, 1.0]})
    assert idle_share(airtime, 0.0, 1.0) == pytest.approx(1.0 - 0.15 - 0.5)
    assert idle_share(airtime.iloc[:0], 0.0, 1.0) == 1.0
    assert np.isnan(idle_share(airtime, 1.0, 1.0))
