# SPDX-License-Identifier: MIT
"""The public names of ns3-ai and ns3-gym, and which of them are served."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

MESSAGES: Final = "message interface"
_GYM: Final = "Gym interface"
_TURNS: Final = "ns3-ai 1.x"
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
        MESSAGES,
    ),
    **dict.fromkeys(
        (
            "Ns3AIRL",
            "Ns3AIDL",
            "SharedMemoryPool",
            "GetMemoryVersion",
            "RLEmptyInfo",
            *(
                f"{name}{way}{form}"
                for name in ("Env", "Action", "Info", "Feature", "Predicted", "Target")
                for way in ("Getter", "Setter")
                for form in ("Cond", "Target", "CondFunc")
            ),
        ),
        _TURNS,
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
    "TrainVar": "ns3-ai 1.x: use Ns3AIRL, with one field",
    **{
        name + way: f"locks the memory in Python's turn, too: use {name}{way}Cond()"
        for name in ("Env", "Action", "Info", "Feature", "Predicted", "Target")
        for way in ("Getter", "Setter")
    },
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
    "py_interface": _TURNS,
    **dict.fromkeys(("Init", "FreeMemory", "Reset", "ResetAll"), _TURNS),
    **dict.fromkeys(("Ns3AIRL", "Ns3AIDL", "EmptyInfo"), _TURNS),
    "ns3ai_utils": _PY_AI,
    "ns3ai_gym_env": _PY_AI,
    "Experiment": _PY_AI,
    "ns3gym": _PY_GYM,
    "ns3env": _PY_GYM,
    "Ns3Env": _PY_GYM,
    **dict.fromkeys(("GetCpp2PyStruct", "GetPy2CppStruct"), MESSAGES),
    **dict.fromkeys(("GetCpp2PyVector", "GetPy2CppVector"), MESSAGES),
    **dict.fromkeys(("PyRecvBegin", "PyRecvEnd", "PySendBegin", "PySendEnd"), MESSAGES),
    "PyGetFinished": MESSAGES,
}
MISSING_PYTHON: Final = {
    "NS3Var": "ns3-ai 1.x: use Ns3AIRL, with one field",
    "NS3BigVar": "ns3-ai 1.x: use Ns3AIRL",
    "Ns3ZmqBridge": "inside of ns3-gym: use Ns3Env's methods",
    "ns3ZmqBridge": "inside of ns3-gym: use Ns3Env's methods",
    "ns3ai_gym_msg_py": "inside of ns3-ai: use the environment",
    "messages_pb2": "protobuf messages: there are none here",
    "start_sim_script": "inside of ns3-gym: Ns3Env starts the simulator",
    "build_ns3_project": "compile with `tandem build --compat`",
}
#: What every name of the originals starts with; one that is not above is a fork's.
PREFIXES: Final = ("OpenGym", "Ns3Ai", "Ns3AI")
FORK: Final = "not in ns3-ai or ns3-gym as they are published: a fork's?"


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


@dataclass
class Uses:
    """The names found so far, in the order of their first use."""

    found: dict[tuple[str, str], Use] = field(default_factory=dict)

    def served(self, name: str, origin: str, at: str) -> None:
        """Count a name that is available here."""
        self._note(Use(name, origin, served=True, note="", at=at))

    def missing(self, name: str, origin: str, note: str, at: str) -> None:
        """Count a name that is not."""
        self._note(Use(name, origin, served=False, note=note, at=at))

    def _note(self, use: Use) -> None:
        self.found.setdefault((use.name, use.origin), use).count += 1
