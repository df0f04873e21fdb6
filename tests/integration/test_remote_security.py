# SPDX-License-Identifier: MIT
"""Who may not come in, and what may not be asked; a refusal never harms another client."""

from __future__ import annotations

import contextlib
import re
import stat
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import zmq
from commands import tandem
from raw_client import RawClient
from remote_servers import LOCAL, ServerProcess, free_address, serving

from tandem.bridge.backends.remote import RemoteSimulator, Target
from tandem.bridge.core.errors import (
    InvalidArgument,
    ScenarioError,
    SchemaMismatch,
    SimulatorDied,
    TandemError,
)
from tandem.bridge.core.scenarios import scenario_executable
from tandem.bridge.remote import AccessRefused, ClientKeys, QuotaExceeded
from tandem.bridge.remote.endpoint import AddressError
from tandem.bridge.remote.keys import AllowList, KeyFileError, create, load_pair, load_public
from tandem.bridge.remote.messages import Step
from tandem.bridge.remote.sockets import Access, ServerSockets
from tandem.bridge.remote.wire import PROTOCOL_VERSION
from tandem.bridge.server.server import Server
from tandem.bridge.server.watch import Watch

ECHO = {"values": 2, "epochs": 0}
ACTION = [3.0, 4.0]
DOUBLES = ("float64", np.array(ACTION).tobytes(), [2])
MIB = 1024 * 1024
GIB = 1024 * MIB


@contextlib.contextmanager
def others_are_served(server: Server, keys: ClientKeys | None = None) -> Iterator[None]:
    """A client that is in mid-episode before, and steps on as if nothing were afterwards."""
    target = Target(server.address, keys=keys, resume_timeout_s=0.0)
    neighbour = RemoteSimulator("echo", ECHO, target=target)
    try:
        neighbour.reset(1)
        neighbour.step(ACTION)
        pid = neighbour.episode_pid
        yield
        frame = neighbour.step(ACTION)
        assert (frame.decision, neighbour.episode_pid) == (2, pid)
        np.testing.assert_array_equal(frame.observation["values"], ACTION)
    finally:
        neighbour.close()


class Keys:
    """A server and its clients, as `tandem keys new` makes them."""

    def __init__(self, folder: Path) -> None:
        self.clients = folder / "clients"
        self.clients.mkdir()
        self.server_public, self.server_secret = create(folder / "server", "server")
        self.folder = folder

    def client(self, name: str, *, admitted: bool = True) -> ClientKeys:
        public, secret = create(self.folder / name, name)
        if admitted:
            public.rename(self.clients / public.name)
        return ClientKeys.load(secret, self.server_public)

    @property
    def access(self) -> Access:
        return Access(LOCAL, keys=load_pair(self.server_secret), clients=AllowList(self.clients))


@pytest.fixture
def keys(tmp_path: Path) -> Keys:
    return Keys(tmp_path)


# --- keys -----------------------------------------------------------------------------------------


def test_new_keys_are_private_and_never_replaced(tmp_path: Path) -> None:
    folder = tmp_path / "keys"
    made = tandem("keys", "new", "alice", "--folder", str(folder))
    assert made.returncode == 0, made.stderr
    secret, public = folder / "alice.key_secret", folder / "alice.key"
    assert stat.S_IMODE(secret.stat().st_mode) == 0o600
    assert stat.S_IMODE(public.stat().st_mode) == 0o644
    pair = load_pair(secret)
    assert pair.public == load_public(public) == zmq.curve_public(pair.secret)
    text = pair.secret.decode()
    assert text not in made.stdout + made.stderr + repr(pair) + public.read_text()
    before = secret.read_bytes()
    again = tandem("keys", "new", "alice", "--folder", str(folder))
    assert again.returncode != 0
    assert "exists" in again.stderr
    assert secret.read_bytes() == before
    create(folder, "bob")
    assert load_pair(folder / "bob.key_secret") != pair
    shown = tandem("keys", "list", str(folder))
    assert shown.stdout.splitlines()[0] == f"alice  {pair.public.decode()}"
    for name in ("../alice", "", ".hidden", "a/b", "a" * 65, "a b"):
        with pytest.raises(KeyFileError, match="cannot name a key"):
            create(folder, name)


def test_keys_that_cannot_be_trusted_are_refused(tmp_path: Path) -> None:
    public, secret = create(tmp_path, "alice")
    secret.chmod(0o640)
    with pytest.raises(KeyFileError, match="chmod 600"):
        load_pair(secret)
    with pytest.raises(KeyFileError, match="no secret key"):
        load_pair(public)
    with pytest.raises(KeyFileError, match="tandem keys new"):
        load_public(tmp_path / "nobody.key")
    text = public.read_text()
    key = load_public(public).decode()
    for damaged, fault in ((key[:-1], "39 characters"), ("~" + key[1:], "damaged")):
        public.write_text(text.replace(key, damaged))
        with pytest.raises(KeyFileError, match=fault):
            load_public(public)
    assert AllowList(tmp_path).names() == {}


