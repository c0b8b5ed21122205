"""What a service manager is told (sd_notify): that the daemon is ready, that it ends, and that its event loop still turns."""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import Callable
from typing import Final

PARTS: Final = 3
"""The watchdog is fed so many times in the time it allows."""


def notify(state: str) -> None:
    """Tell the service manager, if there is one: ``READY=1``, ``STOPPING=1``, ``STATUS=…``. Never fails."""
    path = os.environ.get("NOTIFY_SOCKET")
    if not path:
        return
    address = "\0" + path[1:] if path.startswith("@") else path
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as sending:
            sending.connect(address)
            sending.send(state.encode())
    except OSError:
        return  # nobody listens: the daemon runs all the same


def watchdog_s() -> float | None:
    """Return how often the service manager wants to hear from this process, in seconds; None where it does not."""
    microseconds, pid = os.environ.get("WATCHDOG_USEC", ""), os.environ.get("WATCHDOG_PID", "")
    if not microseconds.isdigit() or (pid and pid != str(os.getpid())):
        return None
    return int(microseconds) / 1e6


async def feed_watchdog(is_well: Callable[[], bool]) -> None:
    """Feed the watchdog from the event loop while ``is_well``; a loop that hangs does not, and the manager starts anew."""
    allowed = watchdog_s()
    while allowed is not None and is_well():
        notify("WATCHDOG=1")
        await asyncio.sleep(allowed / PARTS)
