"""Processes of a live run: started on free loopback ports in a folder of their own, watched, killed, started again."""

from __future__ import annotations

import asyncio
import ctypes
import json
import os
import shutil
import socket
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from signal import SIGKILL, SIGTERM, Signals
from typing import Final, Literal

from router.errors import TransportError

START_S: Final = 60.0
"""A process that is not there after so long is not coming."""
END_S: Final = 20.0
LOOK_S: Final = 0.02
PR_SET_PDEATHSIG: Final = 1

MOSQUITTO_CONF: Final = """\
listener {port} 127.0.0.1
allow_anonymous true
persistence true
persistence_location {folder}/
log_dest none
max_queued_messages 100000
"""


def _end_with_parent() -> None:
    """In a child before it becomes its program: have it told to end (SIGTERM) when the process that started it dies, however it dies."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, SIGTERM)


class Child:
    """A process and where its output goes."""

    def __init__(
        self, name: str, command: Sequence[str], folder: Path, environment: Mapping[str, str]
    ) -> None:
        self.name = name
        self.command = list(command)
        self.log = folder / f"{name}.log"
        self._environment = dict(environment)
        self._process: asyncio.subprocess.Process | None = None

    @property
    def pid(self) -> int:
        """The running process's id; 0 when there is none."""
        return self._process.pid if self._process is not None and self._process.returncode is None else 0

    async def start(self) -> None:
        """Start it; its output is added to the log."""
        with self.log.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                *self.command,
                stdout=log,
                stderr=log,
                stdin=asyncio.subprocess.DEVNULL,
                env=self._environment,
                preexec_fn=_end_with_parent,
                start_new_session=True,  # Ctrl-C is for whoever started us, who then tells us
            )

    def check(self) -> None:
        """Raise ``TransportError``, with the end of its log, when it has ended."""
        if not self.pid:
            code = None if self._process is None else self._process.returncode
            raise TransportError(f"{self.name} has ended with {code}: {self.last_words()}")

    def last_words(self) -> str:
        """Return the end of its log."""
        return self.log.read_text(errors="replace")[-2000:].strip() if self.log.exists() else ""

    def send_signal(self, number: Signals) -> None:
        """Send it a signal, and don't wait."""
        self.check()
        os.kill(self.pid, number)

    async def kill(self) -> None:
        """End it at once, as a power cut would (SIGKILL)."""
        await self._stop(SIGKILL)

    async def end(self, within_s: float = END_S) -> int:
        """Ask it to end (SIGTERM), make it after a while, and return its exit code."""
        await self._stop(SIGTERM, within_s)
        return 0 if self._process is None or self._process.returncode is None else self._process.returncode

    async def wait(self) -> int:
        """Return its exit code once it has ended by itself."""
        assert self._process is not None
        return await self._process.wait()

    async def _stop(self, number: Signals, within_s: float = END_S) -> None:
        if self._process is None or self._process.returncode is not None:
            return
        self._process.send_signal(number)
        try:
            await asyncio.wait_for(self._process.wait(), within_s)
        except TimeoutError:
            self._process.kill()
            await self._process.wait()


def find_broker() -> str | None:
    """Return where mosquitto is, if it is installed."""
    path = os.pathsep.join((os.environ.get("PATH", os.defpath), "/usr/sbin", "/usr/local/sbin"))
    return shutil.which("mosquitto", path=path)


def free_port() -> int:
    """Return a loopback port that nobody listens on."""
    with socket.socket() as probing:
        probing.bind(("127.0.0.1", 0))
        port: int = probing.getsockname()[1]
        return port


async def until_listening(child: Child, port: int) -> None:
    """Return once somebody accepts connections there. Raises ``TransportError`` when the process ends, or takes too long."""
    loop = asyncio.get_running_loop()
    give_up_at = loop.time() + START_S
    while loop.time() < give_up_at:
        child.check()
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            await asyncio.sleep(LOOK_S)
            continue
        writer.close()
        return
    raise TransportError(
        f"{child.name} does not listen on port {port} after {START_S:g} s: {child.last_words()}"
    )


def make_broker(program: str, port: int, folder: Path) -> Child:
    """Return a broker that keeps its sessions in the folder."""
    conf = folder / "mosquitto.conf"
    (folder / "broker").mkdir(exist_ok=True)
    text = MOSQUITTO_CONF.format(port=port, folder=folder / "broker")
    if os.geteuid() == 0:
        text += "user root\n"  # else it steps down to a user that may not write to our folder
    conf.write_text(text)
    return Child("mosquitto", [program, "-c", str(conf)], folder, _environment())


def make_python(name: str, module: str, arguments: Sequence[str], folder: Path) -> Child:
    """Return a process that runs a module with this interpreter."""
    return Child(name, [sys.executable, "-m", module, *arguments], folder, _environment())


def _environment() -> dict[str, str]:
    """Return ours, with the packages found where this process found them."""
    root = str(Path(__file__).resolve().parents[3])
    path = os.environ.get("PYTHONPATH", "")
    return {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, (root, path))), "PYTHONUNBUFFERED": "1"}


class Daemon:
    """``switchroom serve`` on fixed ports, so that those who speak to it find it again after a restart."""

    def __init__(
        self,
        centre: Path,
        folder: Path,
        *,
        http_port: int,
        mqtt_port: int | None,
        speed: float = 1.0,
        durability: Literal["memory", "relaxed", "strict"] = "strict",
        options: Sequence[str] = (),
    ) -> None:
        arguments = ["serve", str(centre), "--http", f"127.0.0.1:{http_port}"]
        arguments += ["--mqtt", "off" if mqtt_port is None else f"mqtt://127.0.0.1:{mqtt_port}"]
        arguments += ["--journal", str(folder / "journal"), "--durability", durability, "--speed", str(speed)]
        self.child = make_python(
            "daemon", "router.cli", [*arguments, "--log-format", "json", *options], folder
        )
        self._starts = 0

    async def start(self) -> Mapping[str, object]:
        """Start it and return what it logged when it was ready."""
        self._starts += 1
        await self.child.start()
        loop = asyncio.get_running_loop()
        give_up_at = loop.time() + START_S
        while loop.time() < give_up_at:
            started = [line for line in self.lines() if line.get("event") == "daemon.started"]
            if len(started) == self._starts:
                return started[-1]
            self.child.check()
            await asyncio.sleep(LOOK_S)
        raise TransportError(f"the daemon is not ready after {START_S:g} s: {self.child.last_words()}")

    async def kill(self) -> None:
        """End it at once (SIGKILL). What it had not logged about a start is not waited for."""
        await self.child.kill()
        self._starts = sum(line.get("event") == "daemon.started" for line in self.lines())

    def lines(self) -> list[dict[str, object]]:
        """Return what it has logged, as far as lines are whole."""
        found: list[dict[str, object]] = []
        if self.child.log.exists():
            for text in self.child.log.read_text(errors="replace").splitlines():
                try:
                    line = json.loads(text)
                except ValueError:
                    continue
                if isinstance(line, dict):
                    found.append(line)
        return found


@asynccontextmanager
async def ended_with(*children: Child) -> AsyncIterator[None]:
    """See to it that none of the processes is left behind."""
    try:
        yield
    finally:
        for child in children:
            await child.kill()
