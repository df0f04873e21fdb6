# SPDX-License-Identifier: MIT
"""What Python scripts use of ns3-ai and ns3-gym: modules, names from them, members, arguments."""

from __future__ import annotations

import ast
import inspect
from pathlib import Path
from typing import Any, Final

from tandem.compat import ORIGINAL_NAMES, names_folder
from tandem.compat.ns3ai import Experiment
from tandem.compat.ns3ai import Ns3Env as Ns3AiEnv
from tandem.compat.ns3ai1 import Experiment as Experiment1
from tandem.compat.ns3ai1 import Ns3AIDL, Ns3AIRL
from tandem.compat.ns3gym import Ns3Env as Ns3GymEnv
from tandem.scripts.app.migration.api import (
    FORK,
    MESSAGES,
    MISSING_PYTHON,
    SERVED_PYTHON,
    Uses,
)

_CLASSES: Final[dict[str, type[Any]]] = {
    "ns3ai_utils.Experiment": Experiment,
    "py_interface.Experiment": Experiment1,
    "py_interface.Ns3AIRL": Ns3AIRL,
    "py_interface.Ns3AIDL": Ns3AIDL,
    "ns3ai_gym_env.envs.Ns3Env": Ns3AiEnv,
    "ns3ai_gym_env.envs.ns3_environment.Ns3Env": Ns3AiEnv,
    "ns3gym.ns3env.Ns3Env": Ns3GymEnv,
}


def scan_script(file: Path, shown: str, uses: Uses) -> None:
    """Note what a script uses.

    Args:
        file: the script.
        shown: how messages call it.
        uses: where to note it.
    """
    try:
        tree = ast.parse(file.read_bytes())
    except (SyntaxError, ValueError) as error:
        line = getattr(error, "lineno", None) or 1
        note = f"not read: {error.args[0]}; the script needs Python 3"
        uses.missing(file.name, "Python", note, f"{shown}:{line}")
        return
    _Script(shown, uses).visit(tree)


class _Script(ast.NodeVisitor):
    """Follows names from their import to their use."""

    def __init__(self, shown: str, uses: Uses) -> None:
        self._shown = shown
        self._uses = uses
        self._imported: dict[str, str] = {}  # name in the script → full name
        self._objects: dict[str, type[Any]] = {}  # expression → class of the object
        self._own: set[str] = set()  # attributes that the script sets itself

    def visit_Import(self, node: ast.Import) -> None:
        for alias in node.names:
            if self._module(alias.name, node):
                local = alias.asname or alias.name.split(".")[0]
                self._imported[local] = alias.name if alias.asname else local

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        module = node.module or ""
        if node.level or not self._module(module, node):
            return
        for alias in node.names:
            if alias.name == "*":
                self._imported |= {name: f"{module}.{name}" for name in _names_of(module)}
                continue
            self._imported[alias.asname or alias.name] = f"{module}.{alias.name}"
            if alias.name in MISSING_PYTHON:
                self._missing(alias.name, MISSING_PYTHON[alias.name], node)
            elif alias.name in _names_of(module) or _module_file(f"{module}.{alias.name}"):
                self._served(alias.name, node)
            else:
                self._missing(f"{module}.{alias.name}", FORK, node)

    def visit_Assign(self, node: ast.Assign) -> None:
        made = self._class_of(node.value)
        for target in node.targets:
            self._objects.pop(ast.unparse(target), None)
            if made is not None:
                self._objects[ast.unparse(target)] = made
        self.generic_visit(node)

    def visit_Call(self, node: ast.Call) -> None:
        made = self._class_of(node)
        if made is not None:
            known = inspect.signature(made).parameters
            for keyword in node.keywords:
                if keyword.arg is not None and keyword.arg not in known:
                    name = f"{made.__name__}({keyword.arg}=…)"
                    self._missing(name, f"no such argument: {FORK}", node)
        self.generic_visit(node)

    def visit_Name(self, node: ast.Name) -> None:
        if node.id in MISSING_PYTHON:
            self._missing(node.id, MISSING_PYTHON[node.id], node)

    def visit_Attribute(self, node: ast.Attribute) -> None:
        owner = self._objects.get(ast.unparse(node.value))
        full = self._full_name(node)
        if node.attr in MISSING_PYTHON:
            self._missing(node.attr, MISSING_PYTHON[node.attr], node)
        elif node.attr in SERVED_PYTHON and (full is not None or self._is_message(node.attr)):
            self._served(node.attr, node)
        elif isinstance(node.ctx, ast.Store):
            self._own.add(node.attr)
        elif owner is not None and node.attr not in self._own | _members(owner):
            name = f"{owner.__name__}.{node.attr}"
            self._missing(name, f"{owner.__name__} has no such member: {FORK}", node)
        self.generic_visit(node)

    def _is_message(self, name: str) -> bool:
        """Whether an attribute is the message interface's, in a script that may have one."""
        return bool(self._imported) and SERVED_PYTHON[name] == MESSAGES

    def _module(self, name: str, node: ast.AST) -> bool:
        """Note a module; false if it is none of the originals'."""
        first = name.split(".", maxsplit=1)[0]
        for part in name.split("."):
            if part in MISSING_PYTHON:
                self._missing(part, MISSING_PYTHON[part], node)
                return False
        if first not in ORIGINAL_NAMES:
            return False
        if _module_file(name) is None:
            self._missing(name, FORK, node)
            return False
        self._served(first, node)
        return True

    def _full_name(self, node: ast.expr) -> str | None:
        """The name of the originals' that an expression stands for."""
        if isinstance(node, ast.Name):
            return self._imported.get(node.id)
        if isinstance(node, ast.Attribute):
            parent = self._full_name(node.value)
            return None if parent is None else f"{parent}.{node.attr}"
        return None

    def _class_of(self, node: ast.expr) -> type[Any] | None:
        """The originals' class that an expression makes an object of."""
        if not isinstance(node, ast.Call):
            return None
        return _CLASSES.get(self._full_name(node.func) or "")

    def _served(self, name: str, node: ast.AST) -> None:
        self._uses.served(name, SERVED_PYTHON[name], self._at(node))

    def _missing(self, name: str, note: str, node: ast.AST) -> None:
        self._uses.missing(name, "Python", note, self._at(node))

    def _at(self, node: ast.AST) -> str:
        return f"{self._shown}:{getattr(node, 'lineno', 1)}"


def _module_file(name: str) -> Path | None:
    """The file that serves a module of the originals."""
    path = names_folder().joinpath(*name.split("."))
    for file in (path.with_suffix(".py"), path / "__init__.py"):
        if file.is_file():
            return file
    return None


def _names_of(module: str) -> set[str]:
    """What a module of the originals offers by name."""
    file = _module_file(module)
    if file is None:
        return set()
    nodes = ast.walk(ast.parse(file.read_text()))
    imports = [node for node in nodes if isinstance(node, ast.ImportFrom)]
    return {alias.asname or alias.name for node in imports for alias in node.names}


def _members(owner: type[Any]) -> set[str]:
    """Attributes of a class and of its objects, those of its bases included."""
    bases = [base for base in owner.__mro__ if base.__module__ == owner.__module__]
    own = {
        node.attr
        for base in bases
        for node in ast.walk(ast.parse(inspect.getsource(base)))
        if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store)
    }
    return own | set(dir(owner))
