# SPDX-License-Identifier: MIT
"""Pytest plugin: the tests run on modules and scenarios that were built with sanitizers.

``TANDEM_SANITIZED`` names a folder laid out like the installed package; `test_sanitizers` makes it
and sets what has to be loaded first.
"""

from __future__ import annotations

import importlib.abc
import importlib.machinery
import importlib.util
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType

PACKAGE = Path(os.environ["TANDEM_SANITIZED"])


class SanitizedModules(importlib.abc.MetaPathFinder):
    """Takes the compiled modules from ``PACKAGE``; scenarios are found beside them."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        """Where such a module is."""
        package, _, name = fullname.rpartition(".")
        if package not in ("tandem.bridge.core", "tandem.compat"):
            return None
        found = list(PACKAGE.joinpath(*package.split(".")[1:]).glob(f"{name}.*.so"))
        return importlib.util.spec_from_file_location(fullname, found[0]) if found else None


sys.meta_path.insert(0, SanitizedModules())