# --- addresses ------------------------------------------------------------------------------------


@pytest.mark.parametrize("address", ["tcp://0.0.0.0:0", "tcp://*:0", "tcp://[::]:0"])
def test_others_cannot_reach_a_server_without_keys(address: str, keys: Keys) -> None:
    pair, clients = load_pair(keys.server_secret), AllowList(keys.clients)
    for access, fault in (
        (Access(address), "needs keys"),
        (Access(LOCAL, telemetry=address), "needs keys"),
        (Access(address, keys=pair), "--allow"),
        (Access(address, clients=clients), "--keys"),
        (Access(LOCAL, keys=pair), "let everybody in"),
        (Access(LOCAL, clients=clients), "keep nobody out"),
    ):
        with pytest.raises(AddressError, match=re.escape(fault)):
            ServerSockets(access, MIB, 1.0)


def test_serve_refuses_an_open_address_and_says_how_to_go_on() -> None:
    refused = tandem("serve", "--scenario", "echo", "--bind", "tcp://0.0.0.0:0")
    assert refused.returncode == 2
    assert "tandem keys new server" in " ".join(refused.stderr.split())
    assert "Traceback" not in refused.stderr
    with pytest.raises(AccessRefused, match="tandem keys new"):
        RemoteSimulator("echo", ECHO, target=Target("tcp://192.0.2.1:5570"))


# --- who comes in ---------------------------------------------------------------------------------


def test_only_known_keys_come_in(keys: Keys) -> None:
    alice = keys.client("alice")
    stranger = keys.client("mallory", admitted=False)
    wrong_server = ClientKeys(alice.own, stranger.own.public)
    mixed = ClientKeys(
        type(alice.own)(public=alice.own.public, secret=stranger.own.secret), alice.server
    )
    with serving(access=keys.access) as server, others_are_served(server, alice):
        for wrong in (None, stranger, wrong_server, mixed):
            with pytest.raises(AccessRefused, match="keys"):
                RemoteSimulator("echo", ECHO, target=Target(server.address, keys=wrong))
        assert [row.client for row in server.snapshot().clients] == ["alice"]
        with RawClient(server.address) as raw:
            raw.send([b"{}"])
            assert raw.receive(500) is None
        with Watch(server.telemetry_address) as watch:
            assert watch.next(1.5) is None
        with Watch(server.telemetry_address, alice) as watch:
            assert watch.next(10.0) is not None


def test_the_list_of_clients_counts_at_once(keys: Keys) -> None:
    alice = keys.client("alice")
    with serving(access=keys.access) as server, others_are_served(server, alice):
        bob = keys.client("bob")
        target = Target(server.address, keys=bob)
        RemoteSimulator("echo", ECHO, target=target).close()
        (keys.clients / "bob.key").unlink()
        with pytest.raises(AccessRefused, match="not in"):
            RemoteSimulator("echo", ECHO, target=target)


def test_quotas_are_per_key(keys: Keys) -> None:
    alice, bob = keys.client("alice"), keys.client("bob")
    with (
        serving(access=keys.access, simulators_per_client=1) as server,
        others_are_served(server, alice),
    ):
        with pytest.raises(QuotaExceeded, match="'alice' has 1"):
            RemoteSimulator("echo", ECHO, target=Target(server.address, keys=alice))
        RemoteSimulator("echo", ECHO, target=Target(server.address, keys=bob)).close()


def test_two_commands_with_keys(keys: Keys, tmp_path: Path) -> None:
    """The commands of the documentation, on an address that others could reach."""
    alice = keys.client("alice")
    assert load_pair(tmp_path / "alice/alice.key_secret") == alice.own
    port = free_address().rpartition(":")[2]
    server = ServerProcess(
        f"tcp://0.0.0.0:{port}",
        *("--scenario", "wifi-edge", "--keys", str(keys.server_secret)),
        *("--allow", str(keys.clients)),
    )
    common = ("run", "--policy", "random", "--users", "1", "--epochs", "2", "--episodes", "1")
    connect = ("--connect", f"tcp://127.0.0.1:{port}", "--out", str(tmp_path / "out"))
    try:
        refused = tandem(*common, *connect)
        assert refused.returncode == 2
        assert "needs keys" in " ".join(refused.stderr.split())
        mine = ("--key", str(tmp_path / "alice/alice.key_secret"))
        done = tandem(*common, *connect, *mine, "--server-key", str(keys.server_public))
        assert done.returncode == 0, done.stderr
    finally:
        server.end()


