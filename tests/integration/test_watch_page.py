# SPDX-License-Identifier: MIT
"""``tandem watch`` in a real browser, on a run and on a training of real ns-3 while they grow."""

from __future__ import annotations

import asyncio
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tandem.bridge.runs import folder as run_folder
from tandem.bridge.runs.reader import load_run

pytest.importorskip("choreographer", reason="kaleido is not installed")
import browser

pytestmark = pytest.mark.skipif(browser.CHROMIUM is None, reason="chromium is not installed")

TANDEM = (sys.executable, "-m", "tandem.scripts.main")
COUNT = "tandemWatch.state.rewards.x.length"
STATUS = "document.getElementById('status').textContent"
#: Marks of a kind in a figure.
MARKS = "document.querySelectorAll('#{} {}').length"
WAIT_S = 60.0
#: Holds back each answer until `release()`: a slow connection, or a busy machine.
HOLD = """
window.held = []; window.holds = true;
const ask = window.fetch;
window.fetch = async (...question) => {
  const answer = await ask(...question);
  if (window.holds) await new Promise((go) => window.held.push(go));
  return answer;
};
window.release = () => { window.holds = false; for (const go of window.held) go(); };
"""


@contextmanager
def watched(folder: Path) -> Iterator[str]:
    """A `tandem watch` of the folder; its address. Ctrl-C has to end it cleanly."""
    process = subprocess.Popen(
        [*TANDEM, "watch", str(folder), "--port", "0"], stderr=subprocess.PIPE, text=True
    )
    try:
        assert process.stderr is not None
        line = process.stderr.readline()
        found = re.search(r"http://127\.0\.0\.1:\d+/", line)
        assert found, line
        yield found[0]
        process.send_signal(signal.SIGINT)
        assert process.wait(20) == 0
        assert process.stderr.read() == ""
    finally:
        process.kill()
        process.wait()
        if process.stderr is not None:
            process.stderr.close()


