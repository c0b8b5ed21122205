"""Reading SQLite's log: torn is not damaged, damaged is not torn, in either byte order; SQLite itself is the judge of what we write."""

from __future__ import annotations

import sqlite3
import struct
from pathlib import Path
from typing import NamedTuple

import pytest

from router.stores.wal import FRAME_HEADER, HEADER, checksum, find_damage

PAGE = 512
STEP = FRAME_HEADER + PAGE


class Log(NamedTuple):
    """A database whose log has six transactions of one, two or more frames; ``ends`` are the sizes after each."""

    database: Path
    log: Path
    content: bytes
    ends: list[int]


@pytest.fixture(params=["small", "big"])
def log(tmp_path: Path, request: pytest.FixtureRequest) -> Log:
    live = tmp_path / "live.db"
    sql = sqlite3.connect(live, isolation_level=None)
    sql.execute(f"PRAGMA page_size = {PAGE}")
    sql.execute("PRAGMA journal_mode = WAL")
    ends = []
    for statement in (
        "CREATE TABLE t (a INTEGER PRIMARY KEY, b)",
        "INSERT INTO t VALUES (1, 'one')",
        f"INSERT INTO t VALUES (2, '{'x' * 1500}')",
        "UPDATE t SET b = 'eins' WHERE a = 1",
        "UPDATE t SET b = 'uno' WHERE a = 1",
        f"INSERT INTO t VALUES (3, '{'y' * 900}')",
    ):
        sql.execute(statement)
        ends.append((tmp_path / "live.db-wal").stat().st_size)
    content = (tmp_path / "live.db-wal").read_bytes()
    database = tmp_path / "copy.db"
    database.write_bytes(live.read_bytes())
    sql.close()
    if request.param == "big":
        content = in_big_endian(content)
    path = tmp_path / "copy.db-wal"
    path.write_bytes(content)
    return Log(database, path, content, ends)


def in_big_endian(content: bytes) -> bytes:
    """The same log as a machine of the other byte order writes it."""
    header = struct.pack(">I", 0x377F0683) + content[4:24]
    sums = checksum(header, (0, 0), 1)
    written = header + struct.pack(">2I", *sums)
    for offset in range(HEADER, len(content), STEP):
        frame = content[offset : offset + STEP]
        sums = checksum(frame[FRAME_HEADER:], checksum(frame[:8], sums, 1), 1)
        written += frame[:16] + struct.pack(">2I", *sums) + frame[FRAME_HEADER:]
    return written


def rows(log: Log) -> list[tuple[int, int]]:
    """What SQLite finds: each row's key, and the length of its text."""
    sql = sqlite3.connect(f"{log.database.as_uri()}?mode=ro", uri=True)
    found: list[tuple[int, int]] = sql.execute("SELECT a, length(b) FROM t ORDER BY a").fetchall()
    sql.close()
    return found


def test_sqlite_reads_what_the_tests_write(log: Log) -> None:
    """In both byte orders: so our checksum is SQLite's."""
    assert rows(log) == [(1, 3), (2, 1500), (3, 900)]


def test_a_whole_log_is_not_damaged(log: Log) -> None:
    """Nor is one that is missing."""
    assert find_damage(log.log) is None
    assert find_damage(log.log.with_name("nothing")) is None


def test_a_log_that_was_cut_is_not_damaged(log: Log) -> None:
    """Wherever it was cut: it is only shorter."""
    for size in range(0, len(log.content), 13):
        log.log.write_bytes(log.content[:size])
        assert find_damage(log.log) is None, f"cut at {size}"


def test_a_changed_byte_before_the_last_transaction_is_damage(log: Log) -> None:
    """The frame is named; SQLite sees fewer rows, or none at all, and raises nothing."""
    for place in range(HEADER, log.ends[-2], 11):
        log.log.write_bytes(flipped(log.content, place))
        damage = find_damage(log.log)
        assert damage is not None, f"byte {place}"
        assert (place - HEADER) // STEP + 1 == damage.frame, f"byte {place}"
        assert HEADER + (damage.frame - 1) * STEP == damage.offset
        assert damage.commits_behind >= 1
    log.log.write_bytes(flipped(log.content, log.ends[2] - 1))
    assert rows(log) == [(1, 3)]


def test_every_byte_of_a_frame_header_counts(log: Log) -> None:
    """Page number, size, salts and checksums of the commit just before the last transaction."""
    start = log.ends[-2] - STEP
    for place in range(start, start + FRAME_HEADER):
        log.log.write_bytes(flipped(log.content, place))
        assert find_damage(log.log) is not None, f"byte {place - start} of the header"


def test_a_changed_byte_before_a_single_frame_is_damage(log: Log) -> None:
    """The one frame behind it fits the checksum that was written, or the one that should have been."""
    content = log.content[: log.ends[4]]
    assert log.ends[4] - log.ends[3] == STEP, "the last transaction has one frame"
    for place in range(log.ends[3] - STEP, log.ends[3]):
        log.log.write_bytes(flipped(content, place))
        assert find_damage(log.log) is not None, f"byte {place}"


def test_a_hole_in_the_last_transaction_is_torn(log: Log) -> None:
    """Without knowing whether it was acknowledged, its own commit is no proof that it was once whole."""
    assert log.ends[-1] - log.ends[-2] > STEP, "the last transaction has several frames"
    for place in range(log.ends[-2], log.ends[-1], 11):
        log.log.write_bytes(flipped(log.content, place))
        assert find_damage(log.log) is None, f"byte {place}"


def test_a_damaged_header_with_transactions_behind_it_is_damage(log: Log) -> None:
    """SQLite takes such a log for empty. With nothing whole behind it, it is one that was only begun."""
    for place in range(HEADER):
        log.log.write_bytes(flipped(log.content, place))
        damage = find_damage(log.log)
        assert damage is not None, f"byte {place}"
        assert damage[:2] == (0, 0)
    log.log.write_bytes(flipped(log.content[: HEADER + STEP - 1], 3))
    assert find_damage(log.log) is None


def test_an_older_log_behind_the_present_one_is_not_damage(log: Log) -> None:
    """SQLite begins the file anew with other salts and leaves what was there."""
    first, rest = log.content[: log.ends[0]], log.content[log.ends[0] :]
    other_salts = b"".join(
        rest[offset : offset + 8] + b"\1\2\3\4\5\6\7\10" + rest[offset + 16 : offset + STEP]
        for offset in range(0, len(rest), STEP)
    )
    log.log.write_bytes(first + other_salts)
    assert find_damage(log.log) is None


def flipped(content: bytes, place: int) -> bytes:
    return content[:place] + bytes([content[place] ^ 0x40]) + content[place + 1 :]
