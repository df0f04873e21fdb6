# SPDX-License-Identifier: MIT
"""CURVE keys: one pair of files per server or client, and the list of clients that may come in.

``alice.key`` is public and goes to the server's folder of clients; ``alice.key_secret`` (mode 0600)
stays with alice. The format is that of ``zmq.auth``.
"""

from __future__ import annotations

import os
import re
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import zmq.auth
import zmq.utils.z85

from tandem.bridge.core.errors import TandemError

PUBLIC_SUFFIX: Final = ".key"
SECRET_SUFFIX: Final = ".key_secret"
#: Name under which a server knows clients where no keys are needed.
LOCAL_USER: Final = "local"
#: Length of a key (32 bytes) as Z85 text.
KEY_CHARACTERS: Final = 40
_NAME: Final = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9_.-]{0,63}")
_ALPHABET: Final = frozenset(zmq.utils.z85.Z85CHARS)
_OTHERS: Final = stat.S_IRWXG | stat.S_IRWXO


class KeyFileError(TandemError):
    """A key file cannot be written, read or trusted."""


@dataclass(frozen=True, slots=True)
class KeyPair:
    """A key pair in Z85 text; never printed."""

    public: bytes
    secret: bytes

    def __repr__(self) -> str:
        return f"KeyPair(public={self.public.decode()!r}, secret=…)"


@dataclass(frozen=True, slots=True)
class ClientKeys:
    """What a client needs: its own pair, and the public key of the server that it trusts."""

    own: KeyPair
    server: bytes

    @classmethod
    def load(cls, own: Path, server: Path) -> ClientKeys:
        """Read both from files.

        Args:
            own: the client's ``.key_secret``.
            server: the server's ``.key``.

        Raises:
            KeyFileError: a file is missing, no key, or readable by others.
        """
        return cls(load_pair(own), load_public(server))


def create(folder: Path, name: str) -> tuple[Path, Path]:
    """Make a new pair; never replaces one.

    Returns:
        Paths of the public and of the secret file.

    Raises:
        KeyFileError: a name that is no plain file name, or the files exist.
    """
    if not _NAME.fullmatch(name):
        raise KeyFileError(
            f"name {name!r} cannot name a key: letters, digits, '_', '-' and '.', 64 at most"
        )
    public, secret = (folder / f"{name}{suffix}" for suffix in (PUBLIC_SUFFIX, SECRET_SUFFIX))
    for path in (public, secret):
        if path.exists():
            raise KeyFileError(f"{path} exists: choose another name, or delete that pair first")
    mask = os.umask(_OTHERS)  # before the first byte of the secret is written
    try:
        folder.mkdir(parents=True, exist_ok=True)
        zmq.auth.create_certificates(folder, name)
    except OSError as error:
        raise KeyFileError(f"cannot write {secret}: {error.strerror}") from error
    finally:
        os.umask(mask)
    public.chmod(0o644)
    return public, secret


def load_pair(path: Path) -> KeyPair:
    """Read a ``.key_secret`` file.

    Raises:
        KeyFileError: missing, no key pair, or others than its owner may read it.
    """
    public, secret = _load(path)
    if secret is None:
        raise KeyFileError(f"{path} holds no secret key: give the file *{SECRET_SUFFIX}")
    if stat.S_IMODE(path.stat().st_mode) & _OTHERS:
        raise KeyFileError(f"{path} is open to other users: close it with `chmod 600 {path}`")
    return KeyPair(public, secret)


def load_public(path: Path) -> bytes:
    """Read the public key in a ``.key`` file.

    Raises:
        KeyFileError: missing or no key.
    """
    return _load(path)[0]


class AllowList:
    """The clients whose public keys lie in a folder; read again at each connection.

    A file that is added or removed counts for the next connection.

    Raises:
        KeyFileError: there is no such folder.
    """

    def __init__(self, folder: Path) -> None:
        if not folder.is_dir():
            raise KeyFileError(
                f"{folder} is no folder: put the clients' public keys (*{PUBLIC_SUFFIX}) into one"
            )
        self._folder = folder

    def names(self) -> dict[bytes, str]:
        """Client name by public key; files that cannot be read let nobody in."""
        found: dict[bytes, str] = {}
        try:
            paths = sorted(self._folder.glob(f"*{PUBLIC_SUFFIX}"))
        except OSError:  # no descriptor is left, the folder was removed
            return found
        for path in paths:
            try:
                found[load_public(path)] = path.name.removesuffix(PUBLIC_SUFFIX)
            except KeyFileError:
                continue
        return found

    def callback(self, domain: str, key: bytes) -> bool:
        """Whether ``key`` may connect (the interface of ``zmq.auth``)."""
        return key in self.names()


def _load(path: Path) -> tuple[bytes, bytes | None]:
    try:
        public, secret = zmq.auth.load_certificate(path)
    except (OSError, ValueError) as error:
        raise KeyFileError(
            f"{path} holds no key ({error}): make one with `tandem keys new`"
        ) from None
    for key in (public, secret):
        if key is None:
            continue
        if len(key) != KEY_CHARACTERS:
            raise KeyFileError(
                f"{path} holds a key of {len(key)} characters instead of {KEY_CHARACTERS}"
            )
        if not set(key) <= _ALPHABET:
            raise KeyFileError(f"{path} holds a damaged key: some characters are not Z85's")
    return public, secret
