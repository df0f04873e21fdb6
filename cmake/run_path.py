# SPDX-License-Identifier: MIT
"""Make bundled libraries find each other before anything that LD_LIBRARY_PATH names.

usage: run_path.py LIBRARY…

The wheel's libraries have a RUNPATH, which the loader reads after LD_LIBRARY_PATH and which names a
folder of the machine that built them. Each becomes an RPATH, which is read before, of `$ORIGIN`
alone: the bundle is one flat folder. Entries change in place, so the files keep size and date.
"""

from __future__ import annotations

import os
import struct
import sys
from pathlib import Path
from typing import Final

_MAGIC: Final = b"\x7fELF\x02\x01"  # 64 bits, little-endian
_PT_LOAD: Final = 1
_PT_DYNAMIC: Final = 2
_DT_STRTAB: Final = 5
_DT_RPATH: Final = 15
_DT_RUNPATH: Final = 29
_OWN_FOLDER: Final = b"$ORIGIN\0"
_HEADER: Final = struct.Struct("<16xHHIQQQIHHHHHH")
_SEGMENT: Final = struct.Struct("<IIQQQQQQ")
_ENTRY: Final = struct.Struct("<qQ")


def mend(path: Path) -> bool:
    """Change one library; false if it has no RUNPATH."""
    content = bytearray(path.read_bytes())
    if not content.startswith(_MAGIC):
        raise SystemExit(f"{path} is no 64-bit little-endian ELF file")
    _, _, _, _, first, _, _, _, size, count, *_ = _HEADER.unpack_from(content)
    segments = [_SEGMENT.unpack_from(content, first + size * i) for i in range(count)]
    loads = [(s[3], s[2], s[5]) for s in segments if s[0] == _PT_LOAD]  # address, offset, bytes
    start, length = next((s[2], s[5]) for s in segments if s[0] == _PT_DYNAMIC)
    entries = {
        tag: (at, value)
        for at in range(start, start + length, _ENTRY.size)
        for tag, value in [_ENTRY.unpack_from(content, at)]
    }
    if _DT_RUNPATH not in entries:
        return False
    at, name = entries[_DT_RUNPATH]
    table = entries[_DT_STRTAB][1]
    text = name + next(table - a + offset for a, offset, length in loads if a <= table < a + length)
    if content.index(0, text) - text < len(_OWN_FOLDER) - 1:
        raise SystemExit(f"{path} has no room for its run path")
    content[text : text + len(_OWN_FOLDER)] = _OWN_FOLDER
    _ENTRY.pack_into(content, at, _DT_RPATH, name)
    status = path.stat()
    path.write_bytes(content)
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
    return True


if __name__ == "__main__":
    for argument in sys.argv[1:]:
        mend(Path(argument))
