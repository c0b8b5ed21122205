"""Commands of the deployment files as processes of the test: found or skipped, watched until they are well, ended with the test."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NoReturn

import pytest

from tests.servers import REQUIRED, program

PATH = os.pathsep.join(
    (str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath), "/usr/sbin", "/usr/local/sbin")
)
START_S = 120.0
"""A server that is not well after this hangs; on a machine with more to do than it can, a start has taken half a minute."""


def need(*programs: str) -> None:
    """Do without the test where a program is missing."""
    for name in programs:
        program(name)


def do_without(reason: str) -> NoReturn:
    """Skip the test, or fail it where ``./run test --require-servers`` said that nothing may be missing."""
    if os.environ.get(REQUIRED) == "1":
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)


def answers(host: str, port: int) -> bool:
    """Whether something takes connections there."""
    try:
        with socket.create_connection((host, port), timeout=5):
            return True
    except OSError:
        return False


def run(
    argv: Sequence[str],
    environ: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    timeout: float = 60,
) -> subprocess.CompletedProcess[str]:
    """Run a command to its end, with stderr in its output."""
    return subprocess.run(
        list(argv),
        env={"PATH": PATH, "LANG": "C.UTF-8", **(environ or {})},
        cwd=cwd,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=timeout,
        check=False,
    )


@contextlib.contextmanager
def running(
    argv: Sequence[str], log: Path, environ: Mapping[str, str] | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    """Keep a command running while the test is in the block; what it prints goes to `log`."""
    with log.open("ab") as out:
        process = subprocess.Popen(
            list(argv),
            env={"PATH": PATH, "LANG": "C.UTF-8", **(environ or {})},
            cwd=log.parent,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
        )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()


def until_well(
    health: Sequence[str],
    process: subprocess.Popen[bytes],
    log: Path,
    environ: Mapping[str, str] | None = None,
) -> None:
    """Run a health check until it says that all is well; fail with the server's log if that does not come."""
    ends = time.monotonic() + START_S
    said = ""
    while time.monotonic() < ends and process.poll() is None:
        checked = run(health, environ)
        if checked.returncode == 0:
            return
        said = checked.stdout
        time.sleep(0.05)
    printed = log.read_text(encoding="utf-8", errors="replace")
    pytest.fail(f"not well (exit {process.poll()}): {said}\n{printed}", pytrace=False)


def end(process: subprocess.Popen[bytes], how: signal.Signals = signal.SIGTERM) -> int:
    """Send a signal and wait for the end; return the exit code, negative for a signal that it died of."""
    process.send_signal(how)
    return process.wait(START_S)
