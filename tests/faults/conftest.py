# SPDX-License-Identifier: MIT
"""After every fault: no process, descriptor, shared memory or temporary file is left."""

from __future__ import annotations

import gc
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
import zmq
from tally import Belongings

GONE_LIMIT_S = 30.0


@pytest.fixture(autouse=True)
def _nothing_left(
    monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[None]:
    # pytest makes its own folder when it is first asked for: not in the one that must stay empty.
    tmp_path_factory.getbasetemp()
    # Not below pytest's own folder: names of sockets are short.
    with tempfile.TemporaryDirectory(prefix="tf-", ignore_cleanup_errors=True) as name:
        monkeypatch.setenv("TMPDIR", name)
        monkeypatch.setattr(tempfile, "tempdir", name)
        zmq.Context.instance().socket(zmq.PAIR).close()  # starts threads that stay
        gc.collect()
        before = Belongings.now(Path(name))
        yield
        _wait_until_gone(before, Path(name))


def _wait_until_gone(before: Belongings, temporary: Path) -> None:
    deadline_s = time.monotonic() + GONE_LIMIT_S
    while True:
        gc.collect()
        now = Belongings.now(temporary)
        leaks = now.leaked_since(before)
        if not any(leaks.values()):
            return
        opened = Counter(now.descriptors) - Counter(before.descriptors)
        assert time.monotonic() < deadline_s, f"the test left {leaks}, opened {list(opened)}"
        time.sleep(0.02)