# --- what is asked --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "scenario",
    ["/bin/sh", "../../bin/sh", "./echo", "echo; id", "echo\0", "$(id)", "", "wifi-edge", "ECHO"],
)
def test_a_forged_scenario_is_refused(scenario: str) -> None:
    with serving() as server, others_are_served(server):
        target = Target(server.address)
        with pytest.raises(AccessRefused, match=r"offers no scenario .* it offers echo"):
            RemoteSimulator(scenario, ECHO, target=target)


@pytest.mark.parametrize(
    ("arguments", "kind", "fault"),
    [
        ({"requests": "/etc/passwd"}, AccessRefused, "names a file"),
        ({"agent": 3}, AccessRefused, "belongs to the bridge"),
        ({"policy": "x"}, AccessRefused, "belongs to the bridge"),
        ({"epochs": "1;id"}, AccessRefused, "numbers and words"),
        ({"epochs": "$(id)"}, AccessRefused, "numbers and words"),
        ({"epochs": "/etc/passwd"}, AccessRefused, "numbers and words"),
        ({"epochs": "--help"}, AccessRefused, "numbers and words"),
        ({"PrintHelp": 1}, InvalidArgument, "no argument 'PrintHelp'"),
        ({"describe": 1}, InvalidArgument, "no argument 'describe'"),
        ({"RngRun": 1}, InvalidArgument, "no argument 'RngRun'"),
        ({"ns3.Node.Id": 1}, InvalidArgument, "no argument"),
        ({"values": 10**9}, QuotaExceeded, "limit of 65536"),
        ({"values": "nan"}, InvalidArgument, "no whole number; allowed: 1 … 10000000"),
        ({"values": -1}, InvalidArgument, "out of range; allowed: 1 … 10000000"),
        ({"values": -4194967296}, InvalidArgument, "out of range; allowed: 1 … 10000000"),
        ({"recordCapacity": -(2**63)}, InvalidArgument, "out of range; allowed: 1 …"),
        ({"recordCapacity": 10**9}, QuotaExceeded, "limit of 1e"),
        ({"rows": -1}, InvalidArgument, "out of range; allowed: 0 …"),
        ({"recordCapacity": -1}, InvalidArgument, "out of range; allowed: 1 …"),
        ({"values": 2.5}, InvalidArgument, "no whole number"),
        ({"values": "20m"}, InvalidArgument, "no whole number"),
        ({"values": "1e3"}, InvalidArgument, "no whole number"),
        ({"workUs": "0,3"}, InvalidArgument, "no number; allowed: 0 …"),
        ({"workUs": "inf"}, InvalidArgument, "no number"),
        (
            {"values": 2, "choices": 3},
            ScenarioError,
            r"(?s)^echo did not start.*--choices=3 exceeds.*with: echo --help$",
        ),
    ],
)
def test_refused_arguments(arguments: dict[str, object], kind: type[Exception], fault: str) -> None:
    with serving() as server, others_are_served(server), pytest.raises(kind, match=fault):
        RemoteSimulator("echo", arguments, target=Target(server.address))


def test_memory_is_limited_from_the_start(tmp_path: Path) -> None:
    seen = tmp_path / "limit"
    program = tmp_path / "echo"
    program.write_text(
        f'#!/bin/sh\ncase "$*" in *--agent*) ulimit -v > {seen};; esac\n'
        f'exec "{scenario_executable("echo")}" "$@"\n'
    )
    program.chmod(0o755)
    with serving([str(program)], simulator_bytes=2 * GIB) as server:
        RemoteSimulator("echo", ECHO, target=Target(server.address)).close()
        assert int(seen.read_text()) == 2 * MIB  # in KiB
        with (
            others_are_served(server),
            pytest.raises(ScenarioError, match=r"(?s)cannot map .* gives a simulator 2147483648"),
        ):
            RemoteSimulator(
                "echo",
                {**ECHO, "rows": 1, "recordCapacity": 10**6},
                target=Target(server.address),
                branch_slots=256,
            )


FAILING = """#!/usr/bin/env python3
import os, socket, sys
echo = {echo!r}
agent = [word for word in sys.argv if word.startswith("--agent=")]
if not agent or "--values=1" in sys.argv:
    os.execv(echo, [echo, *sys.argv[1:]])
print("cannot open", os.path.abspath(__file__), "or '/etc/secret/key'", flush=True)
if "--values=2" in sys.argv:
    sys.exit(3)
control = socket.socket(fileno=int(agent[0].partition("=")[2]))
memory = os.memfd_create("other")
os.truncate(memory, 4096)
socket.send_fds(control, [b"READY"], [memory])
control.recv(1)
"""


