# SPDX-License-Identifier: MIT
"""What comes from a file or another machine is data, never code."""

from __future__ import annotations

import ast
import pickle
import zipfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from tandem.bridge.core.arrays import pack, unpack

ROOT = Path(__file__).parents[2]
SOURCES = sorted(
    path
    for folder in ("agents", "bridge", "dnn_profiles", "scripts")
    for path in (ROOT / folder).rglob("*.py")
)
#: Modules whose readers run what they read.
BANNED_MODULES = {"pickle", "cPickle", "_pickle", "cloudpickle", "dill", "joblib", "marshal"}
BANNED_MODULES |= {"shelve"}
#: pyzmq's methods that pickle, PyYAML's that construct any object, shells.
BANNED_NAMES = {"send_pyobj", "recv_pyobj", "unsafe_load", "full_load", "popen", "system", "eval"}
#: What has to be said with a call: without it, some version of the library would unpickle.
NEEDED = {("torch", "load"): ("weights_only", True), ("np", "load"): ("allow_pickle", False)}


def faults(tree: ast.AST) -> Iterator[str]:
    """What a source file must not do."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names = {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names = {(node.module or "").partition(".")[0]}
        else:
            names = set()
        yield from (f"line {node.lineno}: {name}" for name in names & BANNED_MODULES)
        if isinstance(node, ast.Call):
            yield from (f"line {node.lineno}: {what}" for what in call_faults(node))


def call_faults(call: ast.Call) -> Iterator[str]:
    keywords = {
        keyword.arg: keyword.value.value
        for keyword in call.keywords
        if isinstance(keyword.value, ast.Constant)
    }
    if keywords.get("shell"):
        yield "shell=True"
    function = call.func
    if isinstance(function, ast.Name) and function.id in {"eval", "exec"}:
        yield function.id
    if not isinstance(function, ast.Attribute) or not isinstance(function.value, ast.Name):
        return
    name = (function.value.id, function.attr)
    if name[0] in {"os", "yaml", "socket"} and name[1] in BANNED_NAMES:
        yield ".".join(name)
    if name in NEEDED and keywords.get(NEEDED[name][0]) is not NEEDED[name][1]:
        yield f"{'.'.join(name)} without {NEEDED[name][0]}={NEEDED[name][1]}"


def test_no_source_reads_pickles_or_calls_a_shell() -> None:
    found = [
        f"{path.relative_to(ROOT)} {fault}"
        for path in SOURCES
        for fault in faults(ast.parse(path.read_text(encoding="utf-8")))
    ]
    assert len(SOURCES) > 50
    assert not found


@pytest.mark.parametrize(
    "code",
    [
        "import pickle",
        "from dill import loads",
        "torch.load(path)",
        "torch.load(path, weights_only=False)",
        "np.load(path, allow_pickle=True)",
        "subprocess.run(x, shell=True)",
        "os.system(x)",
        "yaml.unsafe_load(x)",
        "eval(x)",
    ],
)
def test_the_search_finds(code: str) -> None:
    assert list(faults(ast.parse(code)))


class Bomb:
    """Writes a file when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[object, ...]:
        return Path.write_text, (self.path, "it ran")


def test_a_checkpoint_that_holds_code_is_refused_and_does_not_run(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    from tandem.agents.checkpoint import load_state
    from tandem.bridge.runs.folder import RunFolderError
    from tandem.scripts.app.training.checkpoints import read_checkpoint

    trace = tmp_path / "trace"
    for name, write in (
        ("torch.pt", lambda path: torch.save({"format": 1, "x": Bomb(trace)}, path)),
        ("plain.pt", lambda path: path.write_bytes(pickle.dumps(Bomb(trace)))),
    ):
        path = tmp_path / name
        write(path)
        with pytest.raises((pickle.UnpicklingError, ValueError)):
            load_state(path)
        with pytest.raises(RunFolderError, match=name):
            read_checkpoint(path, 1)
    assert not trace.exists()


def test_arrays_that_hold_code_are_refused_and_do_not_run(tmp_path: Path) -> None:
    from tandem.agents.evaluation.cache import OracleCache

    trace = tmp_path / "trace"
    cache = OracleCache(tmp_path)
    path = cache.path("key")
    bomb = np.array([Bomb(trace)], dtype=object)
    np.savez(path, bomb=bomb)
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("values.json", '{"key": "key"}')
    with pytest.warns(UserWarning, match="not a readable outcome table"):
        assert cache.get("key", None) is None  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="allow_pickle"):
        unpack(path.read_bytes())
    with pytest.raises(ValueError, match="allow_pickle"):
        pack({}, {"bomb": bomb})
    assert not trace.exists()
