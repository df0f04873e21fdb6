# SPDX-License-Identifier: MIT
"""`setup/install.py` hands pip's settings to uv."""

from __future__ import annotations

import importlib.util
import subprocess
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
LISTING = """
:env:.find-links='/env'
global.extra-index-url='https://a.example/simple  https://b.example/simple'
global.find-links='/global'
global.index-url='https://own.example/simple'
install.index-url='https://for-installs.example/simple'
global.timeout='60'
"""


@pytest.fixture(scope="module")
def install() -> ModuleType:
    spec = importlib.util.spec_from_file_location("install", ROOT / "setup/install.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_later_sections_win_as_with_pip(install: ModuleType) -> None:
    settings = install.pip_settings(LISTING)
    assert settings["find-links"] == "/env"
    assert settings["index-url"] == "https://for-installs.example/simple"


def test_uv_is_told_where_pip_looks(install: ModuleType) -> None:
    found = install.uv_environment(install.pip_settings(LISTING), {"HOME": "/h"})
    assert found == {
        "HOME": "/h",
        "UV_DEFAULT_INDEX": "https://for-installs.example/simple",
        "UV_INDEX": "https://a.example/simple https://b.example/simple",
        "UV_FIND_LINKS": "/env",
        "UV_INDEX_STRATEGY": "unsafe-best-match",
    }


def test_what_uv_was_told_itself_stays(install: ModuleType) -> None:
    given = {"UV_FIND_LINKS": "/mine", "UV_INDEX_STRATEGY": "first-index"}
    found = install.uv_environment({"find-links": "/a /b"}, given)
    assert found == given
    assert install.uv_environment({"find-links": "/a /b"}, {})["UV_FIND_LINKS"] == "/a,/b"


def test_the_version_of_torch_is_the_pinned_one(install: ModuleType) -> None:
    assert install.torch_version("hoptorch==1\ntorch==2.13.0\ntorchrl==3\n") == "2.13.0"
    with pytest.raises(LookupError, match="no version of torch"):
        install.torch_version("torchrl==3\n")
    assert install.torch_version(install.CONSTRAINTS.read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    ("offered_at", "expected"),
    [("own", []), ("index", ["--torch-backend", "cpu"]), ("nowhere", [])],
)
def test_the_build_for_cpus_is_looked_for_before_any_is_taken(
    install: ModuleType,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    offered_at: str,
    expected: list[str],
) -> None:
    def run(command: list[str], **_: object) -> subprocess.CompletedProcess[bytes]:
        assert "--dry-run" in command
        assert command[-1].endswith("+cpu")
        place = "index" if "--torch-backend" in command else "own"
        return subprocess.CompletedProcess(command, 0 if place == offered_at else 1)

    monkeypatch.setattr(install.subprocess, "run", run)
    monkeypatch.setattr(install, "gpu_seen", lambda: False)
    assert install.torch_arguments(["uv"], {}, "auto") == expected
    assert ("may be fetched" in capsys.readouterr().out) == (offered_at == "nowhere")


def test_a_gpu_or_the_word_any_takes_what_the_index_has(
    install: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(install, "gpu_seen", lambda: True)
    assert install.torch_arguments(["no such program"], {}, "auto") == []
    assert install.torch_arguments(["no such program"], {}, "any") == []
