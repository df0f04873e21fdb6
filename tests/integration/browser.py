# SPDX-License-Identifier: MIT
"""A headless Chromium for tests of pages, over its DevTools protocol."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import browser_path
import choreographer

WIDTH_PX = 1400
CHROMIUM = browser_path.find()


class Page:
    """A tab that remembers what went wrong in it."""

    def __init__(self, tab: Any) -> None:
        self._tab = tab
        self.errors: list[str] = []

    async def send(self, command: str, **params: Any) -> dict[str, Any]:
        """A DevTools command's result."""
        answer = await self._tab.send_command(command, params=params)
        assert "error" not in answer, answer
        result: dict[str, Any] = answer["result"]
        return result

    async def open(self, url: str) -> None:
        """Load a page, with its errors and its requests of other servers noted."""
        parts = urlsplit(url)
        own = f"{parts.scheme}://{parts.netloc}/"

        async def exception(message: dict[str, Any]) -> None:
            self.errors.append(str(message["params"]["exceptionDetails"]))

        async def console(message: dict[str, Any]) -> None:
            if message["params"]["type"] in ("error", "warning", "assert"):
                self.errors.append(str(message["params"]["args"]))

        async def log(message: dict[str, Any]) -> None:
            if message["params"]["entry"]["level"] == "error":
                self.errors.append(str(message["params"]["entry"]))

        async def request(message: dict[str, Any]) -> None:
            address = message["params"]["request"]["url"]
            if not address.startswith(("file:", "data:", "blob:", own)):
                self.errors.append(f"the page asks the network for {address}")

        for event, callback in (
            ("Runtime.exceptionThrown", exception),
            ("Runtime.consoleAPICalled", console),
            ("Log.entryAdded", log),
            ("Network.requestWillBeSent", request),
        ):
            self._tab.subscribe(event, callback, repeating=True)
        for domain in ("Runtime", "Log", "Network", "Page"):
            await self.send(f"{domain}.enable")
        await self.resize(1000)
        loaded = self._tab.subscribe_once("Page.loadEventFired")
        await self.send("Page.navigate", url=url)
        await loaded

    async def resize(self, height_px: int) -> None:
        """Set the size of the viewport."""
        await self.send(
            "Emulation.setDeviceMetricsOverride",
            width=WIDTH_PX,
            height=height_px,
            deviceScaleFactor=1,
            mobile=False,
        )

    async def evaluate(self, expression: str) -> Any:
        """The value of a JavaScript expression, awaited if it is a promise."""
        answer = await self.send(
            "Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True
        )
        assert "exceptionDetails" not in answer, answer["exceptionDetails"]
        return answer["result"].get("value")

    async def screenshot(self, path: Path, selector: str | None = None) -> None:
        """Save a picture of the viewport, or of one element, as PNG."""
        clip: dict[str, Any] = {}
        if selector is not None:
            box = await self.evaluate(
                f"(() => {{ const r = document.querySelector({selector!r}).getBoundingClientRect();"
                "return [r.x + scrollX, r.y + scrollY, r.width, r.height]; })()"
            )
            clip = {"clip": dict(zip(("x", "y", "width", "height"), box, strict=True), scale=1)}
            clip["clip"]["scale"] = 1
        answer = await self.send(
            "Page.captureScreenshot", format="png", captureBeyondViewport=bool(clip), **clip
        )
        path.write_bytes(base64.b64decode(answer["data"]))


@asynccontextmanager
async def open_page(path: Path) -> AsyncIterator[Page]:
    """A local file in a fresh headless browser."""
    async with open_url(path.resolve().as_uri()) as page:
        yield page


@asynccontextmanager
async def open_url(url: str) -> AsyncIterator[Page]:
    """An address in a fresh headless browser."""
    async with choreographer.Browser(path=CHROMIUM, headless=True) as browser:
        page = Page(await browser.create_tab("about:blank"))
        await page.open(url)
        yield page


def run(coroutine: Any) -> Any:
    """Run a coroutine to its end."""
    return asyncio.run(coroutine)
