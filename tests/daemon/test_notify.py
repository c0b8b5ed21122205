"""What a service manager hears, over a real socket."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from router.daemon.notify import feed_watchdog, notify, watchdog_s


@pytest.fixture
def manager(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> socket.socket:
    """A service manager's end of the socket."""
    listening = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    listening.bind(str(tmp_path / "notify"))
    listening.settimeout(5)
    monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
    return listening


def test_the_manager_is_told(manager: socket.socket) -> None:
    """Word for word."""
    with manager:
        notify("READY=1\nSTATUS=routing")
        assert manager.recv(100) == b"READY=1\nSTATUS=routing"


def test_without_a_manager_nothing_happens(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Neither without a socket nor with one that nobody listens on."""
    monkeypatch.delenv("NOTIFY_SOCKET", raising=False)
    notify("READY=1")
    monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "nobody"))
    notify("READY=1")


def test_the_watchdog_is_for_this_process_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """A child that inherits the environment does not feed it."""
    monkeypatch.setenv("WATCHDOG_USEC", "2000000")
    monkeypatch.setenv("WATCHDOG_PID", str(os.getpid()))
    assert watchdog_s() == 2.0
    monkeypatch.setenv("WATCHDOG_PID", str(os.getpid() + 1))
    assert watchdog_s() is None


async def test_the_watchdog_is_fed_while_all_is_well(
    manager: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Several times within the time it allows, and no more once something is wrong."""
    monkeypatch.setenv("WATCHDOG_USEC", "30000")
    monkeypatch.delenv("WATCHDOG_PID", raising=False)
    answers = iter([True, True, True, False])
    with manager:
        await feed_watchdog(lambda: next(answers))
        assert [manager.recv(100) for _ in range(3)] == [b"WATCHDOG=1"] * 3
        manager.setblocking(False)
        with pytest.raises(BlockingIOError):
            manager.recv(100)