@contextmanager
def begun(*command: str, folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A command that has begun its run in the folder."""
    process = subprocess.Popen([*TANDEM, *command, "--quiet", "--out", str(folder)])
    try:
        asyncio.run(until(lambda: run_folder.is_run(folder)))
        yield process
    finally:
        process.kill()
        process.wait()


async def until(is_so: Any) -> None:
    """Wait for a condition: an event of the command beside, so a limit only catches a hang."""
    for _ in range(int(WAIT_S / 0.1)):
        if is_so():
            return
        await asyncio.sleep(0.1)
    raise AssertionError("it did not come")


async def until_page(page: browser.Page, expression: str) -> None:
    for _ in range(int(WAIT_S / 0.2)):
        if await page.evaluate(expression):
            return
        await asyncio.sleep(0.2)
    raise AssertionError(f"never: {expression}")


@pytest.mark.usefixtures("interruptible")
def test_a_run_while_it_grows_and_its_replay(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    command = ("run", "--scenario", "hetnet", "--users", "4", "--policy", "random", "--seed", "1")
    with begun(*command, "--epochs", "20", "--episodes", "2", folder=folder) as run:
        run.send_signal(signal.SIGSTOP)
        with watched(folder) as address:
            asyncio.run(look_at_run(address, run, folder))


async def look_at_run(address: str, run: subprocess.Popen[bytes], folder: Path) -> None:
    async with browser.open_url(address) as page:
        await page.evaluate("tandemWatch.ready.then(() => true)")
        before = await page.evaluate(COUNT)
        assert "running" in await page.evaluate(STATUS)
        assert before < 40
        run.send_signal(signal.SIGCONT)
        await until_page(page, f"{COUNT} > {before}")
        await until_page(page, f"{STATUS}.includes('complete')")
        await until_page(page, f"{COUNT} === 40")

        # A moment of the replay: what the page calls open is open according to the table.
        await page.evaluate("tandemWatch.leaveLive()")
        await page.evaluate("document.getElementById('episode').value = 0")
        await page.evaluate("document.getElementById('episode').dispatchEvent(new Event('change'))")
        await until_page(page, "tandemWatch.state.answer.episode === 0")
        requests = load_run(folder).requests
        requests = requests[requests["episode"] == 0]
        ends_s = requests["arrival_s"] + requests["response_time_s"]
        sent = requests[requests["site"] > 0]
        moment_s = float(sent["arrival_s"].iloc[5] + sent["response_time_s"].iloc[5] / 2)
        await page.evaluate(f"tandemWatch.setTime({moment_s})")
        is_open = (requests["arrival_s"] <= moment_s) & (moment_s < ends_s)
        told = await page.evaluate(
            f"tandemWatch.openAt({moment_s}).map((open) => open.request.user)"
        )
        assert sorted(told) == sorted(requests[is_open]["user"].tolist())
        names = await page.evaluate(
            "document.getElementById('map').data.filter((t) => t.x.length).map((t) => t.name)"
        )
        assert {"state", "users", "requests"} <= set(names)
        assert await page.evaluate(MARKS.format("map", ".point")) > 4
        assert await page.evaluate(MARKS.format("decisions", ".hm image")) == 1
        assert await page.evaluate(MARKS.format("rewards", "path.js-line")) == 1
        slider = "document.getElementById('time')"
        await page.evaluate(f"{slider}.value = 1000")
        await page.evaluate(f"{slider}.dispatchEvent(new Event('input'))")
        assert "decision 19" in await page.evaluate("document.getElementById('clock').textContent")
        assert page.errors == []


@pytest.mark.usefixtures("interruptible")
def test_a_training_beside_another_run(tmp_path: Path) -> None:
    folder = tmp_path / "runs"
    finished = [*TANDEM, "run", "--epochs", "3", "--quiet", "--out", str(folder / "edge")]
    subprocess.run(finished, check=True, stderr=subprocess.DEVNULL)
    command = ("train", "--scenario", "tcp-bottleneck", "--agent", "sb3:PPO", "--epochs", "8")
    command += ("--interactions", "64", "--evaluate-every", "16", "--checkpoint-every", "16")
    with begun(*command, folder=folder / "train") as training, watched(folder) as address:
        asyncio.run(look_at_training(address, training))


def test_a_choice_made_while_an_answer_is_under_way(tmp_path: Path) -> None:
    command = [*TANDEM, "run", "--epochs", "3", "--quiet", "--out", str(tmp_path / "first")]
    subprocess.run(command, check=True, stderr=subprocess.DEVNULL)
    shutil.copytree(tmp_path / "first", tmp_path / "second")
    with watched(tmp_path) as address:
        asyncio.run(choose_while_asking(address))


async def choose_while_asking(address: str) -> None:
    async with browser.open_url(address) as page:
        await page.evaluate("tandemWatch.ready.then(() => true)")
        assert await page.evaluate("tandemWatch.state.run") == "first"
        await page.evaluate("document.querySelector('#runs button').kept = true")
        await page.evaluate(f"(() => {{ {HOLD} }})()")
        await until_page(page, "window.held.length === 1")
        await page.evaluate("document.querySelectorAll('#runs button')[1].click()")
        await until_page(page, "window.held.length === 2")
        # Both arrive, the newer one first.
        await page.evaluate("window.held[1]()")
        await until_page(page, "tandemWatch.state.answer.run === 'second'")
        await page.evaluate("window.release()")
        polls = await page.evaluate("tandemWatch.state.polls")
        await until_page(page, f"tandemWatch.state.polls > {polls}")
        assert await page.evaluate("tandemWatch.state.run") == "second"
        assert await page.evaluate("tandemWatch.state.decision.length") == 3
        assert await page.evaluate("document.querySelector('#runs button').kept")
        assert page.errors == []


async def look_at_training(address: str, training: subprocess.Popen[bytes]) -> None:
    async with browser.open_url(address) as page:
        await page.evaluate("tandemWatch.ready.then(() => true)")
        assert await page.evaluate(MARKS.format("runs", "tr")) == 2
        await page.evaluate("document.querySelectorAll('#runs button')[1].click()")
        await until_page(page, "tandemWatch.state.run === 'train'")
        await until_page(page, f"{COUNT} > 0")
        await until_page(page, "!document.getElementById('learned').hidden")
        await until_page(page, f"{STATUS}.includes('complete')")
        assert training.wait(WAIT_S) == 0
        assert await page.evaluate(MARKS.format("learning", "path.js-line")) >= 1
        # No users, no places: no map, but what each agent did.
        assert await page.evaluate(MARKS.format("decisions", ".hm image")) == 1
        assert page.errors == []
