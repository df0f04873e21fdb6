# SPDX-License-Identifier: MIT
"""The server of the live page: a handful of fixed paths, and nothing from the disk by name."""

from __future__ import annotations

import errno
import gzip
import html
import ipaddress
import json
import socket
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib import resources
from string import Template
from typing import Any, Final
from urllib.parse import parse_qsl, urlsplit

from plotly.offline import get_plotlyjs
from pydantic import ValidationError

from tandem.bridge.core.errors import TandemError
from tandem.scripts.app.common.finite import finite
from tandem.scripts.app.figures.document import head
from tandem.scripts.app.watch.answers import Answers, Question

#: A page from elsewhere can neither read the data nor run here.
_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; connect-src 'self'; "
    "img-src 'self' data: blob:; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
)
_LOCAL_NAME: Final = "localhost"
_COMPRESSION: Final = 5


@dataclass(frozen=True)
class _File:
    """Something that does not change."""

    kind: str
    packed: bytes


class WatchServer(ThreadingHTTPServer):
    """Serves the page of a folder.

    Args:
        answers: about the folder.
        host: address to listen on.
        port: to listen on; 0: any free one.

    Raises:
        TandemError: it cannot be listened on.
    """

    daemon_threads = True
    #: How often it looks whether it is to end.
    timeout = 0.2

    def __init__(self, answers: Answers, host: str, port: int) -> None:
        self.answers = answers
        self.files = _files(answers.title)
        self.names = {_LOCAL_NAME, host.lower(), socket.gethostname().lower()}
        try:
            self.address_family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
            super().__init__((host, port), _Handler)
        except OSError as error:
            raise TandemError(_refused(host, port, error)) from error

    def server_bind(self) -> None:
        """Bind without the look-up of a host name that the standard library's server makes."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.bind(self.server_address)
        self.server_address = self.socket.getsockname()
        self.server_name, self.server_port = str(self.server_address[0]), self.server_address[1]

    def serve_until(self, stop_is_asked: Callable[[], bool]) -> None:
        """Answer until told to end, and then finish the answer under way.

        An interrupt is asked for, not raised: Python drops an exception that comes up in the
        clean-up of some object, and this server would go on.

        Args:
            stop_is_asked: looked at several times a second.
        """
        while not stop_is_asked():
            self.handle_request()
        self.answers.close()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A browser that went away in the middle of an answer is no error."""


class _Handler(BaseHTTPRequestHandler):
    server: WatchServer

    def do_GET(self) -> None:
        """Answer a question of the page."""
        if not self._from_here():
            self._refuse(HTTPStatus.FORBIDDEN, "this server has another name")
            return
        asked = urlsplit(self.path)
        if asked.path in self.server.files:
            file = self.server.files[asked.path]
            self._send(HTTPStatus.OK, file.kind, file.packed)
        elif asked.path == "/data":
            self._data(asked.query)
        else:
            self._refuse(HTTPStatus.NOT_FOUND, "there is no such page")

    def _data(self, query: str) -> None:
        try:
            question = Question.model_validate(dict(parse_qsl(query, max_num_fields=10)))
            answer = self.server.answers.answer(question)
        except (ValidationError, ValueError) as error:
            self._refuse(HTTPStatus.BAD_REQUEST, f"not a question of this page: {error}")
        except (TandemError, OSError, KeyError) as error:
            self._refuse(HTTPStatus.SERVICE_UNAVAILABLE, str(error))
        else:
            self._send_json(HTTPStatus.OK, finite(answer))

    def _from_here(self) -> bool:
        """Whether the browser means this server: a page elsewhere could send its own name here."""
        name = urlsplit(f"//{self.headers.get('Host', '')}").hostname or ""
        if name in self.server.names:
            return True
        try:
            ipaddress.ip_address(name)
        except ValueError:
            return False
        return True

    def _refuse(self, status: HTTPStatus, reason: str) -> None:
        self._send_json(status, {"error": reason})

    def _send_json(self, status: HTTPStatus, content: Any) -> None:
        text = json.dumps(content, separators=(",", ":"), allow_nan=False)
        self._send(status, "application/json", gzip.compress(text.encode(), _COMPRESSION))

    def _send(self, status: HTTPStatus, kind: str, packed: bytes) -> None:
        self.send_response(status)
        for name, value in (
            ("Content-Type", f"{kind}; charset=utf-8"),
            ("Content-Encoding", "gzip"),
            ("Content-Length", str(len(packed))),
            ("Cache-Control", "no-store"),
            ("Content-Security-Policy", _POLICY),
            ("X-Content-Type-Options", "nosniff"),
            ("Referrer-Policy", "no-referrer"),
        ):
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(packed)

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing: a page asks every second."""


def _files(title: str) -> dict[str, _File]:
    body = Template(_text("watch.html")).substitute(title=html.escape(title))
    page = head(f"{title} – tandem watch", '<link rel="stylesheet" href="/watch.css">') + body
    return {
        path: _File(kind, gzip.compress(text.encode(), _COMPRESSION))
        for path, kind, text in (
            ("/", "text/html", page),
            ("/watch.js", "text/javascript", _text("watch.js")),
            ("/watch.css", "text/css", _text("watch.css")),
            ("/plotly.js", "text/javascript", get_plotlyjs()),
        )
    }


def _text(name: str) -> str:
    return resources.files("tandem.scripts.app.watch").joinpath(name).read_text(encoding="utf-8")


def _refused(host: str, port: int, error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return (
            f"port {port} of {host} is in use, perhaps by another `tandem watch`: end that, or "
            "choose another --port (0: any free one)"
        )
    why = error.strerror or error
    return f"cannot listen on {host}, port {port}: {why}; choose another --host or --port"
