"""Processes that die, disks that are full, and two who want the same journal; with real processes and a real small disk."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random
from typing import IO

import pytest

from router.core.engine import Engine
from router.errors import ConflictError, UnavailableError
from router.policies import BUILT_IN
from router.ports import Entry
from router.stores.compaction import Compaction
from router.stores.sqlite import SqliteStore
from router.testing.store import refused
from tests.core.builders import a_plan
from tests.stores.numbered import numbered

ROOT = Path(__file__).resolve().parents[2]


@contextmanager
def appending(
    folder: Path, durability: str = "strict", batch: int = 3, limit: int | None = None
) -> Iterator[tuple[subprocess.Popen[str], IO[str]]]:
    """Have another process append to the journal; kill it at the end if it is still there."""
    command = [sys.executable, "-m", "tests.stores.appender", str(folder), durability, str(batch)]
    with subprocess.Popen(
        command if limit is None else [*command, str(limit)], cwd=ROOT, stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stdout is not None
            yield process, process.stdout
        finally:
            process.kill()


async def entries_in(folder: Path) -> list[Entry]:
    store = SqliteStore(folder)
    recovered = store.recover()
    assert recovered is not None
    entries = list(recovered.entries)
    await store.close()
    return entries


def numbers(lines: list[str]) -> list[int]:
    return [int(line) for line in lines if line.strip().isdigit()]


@pytest.mark.parametrize("durability", ["strict", "relaxed"])
async def test_a_killed_process_loses_nothing_it_acknowledged(
    durability: str, tmp_path: Path, rng: Random
) -> None:
    """Killed again and again in the middle of its appends, every entry that was acknowledged is there, whole and in order."""
    for _ in range(4):
        with appending(tmp_path, durability) as (process, output):
            lines = [output.readline() for _ in range(rng.randint(1, 40))]
            process.send_signal(signal.SIGKILL)
            lines += output.readlines()
        acknowledged = numbers(lines)
        entries = await entries_in(tmp_path)
        assert [numbered(number) for number in range(1, len(entries) + 1)] == entries
        assert len(entries) % 3 == 0
        if acknowledged:
            assert acknowledged[-1] <= len(entries) <= acknowledged[-1] + 3


async def test_a_journal_has_one_process(tmp_path: Path) -> None:
    """The second is told who has it, and gets it as soon as the first is killed."""
    with appending(tmp_path) as (process, output):
        output.readline()
        with pytest.raises(ConflictError, match=rf"in use by process {process.pid}; stop that process first"):
            SqliteStore(tmp_path)
    store = SqliteStore(tmp_path)
    with pytest.raises(ConflictError, match=f"in use by process {os.getpid()}"):
        SqliteStore(tmp_path)
    await store.close()


async def test_a_snapshot_is_kept_beside_a_running_process(tmp_path: Path) -> None:
    """Another process replays and keeps while this one appends; both find everything, and one at a time keeps."""
    with appending(tmp_path) as (_, output):
        for _ in range(10):
            output.readline()
        kept = 0
        for _ in range(3):
            with Compaction(tmp_path) as compaction:
                with pytest.raises(ConflictError, match="a snapshot is being kept by process"):
                    Compaction(tmp_path)
                recovered = compaction.recover()
                expected = [numbered(number) for number in range(kept + 1, compaction.last + 1)]
                assert expected == list(recovered.entries)
                compaction.keep(recovered.plan, recovered.snapshot)
                kept = compaction.last
            while int(output.readline()) < kept + 30:
                pass
    entries = await entries_in(tmp_path)
    assert [numbered(number) for number in range(kept + 1, kept + 1 + len(entries))] == entries
    assert len(entries) >= 30


async def test_the_files_are_for_their_owner_only(tmp_path: Path) -> None:
    """Whatever the umask allows."""
    old = os.umask(0)
    try:
        store = SqliteStore(tmp_path / "new")
        plan = a_plan()
        await store.begin(plan, Engine(plan, BUILT_IN).snapshot())
        modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "new").iterdir()}
        assert {0o600} == set(modes.values())
        assert {"journal.db", "journal.db-wal", "journal.db-ack", "journal.db.lock"} <= set(modes)
        await store.close()
    finally:
        os.umask(old)


async def check_full(folder: Path, lines: list[str]) -> None:
    """What was acknowledged is there, and nothing was taken after the error."""
    assert "UnavailableError: " in lines[-2]
    assert "nothing more is kept" in lines[-2]
    assert lines[-1] == "again UnavailableError\n"
    (*_, last) = numbers(lines)
    entries = await entries_in(folder)
    assert [numbered(number) for number in range(1, last + 1)] == entries[:last]
    assert last <= len(entries) <= last + 3


async def test_a_file_that_may_not_grow_stops_the_store(tmp_path: Path) -> None:
    """An error that says what to do; every acknowledged entry is there once there is room."""
    with appending(tmp_path, limit=300_000) as (_, output):
        lines = output.readlines()
    await check_full(tmp_path, lines)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of its own with room for 1 MB; mounting it takes root."""
    disk = tmp_path / "disk"
    disk.mkdir()
    if os.geteuid() != 0 or run("mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(disk)):
        pytest.skip("a small disk cannot be mounted here")
    yield disk
    assert run("umount", str(disk)) == 0


def run(*command: str) -> int:
    return subprocess.run(command, check=False, capture_output=True).returncode


async def test_a_full_disk_stops_the_store(small_disk: Path) -> None:
    """The same on a real file system of 1 MB; with more room the journal goes on."""
    with appending(small_disk) as (_, output):
        lines = output.readlines()
    assert "the disk is full" in lines[-2]
    assert run("mount", "-o", "remount,size=8m", str(small_disk)) == 0
    await check_full(small_disk, lines)


async def test_a_folder_that_cannot_be_made_is_an_error_that_says_so(tmp_path: Path) -> None:
    """Where a file stands in the way, say."""
    (tmp_path / "file").write_text("")
    with pytest.raises(
        UnavailableError, match=r"file/journal.db: File exists while making the journal's file"
    ):
        SqliteStore(tmp_path / "file" / "journal.db")


async def test_a_closed_store_takes_nothing(tmp_path: Path) -> None:
    """Closing twice is harmless."""
    store = SqliteStore(tmp_path)
    await store.close()
    await store.close()
    await refused(RuntimeError, store.append([numbered(1)]))
