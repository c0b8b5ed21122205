"""Redis and the broker as docker-compose.yml runs them, with this machine's own programs, on other ports and in other folders."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.deployment import compose, running

ROOT = Path(__file__).parents[2]


@contextmanager
def redis(folder: Path, port: int) -> Iterator[list[str]]:
    """Run Redis as docker-compose.yml does, but for the folder and the port; yields the command of a client."""
    running.need("redis-server", "redis-cli")
    service = compose.services()["redis"]
    argv = [str(word) for word in service["command"]]
    argv[argv.index("--port") + 1] = str(port)
    argv[argv.index("--dir") + 1] = str(folder)
    health = [word.replace("6379", str(port)) for word in compose.health_command(service)]
    log = folder / "log"
    with running.running(argv, log) as process:
        running.until_well(health, process, log)
        yield ["redis-cli", "-h", "127.0.0.1", "-p", str(port)]
        process.kill()  # at any instant: what was acknowledged is on disk


@contextmanager
def mosquitto(folder: Path, port: int, *more: str) -> Iterator[list[str]]:
    """Run the broker as docker-compose.yml does, but for folder and port; yields the address as its clients take it."""
    running.need("mosquitto", "mosquitto_sub", "mosquitto_pub")
    service = compose.services()["mosquitto"]
    given = (ROOT / "configs" / "mosquitto" / "mosquitto.conf").read_text(encoding="utf-8")
    text = given.replace("listener 1883 ", f"listener {port} ").replace("/mosquitto/data/", f"{folder}/")
    assert text.count(str(folder)) == text.count(f"listener {port} ") == 1
    if os.geteuid() == 0:
        text += "user root\n"  # it would become another user, who may not write in this folder
    config = folder / "mosquitto.conf"
    config.write_text("\n".join((text, *more, "")), encoding="utf-8")
    argv = [str(config) if word.endswith(".conf") else word for word in service["command"]]
    health = [word.replace("1883", str(port)) for word in compose.health_command(service)]
    log = folder / "log"
    with running.running(argv, log) as process:
        running.until_well(health, process, log)
        yield ["-h", "127.0.0.1", "-p", str(port)]
        assert running.end(process, signal.SIGTERM) == 0
