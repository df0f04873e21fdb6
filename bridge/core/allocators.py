# SPDX-License-Identifier: MIT
"""Memory allocators that are installed here, and programs that must keep their own."""

from __future__ import annotations

import functools
import mmap
import re
import sysconfig
from pathlib import Path
from typing import Final

#: Fastest first, by the names of their libraries.
ALLOCATORS: Final = ("mimalloc", "tcmalloc_minimal")
HOW_TO_GET_ONE: Final = (
    "Debian, Ubuntu: apt-get install libmimalloc2.0 (or the version that your release has); "
    "without root: pip install cmeel-mimalloc"
)
#: What the loader finds by name. Read as it is: ``ctypes.util.find_library`` would run ldconfig,
#: gcc and ld for the same answer, which takes as long as a simulator's start.
_LOADER_CACHE: Final = Path("/etc/ld.so.cache")
#: What parts libraries in ``LD_PRELOAD``: no path may hold one.
SEPARATORS: Final = frozenset(" :")
#: Where the wheels of cmeel put libraries, beside the modules.
_WHEEL_LIBRARIES: Final = "cmeel.prefix/lib"
_ELF: Final = b"\x7fELF"
#: The first bytes of an ELF file; those at 4, 18 and 19 say for which machine it is.
_HEADER_BYTES: Final = 20
#: Names that a program has only if it was built with a sanitizer.
_SANITIZERS: Final = (b"__asan_init", b"__hwasan_init", b"__lsan_init", b"__msan_init", b"__tsan_")


@functools.cache
def installed_allocator() -> str | None:
    """Path of the first of `ALLOCATORS` that is installed, ``None`` if none is."""
    candidates = [p for p in (*_in_loader_cache(), *_in_wheels()) if not SEPARATORS & set(p)]
    for name in ALLOCATORS:
        pattern = re.compile(rf".*/lib{name}\.so[.\d]*")
        for path in filter(pattern.fullmatch, candidates):
            if _machine(Path(path)) == _machine(Path("/proc/self/exe")):
                return path
    return None


def keeps_its_own(program: Path) -> str:
    """Why a program must keep the allocator that it comes with: "is …"; "" if it need not.

    A sanitizer is an allocator itself and does not start behind another one. A script may start
    anything: valgrind, which counts what the C library's allocator does, or a debugger.
    """
    try:
        status = program.stat()
        return _reason(program, status.st_size, status.st_mtime_ns)
    except OSError as error:
        return f"is not to be read ({error.strerror})"


@functools.lru_cache(maxsize=64)
def _reason(program: Path, size: int, _modified_ns: int) -> str:
    if size == 0:
        return "is empty"
    with program.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as text:
        if text[: len(_ELF)] != _ELF:
            return "is a script"
        if any(text.find(name) >= 0 for name in _SANITIZERS):
            return "is built with a sanitizer"
    return ""


def _in_loader_cache() -> list[str]:
    try:
        listed = _LOADER_CACHE.read_bytes()
    except OSError:
        return []
    return [path.decode("utf-8", "replace") for path in re.findall(rb"/[^\0]*malloc[^\0]*", listed)]


def _in_wheels() -> list[str]:
    folder = Path(sysconfig.get_path("purelib"), _WHEEL_LIBRARIES)
    return sorted(map(str, folder.glob("lib*malloc*.so*")))


def _machine(path: Path) -> bytes:
    """What kind of processor an ELF file is for; nothing for another file."""
    try:
        with path.open("rb") as file:
            header = file.read(_HEADER_BYTES)
    except OSError:
        return b""
    return header[4:5] + header[18:20]
