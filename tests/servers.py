"""Real servers for tests: each started on a free loopback port, in a temporary folder, with settings of its own."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from pathlib import Path
from typing import Final

import pytest

REQUIRED: Final = "SWITCHROOM_REQUIRE_SERVERS"
READY_WITHIN_S: Final = 20.0
STOP_WITHIN_S: Final = 10.0


def program(name: str) -> str:
    """Return the program's path. Where there is none the test is skipped, or fails under ``./run test --require-servers``."""
    path = os.pathsep.join((os.environ.get("PATH", os.defpath), "/usr/sbin", "/usr/local/sbin"))
    found = shutil.which(name, path=path)
    if found is not None:
        return found
    if os.environ.get(REQUIRED) == "1":
        pytest.fail(f"{name} is not installed, and {REQUIRED}=1 asks for it")
    pytest.skip(f"{name} is not installed")


def free_port() -> int:
    """Return a loopback port that nothing listens on now."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


class Server:
    """A server process that can be killed and started again on the same port. A context manager: it ends with the block."""

    def __init__(self, command: list[str], port: int, folder: Path) -> None:
        self.port = port
        self.folder = folder
        self._command = command
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start, and wait until it listens."""
        with (self.folder / "server.log").open("ab") as log:
            self._process = subprocess.Popen(self._command, stdout=log, stderr=log, cwd=self.folder)
        until = time.monotonic() + READY_WITHIN_S
        while time.monotonic() < until and self._process.poll() is None:
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
            except OSError:
                time.sleep(0.02)
            else:
                return
        raise RuntimeError(f"{self._command[0]} does not listen: {(self.folder / 'server.log').read_text()}")

    def kill(self) -> None:
        """End it at once, as a power cut would."""
        self._end(is_hard=True)

    def stop(self) -> None:
        """End it as an operator would."""
        self._end(is_hard=False)

    def _end(self, *, is_hard: bool) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        if is_hard:
            process.kill()
        else:
            process.terminate()
        try:
            process.wait(STOP_WITHIN_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def __enter__(self) -> Server:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


def mosquitto(folder: Path, *settings: str, persists: bool = True) -> Server:
    """Return a mosquitto that anybody may use from this machine; ``settings`` are further lines of its configuration."""
    port = free_port()
    lines = [f"listener {port} 127.0.0.1", "allow_anonymous true", "log_type error", "log_type warning"]
    if os.geteuid() == 0:
        lines.append("user root")  # else it steps down to a user that may not read the temporary folder
    if persists:
        lines += ["persistence true", f"persistence_location {folder}/", "autosave_interval 1"]
    config = folder / "mosquitto.conf"
    config.write_text("\n".join([*lines, *settings, ""]))
    return Server([program("mosquitto"), "-c", str(config)], port, folder)
