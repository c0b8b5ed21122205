"""Reads SQLite's write-ahead log before SQLite does, since SQLite takes a damaged frame for the end of the log, without a word.

Format: SQLite's documentation, "Database File Format", section 4. Nothing here writes.
"""

from __future__ import annotations

import struct
import sys
from array import array
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

HEADER: Final = 32
FRAME_HEADER: Final = 24
_MAGIC: Final = 0x377F0682  # the lowest bit: checksums are over big-endian words
_HEADER_FIELDS: Final = struct.Struct(">8I")
_FRAME_FIELDS: Final = struct.Struct(">6I")

Sums = tuple[int, int]


class WalDamage(NamedTuple):
    """A place in the log that is not as it was written, although what was written after it is there."""

    frame: int
    """From 1; 0 is the log's header."""
    offset: int
    """Of the frame's first byte in the file."""
    commits_behind: int
    """So many complete transactions stand behind it."""


class _Frame(NamedTuple):
    is_commit: bool
    salts: tuple[int, int]
    stored: Sums


def find_damage(path: Path) -> WalDamage | None:
    """Return the first damaged place, None for a log that is whole or only torn: not finished in its last transaction.

    Behind a torn place nothing is complete; of a frame that is the commit of its own transaction one complete
    transaction behind it is enough to tell, of another two, since the first is its own.
    """
    try:
        log = path.read_bytes()
    except FileNotFoundError:
        return None
    if len(log) < HEADER + FRAME_HEADER:
        return None
    magic, _, page_size, _, salt1, salt2, *stored = _HEADER_FIELDS.unpack_from(log)
    header_sums = (stored[0], stored[1])
    is_header_whole = magic & ~1 == _MAGIC and checksum(log[:24], (0, 0), magic & 1) == header_sums
    if not is_header_whole:
        commits = max(
            sum(1 for _ in _consistent_commits(log, size, order, 0, header_sums, None))
            for size in _PAGE_SIZES
            for order in (0, 1)
        )
        return WalDamage(0, 0, commits) if commits else None
    big_endian = magic & 1
    sums = header_sums
    step = FRAME_HEADER + page_size
    for number in range((len(log) - HEADER) // step):
        offset = HEADER + number * step
        frame = _frame(log, offset)
        expected = _sums_of(log, offset, page_size, sums, big_endian)
        if frame.salts == (salt1, salt2) and frame.stored == expected:
            sums = frame.stored
            continue
        commits = max(
            sum(
                1 for _ in _consistent_commits(log, page_size, big_endian, number + 1, before, (salt1, salt2))
            )
            for before in {frame.stored, expected}  # either the frame or its checksum is as it was written
        )
        needed = 1 if frame.is_commit else 2
        return WalDamage(number + 1, offset, commits) if commits >= needed else None
    return None


_PAGE_SIZES: Final = tuple(1 << power for power in range(9, 17))


def _consistent_commits(
    log: bytes, page_size: int, big_endian: int, start: int, before: Sums, salts: tuple[int, int] | None
) -> Iterator[int]:
    """Yield the commit frames from number ``start`` on that fit the checksum stored in the frame before them."""
    step = FRAME_HEADER + page_size
    for number in range(start, (len(log) - HEADER) // step):
        offset = HEADER + number * step
        frame = _frame(log, offset)
        if (
            frame.is_commit
            and (salts is None or frame.salts == salts)
            and _sums_of(log, offset, page_size, before, big_endian) == frame.stored
        ):
            yield number
        before = frame.stored


def _frame(log: bytes, offset: int) -> _Frame:
    _, size_after, salt1, salt2, sum1, sum2 = _FRAME_FIELDS.unpack_from(log, offset)
    return _Frame(size_after != 0, (salt1, salt2), (sum1, sum2))


def _sums_of(log: bytes, offset: int, page_size: int, before: Sums, big_endian: int) -> Sums:
    begun = checksum(log[offset : offset + 8], before, big_endian)
    page = offset + FRAME_HEADER
    return checksum(log[page : page + page_size], begun, big_endian)


def checksum(data: bytes, before: Sums, big_endian: int) -> Sums:
    """Return SQLite's checksum of a multiple of 8 bytes, going on from ``before``."""
    words = array("I", data)
    if (sys.byteorder == "big") != bool(big_endian):
        words.byteswap()
    s0, s1 = before
    pairs = iter(words)
    for first, second in zip(pairs, pairs, strict=True):
        s0 = (s0 + first + s1) & 0xFFFFFFFF
        s1 = (s1 + second + s0) & 0xFFFFFFFF
    return s0, s1
