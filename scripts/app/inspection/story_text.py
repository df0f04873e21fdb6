# SPDX-License-Identifier: MIT
"""The story of a request in words."""

from __future__ import annotations

from typing import Final

from rich.console import Console
from rich.table import Table

from tandem.agents.common.units import MS_PER_S
from tandem.agents.inference.request_table import RequestStatus
from tandem.agents.inference.sites import DEVICE
from tandem.bridge.runs.reader import Run
from tandem.scripts.app.inspection.story import IDLE_SHARE, Story
from tandem.scripts.app.inspection.traffic import Traffic

BAR_WIDTH: Final = 30


MOST_PAUSES: Final = 3


ENDS: Final = {
    RequestStatus.OK: "took",
    RequestStatus.TIMEOUT: "timed out after",
    RequestStatus.OPEN: "was still open at the end of its episode, after",
}


STAGES: Final = {
    "device_queue_s": "waits at the device",
    "device_compute_s": "computes on the device",
    "uplink_queue_s": "uplink: queue, contention, TCP",
    "uplink_air_s": "uplink: own radio sends",
    "uplink_backhaul_s": "backhaul to the site",
    "site_queue_s": "waits for a core of the site",
    "site_compute_s": "computes at the site",
    "downlink_s": "downlink",
}


def print_story(console: Console, run: Run, story: Story) -> None:
    """The story as text."""
    me = story.request
    user = int(me["user"])
    ended = ENDS[RequestStatus(int(me["status"]))]
    console.print(
        f"[bold]Request {int(me['request_id'])}[/] of user {user} "
        f"(episode {int(me['episode'])}, decision {int(me['decision'])}) ran as "
        f"[bold]{story.option}[/] and {ended} [bold]{me['response_time_s']:.3f} s[/]: slower than "
        f"{story.slower_than:.0%} of the run's {len(run.requests)} requests.",
        highlight=False,
    )
    console.print(f"[bold]{verdict(story)}[/]\n", highlight=False)
    _print_stages(console, story)
    for line in met(run, story):
        console.print(f"• {line}", highlight=False)
    if story.upload is not None and story.uplink is not None:
        _print_upload(console, story, story.upload, story.uplink)
    elif story.uplink is not None:
        console.print("\nPacket counts are in runs recorded with [bold]--frames[/].")
    _print_company(console, story)


def verdict(story: Story) -> str:
    """One sentence: what took most of the time, and why as far as the tables show it."""
    stage = story.longest
    row = story.stages.loc[stage]
    where = f"Most of it, {row['time_s']:.3f} s ({row['share']:.0%}),"
    me = story.request
    if stage == "site_queue_s":
        jobs = int(me["met_site_jobs"]) if "met_site_jobs" in me else len(story.company)
        return (
            f"{where} it waited for a core of the {story.site}: {jobs} "
            f"job{'s' if jobs != 1 else ''} stood before it; requests of users among "
            f"them: {_ahead(story)}."
        )
    if stage in ("uplink_queue_s", "uplink_air_s") and story.upload is not None:
        return f"{where} it was on its way to the gateway: {_uplink_reason(story, story.upload)}."
    if stage == "uplink_queue_s":
        return f"{where} it was on its way to the gateway, mostly without its own radio sending."
    return f"{where} went into one stage: {STAGES[stage]}."


def _ahead(story: Story) -> int:
    """Requests that were at the site when this one came."""
    came_s = float(story.stages["begin_s"]["site_queue_s"])
    return sum(1 for other in story.company if other.arrived_s <= came_s)


def _uplink_reason(story: Story, upload: Traffic) -> str:
    if upload.pauses:
        begin, end, idle = upload.pauses[0]
        total_s = sum(pause[1] - pause[0] for pause in upload.pauses)
        why = (
            "although the channel was mostly idle, as a TCP sender does that waits for a "
            "retransmission timeout"
            if idle > IDLE_SHARE
            else "while others used the channel"
        )
        return (
            f"its radio sent nothing for {total_s:.3f} s in {len(upload.pauses)} long pause"
            f"{'s' if len(upload.pauses) != 1 else ''}, the longest of {end - begin:.3f} s {why}"
        )
    share = upload.retries / max(upload.frames, 1)
    return f"{upload.retries} of {upload.frames} frames were repetitions ({share:.0%})"


