"""How far entries were acknowledged, in a small file of its own beside the database.

It is written after the entries are as safe as was promised, and never waited for. So it never runs ahead of what must be there: a
journal that ends before it has lost something, even where all that is left looks whole.
"""

from __future__ import annotations

import os
import struct
from hashlib import blake2b
from pathlib import Path
from typing import Final, NamedTuple

_MAGIC: Final = b"swroomA1"
_FIELDS: Final = struct.Struct(">8sQ16s?7x")
_SUM: Final = 16
SIZE: Final = _FIELDS.size + _SUM


class Acknowledged(NamedTuple):
    """The last entry that was acknowledged, the chain's hash there, and whether each commit waited for the disk."""

    last: int
    chain: bytes
    is_strict: bool


def read(path: Path) -> Acknowledged | None:
    """Return what the file says; None where it says nothing. Raises ``ValueError`` when it is damaged."""
    try:
        text = path.read_bytes()
    except FileNotFoundError:
        return None
    if not text:
        return None  # made, and not written to yet
    body = text[: _FIELDS.size]
    if len(text) != SIZE or text[_FIELDS.size :] != _sum(body):
        raise ValueError("its checksum is wrong")
    magic, last, chain, is_strict = _FIELDS.unpack(body)
    if magic != _MAGIC:
        raise ValueError(f"it begins with {magic!r}, not {_MAGIC!r}")
    return Acknowledged(last, chain, is_strict)


def _sum(body: bytes) -> bytes:
    return blake2b(body, digest_size=_SUM).digest()


class AcknowledgedFile:
    """The file, open for writing."""

    def __init__(self, path: Path, *, is_strict: bool) -> None:
        self._descriptor = os.open(path, os.O_WRONLY | os.O_CREAT, 0o600)
        self._is_strict = is_strict

    def write(self, last: int, chain: bytes) -> None:
        """Say that all entries up to ``last`` are acknowledged. Raises ``OSError``."""
        body = _FIELDS.pack(_MAGIC, last, chain, self._is_strict)
        os.pwrite(self._descriptor, body + _sum(body), 0)

    def close(self) -> None:
        """Close the file; harmless when it is closed already."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1
