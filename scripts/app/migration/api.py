# SPDX-License-Identifier: MIT
"""The public names of ns3-ai and ns3-gym, and which of them are served."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

_CPP: Final = (".cc", ".cpp", ".cxx", ".h", ".hpp")
_PYTHON: Final = (".py",)
_SKIPPED: Final = ("tandem-build", "build", "__pycache__")

_MSG: Final = "message interface"
_GYM: Final = "Gym interface"
_PY_AI: Final = "ns3-ai's Python"
_PY_GYM: Final = "ns3-gym's Python"

#: C++ names → where they come from.
SERVED_CPP: Final = {
    **dict.fromkeys(
        (
            "Ns3AiMsgInterface",
            "Ns3AiMsgInterfaceImpl",
            "SetIsMemoryCreator",
            "SetUseVector",
            "SetHandleFinish",
            "SetMemorySize",
            "SetNames",
            "GetInterface",
            "GetCpp2PyStruct",
            "GetPy2CppStruct",
            "GetCpp2PyVector",
            "GetPy2CppVector",
            "Cpp2PyMsgVector",
            "Py2CppMsgVector",
            "CppSendBegin",
            "CppSendEnd",
            "CppRecvBegin",
            "CppRecvEnd",
            "CppSetFinished",
            "PyRecvBegin",
            "PyRecvEnd",
            "PySendBegin",
            "PySendEnd",
            "PyGetFinished",
        ),
        _MSG,
    ),
    **dict.fromkeys(
        (
            "OpenGymInterface",
            "OpenGymEnv",
            "OpenGymSpace",
            "OpenGymBoxSpace",
            "OpenGymDiscreteSpace",
            "OpenGymTupleSpace",
            "OpenGymDictSpace",
            "OpenGymDataContainer",
            "OpenGymBoxContainer",
            "OpenGymDiscreteContainer",
            "OpenGymTupleContainer",
            "OpenGymDictContainer",
            "SetOpenGymInterface",
            "NotifyCurrentState",
            "NotifySimulationEnd",
            "WaitForStop",
            "SetGetActionSpaceCb",
            "SetGetObservationSpaceCb",
            "SetGetObservationCb",
            "SetGetRewardCb",
            "SetGetGameOverCb",
            "SetGetExtraInfoCb",
            "SetExecuteActionsCb",
        ),
        _GYM,
    ),
}
#: C++ names that are not served → why, and what to do.
MISSING_CPP: Final = {
    "Ns3AIRL": "ns3-ai 1.x: use Ns3AiMsgInterface, its successor",
    "Ns3AIDL": "ns3-ai 1.x: use Ns3AiMsgInterface, its successor",
    "SharedMemoryPool": "ns3-ai 1.x: use Ns3AiMsgInterface, its successor",
    "Ns3AiSemaphore": "the waits are tandem's: use CppSendBegin() and the like",
    "Ns3AiGymMsg": "messages carry no protobuf: use OpenGymInterface",
    "GetDataContainerPbMsg": "no protobuf here: use the container's values",
    "CreateFromDataContainerPbMsg": "no protobuf here: use the container's values",
    "GetSpaceDescription": "no protobuf here: use the space's methods",
    "ns3_ai_gym": "protobuf messages: there are none here",
    "ns3opengym": "protobuf messages: there are none here",
    "managed_shared_memory": "boost: vectors lie in GetCpp2PyVector() and GetPy2CppVector()",
}
SERVED_PYTHON: Final = {
    "ns3ai_utils": _PY_AI,
    "ns3ai_gym_env": _PY_AI,
    "Experiment": _PY_AI,
    "ns3gym": _PY_GYM,
    "ns3env": _PY_GYM,
    "Ns3Env": _PY_GYM,
    **dict.fromkeys(("GetCpp2PyStruct", "GetPy2CppStruct"), _MSG),
    **dict.fromkeys(("GetCpp2PyVector", "GetPy2CppVector"), _MSG),
    **dict.fromkeys(("PyRecvBegin", "PyRecvEnd", "PySendBegin", "PySendEnd"), _MSG),
    "PyGetFinished": _MSG,
}
MISSING_PYTHON: Final = {
    "py_interface": "ns3-ai 1.x: use Experiment, its successor",
    "Ns3ZmqBridge": "inside of ns3-gym: use Ns3Env's methods",
    "ns3ZmqBridge": "inside of ns3-gym: use Ns3Env's methods",
    "ns3ai_gym_msg_py": "inside of ns3-ai: use the environment",
    "messages_pb2": "protobuf messages: there are none here",
    "start_sim_script": "inside of ns3-gym: Ns3Env starts the simulator",
    "build_ns3_project": "compile with `tandem build --compat`",
}
_INCLUDE = re.compile(r'^\s*#\s*include\s*[<"](ns3/[\w./-]+)[>"]')
_WORD = re.compile(r"[A-Za-z_]\w*")


@dataclass
class Use:
    """A name that a scenario uses.

    Attributes:
        name: as it stands in the sources.
        origin: which interface it belongs to.
        served: whether it is available here.
        note: what to do if not.
        at: file and line of the first use.
        count: number of uses.
    """

    name: str
    origin: str
    served: bool
    note: str
    at: str
    count: int = 0


def scan(path: Path, include_dirs: Sequence[Path]) -> list[Use]:
    """Find the originals' names in a scenario's sources, and headers that are not there.

    Args:
        path: a folder, searched with its sub-folders, or a file.
        include_dirs: where headers are looked for.
    """
    uses: dict[tuple[str, str], Use] = {}
    root = path if path.is_dir() else path.parent
    own = {f"ns3/{file.name}" for file in root.rglob("*.h")}
    folders = [*include_dirs, *(folder.parent / "compat" for folder in include_dirs)]
    for file, number, line in _lines(path):
        at = f"{file.relative_to(root)}:{number}"
        cpp = file.suffix in _CPP
        served, missing = (SERVED_CPP, MISSING_CPP) if cpp else (SERVED_PYTHON, MISSING_PYTHON)
        for word in _WORD.findall(line):
            if word in served:
                _note(uses, word, served[word], True, "", at)
            elif word in missing:
                _note(uses, word, "C++" if cpp else "Python", False, missing[word], at)
        header = _INCLUDE.match(line) if cpp else None
        if header and header.group(1) not in own:
            found = any((folder / header.group(1)).is_file() for folder in folders)
            if not found:
                why = "this ns-3 has no such header; see its release notes"
                _note(uses, f"<{header.group(1)}>", "ns-3", False, why, at)
    return list(uses.values())


def _note(
    uses: dict[tuple[str, str], Use], name: str, origin: str, served: bool, note: str, at: str
) -> None:
    use = uses.setdefault((name, origin), Use(name, origin, served, note, at))
    use.count += 1


def _lines(path: Path) -> Iterator[tuple[Path, int, str]]:
    """Every line of code, without comments that take a whole line."""
    files = [path] if path.is_file() else sorted(path.rglob("*"))
    for file in files:
        if file.suffix not in _CPP + _PYTHON or not file.is_file():
            continue
        if any(part in _SKIPPED for part in file.relative_to(path).parts):
            continue
        for number, line in enumerate(file.read_text(errors="replace").splitlines(), 1):
            text = line.strip()
            if not text.startswith(("//", "*", "/*", "# ")):
                yield file, number, line
