# SPDX-License-Identifier: MIT
"""Where the browser for tests is, without importing anything that needs one."""

from __future__ import annotations

import shutil


def find() -> str | None:
    """Path of Chromium or Chrome; ``None`` if there is none."""
    names = ("chromium", "google-chrome", "chrome")
    return next((path for name in names if (path := shutil.which(name))), None)