def met(run: Run, story: Story) -> list[str]:
    """Radio, queues and losses that the request met, in words."""
    me, seen = story.request, story.observed
    lines = []
    if seen:
        weak = ", on a weak network" if seen.get("weak") else ""
        lines.append(
            f"at the decision the user was {seen['distance_m']:.0f} m away{weak}, with an SNR of "
            f"{seen['snr_db']:.1f} dB, last sent at {seen['rate_bps'] / 1e6:.1f} Mbit/s"
        )
    if me["site"] == DEVICE:
        return lines
    if "met_queue_bytes" in me:
        lines.append(
            f"{me['met_queue_bytes'] / 1e3:.1f} kB waited in its device as the upload of "
            f"{me['upload_bytes'] / 1e3:.1f} kB began"
        )
        lines.append(
            f"{int(me['met_site_jobs'])} jobs waited or were served at the site as it arrived, "
            "background included"
        )
    lines.append(
        f"until it ended {int(me['mac_retransmissions'])} frames (MAC) and "
        f"{int(me['tcp_retransmissions'])} segments (TCP) were sent again"
    )
    together = run.requests[
        (run.requests["episode"] == me["episode"])
        & (run.requests["decision"] == me["decision"])
        & (run.requests["site"] != DEVICE)
    ]
    lines.append(f"{len(together) - 1} other users offloaded at the same decision")
    return lines


def _print_stages(console: Console, story: Story) -> None:
    table = Table()
    for heading, justify in (
        ("stage", "left"),
        ("from (s)", "right"),
        ("time (ms)", "right"),
        ("median of its site (ms)", "right"),
        ("share", "left"),
    ):
        table.add_column(heading, justify="right" if justify == "right" else "left")
    for stage, row in story.stages.iterrows():
        if row["time_s"] <= 0 and row["median_s"] <= 0:
            continue
        bar = "█" * round(BAR_WIDTH * row["share"])
        table.add_row(
            STAGES[str(stage)],
            f"{row['begin_s']:.6f}",
            f"{row['time_s'] * MS_PER_S:.1f}",
            f"{row['median_s'] * MS_PER_S:.1f}",
            f"{bar} {row['share']:.0%}",
        )
    console.print(table)


def _print_upload(
    console: Console, story: Story, upload: Traffic, uplink: tuple[float, float]
) -> None:
    length_s = uplink[1] - uplink[0]
    console.print(
        f"\n[bold]The upload[/], {uplink[0]:.6f} s to {uplink[1]:.6f} s: "
        f"{upload.frames} frames in {upload.transmissions} transmissions, {upload.retries} of them "
        f"repetitions; {upload.overlapped} transmissions overlapped with another radio's.",
        highlight=False,
    )
    if upload.segments:
        console.print(
            f"They carried {upload.segments} different TCP segments, {upload.payload_bytes} bytes; "
            f"TCP sent {upload.tcp_resent} of them again.",
            highlight=False,
        )
    for reason, count in upload.losses.items():
        console.print(f"• {count} × {reason}", highlight=False)
    for begin, end, idle in upload.pauses[:MOST_PAUSES]:
        console.print(
            f"• its radio sent no data from {begin:.6f} s to {end:.6f} s ({end - begin:.3f} s); "
            f"the channel was idle for {idle:.0%} of that",
            highlight=False,
        )
    table = Table(title="Who shared the channel during the upload", title_justify="left")
    for heading in ("sender", "transmissions", "airtime (ms)", "share of the time"):
        table.add_column(heading, justify="left" if heading == "sender" else "right")
    for share in story.shares:
        table.add_row(
            share.sender,
            str(share.transmissions),
            f"{share.airtime_s * MS_PER_S:.1f}",
            f"{share.airtime_s / max(length_s, 1e-12):.1%}",
        )
    table.add_row("nobody", "", "", f"{story.idle_share:.1%}")
    console.print(table)


def _print_company(console: Console, story: Story) -> None:
    if not story.company:
        return
    table = Table(title="At the site while it waited", title_justify="left")
    for heading in ("request", "user", "its own wait (ms)", "service (ms)"):
        table.add_column(heading, justify="right")
    for other in story.company:
        table.add_row(
            str(other.request_id),
            str(other.user),
            f"{other.wait_s * MS_PER_S:.1f}",
            f"{other.service_s * MS_PER_S:.1f}",
        )
    console.print(table)
