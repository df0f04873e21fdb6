# SPDX-License-Identifier: MIT
"""The channel's memory order: every execution that C++ allows is right, and needs each order.

The model explores the code of ``ns3_scenarios/channel`` itself (see ``tests/channel_model.py``).
A model that finds nothing proves little unless it finds what is wrong, so each order that the
argument in ``docs/memory_order.md`` rests on is weakened once, and must be missed.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from channel_model import INTACT, Mutation, build, explore

pytestmark = pytest.mark.skipif(shutil.which("g++") is None, reason="compiles a model: no g++")

MESSAGES = 2
RACE = "a data race"
STALE = "a stale status"
LOST = "a lost wake-up"

ADVANCE = "mailbox.sequence.fetch_add(1, std::memory_order_seq_cst);"
LOOK = "mailbox.sleepers.load(std::memory_order_seq_cst) != 0"
FIRST_LOOK = "if (mailbox.sequence.load(std::memory_order_acquire) != seen || Spin("
SPIN_LOOK = "if (mailbox.sequence.load(std::memory_order_acquire) != seen)\n"
ANNOUNCE = "mailbox.sleepers.store(1, std::memory_order_seq_cst);"
RECHECK = "mailbox.sequence.load(std::memory_order_seq_cst) == seen && !cancelled()"
SLEEP = "Futex(mailbox.sequence, FUTEX_WAIT, seen, &slice);"
LAST_LOOK = "return mailbox.sequence.load(std::memory_order_acquire) != seen;"


def weakened(text: str, order: str) -> str:
    for strong in ("seq_cst", "acquire"):
        text = text.replace(f"memory_order_{strong}", f"memory_order_{order}")
    return text


def mutation(name: str, old: str, new: str) -> Mutation:
    return Mutation(name, "wait.h", old, new)


#: What is changed, and what then goes wrong.
MUTATIONS = {
    mutation("post_releases_nothing", ADVANCE, weakened(ADVANCE, "relaxed")): STALE,
    mutation("post_is_no_full_barrier", ADVANCE, weakened(ADVANCE, "acq_rel")): LOST,
    mutation("look_at_sleepers_is_relaxed", LOOK, weakened(LOOK, "relaxed")): LOST,
    mutation("look_at_sleepers_only_acquires", LOOK, weakened(LOOK, "acquire")): LOST,
    mutation("nobody_is_woken", LOOK, "false"): LOST,
    mutation("first_look_is_relaxed", FIRST_LOOK, weakened(FIRST_LOOK, "relaxed")): STALE,
    mutation("spin_is_relaxed", SPIN_LOOK, weakened(SPIN_LOOK, "relaxed")): STALE,
    mutation("announcement_only_releases", ANNOUNCE, weakened(ANNOUNCE, "release")): LOST,
    mutation("recheck_is_relaxed", RECHECK, weakened(RECHECK, "relaxed")): LOST,
    mutation("recheck_only_acquires", RECHECK, weakened(RECHECK, "acquire")): LOST,
    mutation("recheck_is_missing", RECHECK, "!cancelled()"): LOST,
    mutation(
        "kernel_compares_with_what_is_there",
        SLEEP,
        SLEEP.replace("seen", "mailbox.sequence.load(std::memory_order_relaxed)"),
    ): LOST,
    mutation("last_look_is_relaxed", LAST_LOOK, weakened(LAST_LOOK, "relaxed")): STALE,
    Mutation(
        "sender_does_not_wait", "duplex.h", "Await(m_way->taken, m_begun - 1, idle);", ""
    ): RACE,
}

#: Small programs whose outcomes are known, and what must be found; empty: nothing.
LITMUS = {
    "passing_release_acquire": "",
    "passing_seq_cst": "",
    "passing_relaxed_store": RACE,
    "passing_relaxed_load": RACE,
    "buffering_seq_cst": "",
    "buffering_release_acquire": "both read the old values",
    "buffering_one_sided": "both read the old values",
    "coherence": "",
    "unordered_read": RACE,
}


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(tmp_path_factory.mktemp("model"), list(MUTATIONS))


@pytest.mark.parametrize("name", LITMUS)
def test_the_model_allows_what_cpp_allows(program: Path, name: str) -> None:
    done = explore(program, name, MESSAGES)
    assert done.returncode == (1 if LITMUS[name] else 0), done.stdout
    assert LITMUS[name] in done.stdout


def test_every_execution_is_right(program: Path) -> None:
    done = explore(program, INTACT, MESSAGES)
    print(done.stdout)
    assert done.returncode == 0, done.stdout
    assert done.stdout.count("ok\n") == 5


@pytest.mark.parametrize("weak", MUTATIONS, ids=lambda mutation: mutation.name)
def test_a_weaker_order_is_missed(program: Path, weak: Mutation) -> None:
    done = explore(program, weak.name, MESSAGES)
    assert done.returncode == 1, done.stdout
    assert MUTATIONS[weak] in done.stdout