def test_errors_do_not_tell_the_folders_of_the_server(tmp_path: Path) -> None:
    folder = tmp_path / "my scenarios"
    folder.mkdir()
    program = folder / "echo"
    program.write_text(FAILING.format(echo=str(scenario_executable("echo"))))
    program.chmod(0o755)
    with serving([str(program)]) as server:
        target = Target(server.address)

        def play(arguments: dict[str, object]) -> None:
            with contextlib.closing(RemoteSimulator("echo", arguments, target=target)) as simulator:
                simulator.reset(1)
                simulator.step([0.0])

        def failure(arguments: dict[str, object]) -> Exception:
            with pytest.raises(TandemError) as error:
                play(arguments)
            return error.value

        failures = {
            ScenarioError: failure({"values": 2}),
            SchemaMismatch: failure({"values": 3}),
            SimulatorDied: failure({"values": 1, "crashAt": 0}),
        }
        program.unlink()
        failures[InvalidArgument] = failure({"values": 0})
        failures[FileNotFoundError] = failure({"values": 1})
    for kind, error in failures.items():
        text = f"{error} {getattr(error, 'command', '')}"
        text = re.sub(r"\S*--actions=\S+|\S+\.actions", "", text)  # the client's own file
        assert "echo" in text, text
        assert not re.search(r"(?<![\w.])/\w|my scenarios|secret/|tmp", text), (kind, text)
    assert isinstance(failures[ScenarioError], ScenarioError)
    assert "cannot open echo or 'key'" in str(failures[ScenarioError])
    assert isinstance(failures[SchemaMismatch], SchemaMismatch)
    died = failures[SimulatorDied]
    assert isinstance(died, SimulatorDied)
    assert died.command[0] == "echo"


def test_what_a_client_never_sends_is_refused() -> None:
    with serving() as server, others_are_served(server), RawClient(server.address) as raw:
        assert "does not know this connection" in raw.refused("step", DOUBLES).text
        assert (
            "speaks protocol 99" in raw.refused("hello", protocol=99, package="0", name="raw").text
        )
        assert (
            "message.hello.name"
            in raw.refused("hello", protocol=PROTOCOL_VERSION, package="0", name="../../x").text
        )
        raw.hello()
        assert "before a simulator" in raw.refused("step", DOUBLES).text
        opening = {"scenario": "echo", "arguments": ECHO, "branch_slots": 4}
        for wrong in ({"branch_slots": 10**6}, {"arguments": {"a b": 1}}, {"shell": "id"}):
            assert "not valid" in raw.refused("open", **{**opening, **wrong}).text
        assert raw.ask("open", **opening).type == "opened"
        assert raw.ask("reset", seed=1).type == "published"
        assert "numbers must grow" in raw.refused("step", DOUBLES, id=1).text
        for dtype, data, shape in (
            ("float64", b"\0" * 8, [1]),
            ("float64", b"\0" * 16, [2, 1]),
            ("bytes", b"\0" * 16, [16]),
            ("float64", np.array([np.nan, 1.0]).tobytes(), [2]),
        ):
            assert raw.refused("step", (dtype, data, shape)).error in (
                "InvalidAction",
                "ProtocolError",
            )
        assert "one array" in raw.refused("step").text
        assert "needs 16" in raw.refused("step", ("float64", b"\0" * 15, [2])).text
        assert raw.ask("step", DOUBLES).type == "published"


def test_oversized_frames_and_arrays_are_refused() -> None:
    with serving(max_array_bytes=MIB) as server, others_are_served(server):
        simulator = RemoteSimulator("echo", ECHO, target=Target(server.address))
        simulator.reset(1)
        with pytest.raises(QuotaExceeded, match="1048576"):
            simulator._link._connection.send(Step(id=99), {"action": np.zeros(MIB)})
        assert simulator.step(ACTION).decision == 1
        simulator.close()
        with RawClient(server.address) as raw:
            raw.hello()
            slightly = raw.refused("step", ("bytes", b"\0" * (MIB + 1), [MIB + 1]))
            assert "1048577 bytes, at most 1048576" in slightly.text
            claimed = raw.refused("step", ("float64", b"", [2**40]))
            assert "at most 1048576" in claimed.text
            for shape in ([10**4000] * 8, [2**62, 2**62, 0], [-1], [0] * 99):
                assert raw.refused("step", ("float64", b"", shape)).error == "ProtocolError"
            raw.send([b" " * (300 * 1024)])
            answer = raw.receive()
            assert answer is not None
            assert "the header has 307200 bytes" in answer[0].text  # type: ignore[union-attr]
        with RawClient(server.address) as raw:  # far beyond: the connection itself is cut
            raw.hello()
            raw.send([b"\0" * (8 * MIB)])
            assert raw.receive(500) is None
        assert server.snapshot().errors["ProtocolError"] >= 7
