"""The router's commands as the image, compose and systemd start them: they get well, say so, and end as told."""

from __future__ import annotations

import json
import re
import shutil
import signal
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from http import HTTPStatus
from http.client import HTTPConnection
from pathlib import Path

import click
import pytest

from router.cli import CONFIG_INVALID, OK
from router.cli.serve import command as serve
from tests.deployment import compose, dockerfile, running, unit_file
from tests.deployment.brokers import mosquitto
from tests.servers import free_port

ROOT = Path(__file__).parents[2]
JOURNAL = "/var/lib/switchroom"
CENTRE = "/etc/switchroom/centre"

# What systemd forbids with NoNewPrivileges= and MemoryDenyWriteExecute=, asked of the kernel (prctl 38 and 65) before the daemon starts.
# The second is only in Linux 6.3 and newer; an older one is left as it is.
CONFINED = (
    "import ctypes, os, sys; "
    "prctl = ctypes.CDLL(None).prctl; "
    "prctl(38, 1, 0, 0, 0); prctl(65, 1, 0, 0, 0); "
    "os.execv(sys.argv[1], sys.argv[1:])"
)


# --- what they start ------------------------------------------------------------------------------------------


def image_command() -> list[str]:
    """The words of the image's process 1."""
    final = dockerfile.stages()[-1]
    return [*dockerfile.the("ENTRYPOINT", final).argv(), *dockerfile.the("CMD", final).argv()]


def image_environment() -> dict[str, str]:
    """The variables that the image sets, but for PATH, which leads to places in it."""
    pairs = dockerfile.the("ENV", dockerfile.stages()[-1]).pairs()
    return {name: value for name, value in pairs.items() if name != "PATH"}


def here(argv: list[str]) -> list[str]:
    """The same command on this machine: with this checkout's program and centre."""
    program, *words = argv
    assert Path(program).name == "switchroom"
    centre = str(ROOT / "configs" / "quickstart")
    return [sys.executable, "-m", "router.cli", *(centre if word == CENTRE else word for word in words)]


def moved(environ: Mapping[str, str], folder: Path, **more: str) -> dict[str, str]:
    """The same variables on this machine: with a journal in `folder`, and this checkout's packages."""
    changed = {name: str(folder) if value == JOURNAL else value for name, value in environ.items()}
    return {**changed, "PYTHONPATH": str(ROOT), **more}


@contextmanager
def image(
    folder: Path, *before: str, **more: str
) -> Iterator[tuple[subprocess.Popen[bytes], dict[str, str]]]:
    """Run what the image runs until its health check is content; yields the process and its variables."""
    port = free_port()
    environ = moved(image_environment(), folder / "journal", SWITCHROOM_HTTP=f"127.0.0.1:{port}", **more)
    log = folder / "log"
    with running.running([*before, *here(image_command())], log, environ) as process:
        running.until_well(health_command(), process, log, environ)
        yield process, environ


def health_command() -> list[str]:
    """The image's health check."""
    return dockerfile.the("HEALTHCHECK", dockerfile.stages()[-1]).argv()


def first_line(log: Path, event: str) -> dict[str, object]:
    """The first line of that event in a log of JSON lines; all of them must be such."""
    lines = [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines()]
    found: dict[str, object] = next(line for line in lines if line["event"] == event)
    return found


# --- variables ------------------------------------------------------------------------------------------------


def read_by_serve() -> set[str]:
    """The variables that `switchroom serve` reads."""
    context = click.Context(serve, **serve.context_settings)
    options = [each for each in serve.params if isinstance(each, click.Option)]
    return {
        str(each.envvar or f"{context.auto_envvar_prefix}_{(each.name or '').upper()}") for each in options
    }


@pytest.mark.parametrize(
    "file",
    [
        "docker-compose.yml",
        "configs/deployment/Dockerfile",
        "configs/deployment/switchroom.service",
        "docs/deployment.md",
    ],
)
def test_every_variable_is_one_that_serve_reads(file: str) -> None:
    """No deployment file sets or names a variable of the router that means nothing."""
    text = (ROOT / file).read_text(encoding="utf-8")
    named = set(re.findall(r"SWITCHROOM_[A-Z_]*[A-Z]", text))
    assert "SWITCHROOM_HTTP" in named
    assert named - {"SWITCHROOM_CENTRE"} <= read_by_serve()  # that one is compose's own


# --- the image ------------------------------------------------------------------------------------------------


def test_the_image_gets_well_and_ends_when_told(tmp_path: Path) -> None:
    """What the image runs is well by its own health check, logs JSON, ends with 0 on SIGTERM, and is not well then."""
    with image(tmp_path) as (process, environ):
        assert running.end(process) == OK
        assert running.run(health_command(), environ).returncode != 0
    started = first_line(tmp_path / "log", "daemon.started")
    assert str(started["bound"]).startswith("strict: ")
    assert first_line(tmp_path / "log", "daemon.stopped")


@pytest.mark.slow
def test_the_image_goes_on_with_its_volume(tmp_path: Path) -> None:
    """A new container on the volume of one that was killed starts from its journal, which nobody else can read."""
    with image(tmp_path) as (process, _):
        assert running.end(process, signal.SIGKILL) == -signal.SIGKILL
    journal = tmp_path / "journal" / "journal.db"
    assert stat.S_IMODE(journal.stat().st_mode) == 0o600
    with image(tmp_path) as (process, _):
        assert running.end(process) == OK


@pytest.mark.slow
def test_a_copy_of_the_stopped_journal_is_a_backup(tmp_path: Path) -> None:
    """Stop, copy the folder, and start from the copy: what waited is there, as docs/deployment.md says."""
    with image(tmp_path) as (process, environ):
        submitted = json.dumps({"section": "support", "channel": "voice"})
        with closing(HTTPConnection(environ["SWITCHROOM_HTTP"], timeout=running.START_S)) as router:
            headers = {"Content-Type": "application/json", "Idempotency-Key": "call-1"}
            router.request("POST", "/v1/interactions", submitted, headers)
            answer = router.getresponse()
            assert answer.status == HTTPStatus.CREATED, answer.read()
        assert running.end(process) == OK
    elsewhere = tmp_path / "elsewhere"
    shutil.copytree(tmp_path / "journal", elsewhere / "journal")
    with image(elsewhere) as (process, _):
        assert running.end(process) == OK
    started = first_line(elsewhere / "log", "daemon.started")
    assert started["waiting"] == 1


def test_the_health_check_asks_no_proxy(tmp_path: Path) -> None:
    """A proxy in the environment, as Docker may put there, is not asked for what is on loopback."""
    nowhere = f"http://127.0.0.1:{free_port()}"
    with image(tmp_path, http_proxy=nowhere, HTTP_PROXY=nowhere) as (process, _):
        assert running.end(process) == OK


def test_as_process_1_it_ends_when_told(tmp_path: Path) -> None:
    """First in a process namespace of its own, where signals without a handler are lost, SIGTERM still ends it with 0."""
    alone = ["unshare", "--user", "--map-root-user", "--pid", "--fork"]
    if not shutil.which("unshare") or running.run([*alone, "true"]).returncode != 0:
        pytest.skip("this machine lets nobody make a process namespace")
    with image(tmp_path, *alone) as (process, _):
        children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text(encoding="ascii")
        (first,) = children.split()
        running.run(["kill", "-TERM", first])
        assert process.wait(running.START_S) == OK
    assert first_line(tmp_path / "log", "daemon.started")["pid"] == 1


def test_it_writes_nothing_but_its_volume(tmp_path: Path) -> None:
    """With root file system and checkout read-only, but not the folder of the journal, it gets well and ends with 0."""
    journal = tmp_path / "journal"
    journal.mkdir()
    read_only = (
        'for kept in "$0" "$1"; do mount --bind "$kept" "$kept" || exit; done; '
        'mount -o remount,bind,ro "$1" && mount -o remount,bind,ro / && shift && exec "$@"'
    )
    namespace = ["unshare", "--user", "--map-root-user", "--mount"]
    contained = [*namespace, "sh", "-c", read_only, str(journal), str(ROOT)]
    if not shutil.which("unshare") or running.run([*contained, "true"]).returncode != 0:
        pytest.skip("this machine lets nobody make a mount namespace")
    assert running.run([*contained, "touch", str(ROOT / "written")]).returncode != 0
    with image(tmp_path, *contained) as (process, _):
        assert running.end(process) == OK
    assert (journal / "journal.db").exists()


def test_it_does_not_listen_for_others(tmp_path: Path) -> None:
    """Told to listen on every address, as people do in containers, it does not start, and says what would do."""
    environ = moved(image_environment(), tmp_path, SWITCHROOM_HTTP="0.0.0.0:8080")
    refused = running.run(here(image_command()), environ, tmp_path)
    assert refused.returncode == CONFIG_INVALID
    assert "loopback only" in refused.stdout
    assert "127.0.0.1" in refused.stdout


# --- compose --------------------------------------------------------------------------------------------------


@pytest.mark.servers
def test_the_router_of_compose_works_with_the_broker_of_compose(tmp_path: Path) -> None:
    """Router and broker with compose's commands and variables, on free ports: both are well, and the router ends with 0."""
    port, broker = free_port(), free_port()
    variables = {"SWITCHROOM_HTTP": f"127.0.0.1:{port}", "SWITCHROOM_MQTT": f"mqtt://127.0.0.1:{broker}"}
    router = compose.services(variables)["router"]
    entry = dockerfile.the("ENTRYPOINT", dockerfile.stages()[-1]).argv()
    environ = moved(router["environment"], tmp_path / "journal")
    (tmp_path / "broker").mkdir()
    log = tmp_path / "log"
    with (
        mosquitto(tmp_path / "broker", broker),
        running.running(here([*entry, *router["command"]]), log, environ) as process,
    ):
        running.until_well(compose.health_command(router), process, log, environ)
        assert running.end(process) == OK
    assert first_line(log, "daemon.started")["mqtt"] == f"127.0.0.1:{broker}"


# --- systemd --------------------------------------------------------------------------------------------------


def a_manager(path: str) -> socket.socket:
    """A socket such as systemd has."""
    manager = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    manager.bind(path)
    return manager


def heard(manager: socket.socket, process: subprocess.Popen[bytes], log: Path) -> Iterator[str]:
    """What the daemon tells its service manager, line by line; fails with its log where it ends, or is silent for long."""
    manager.settimeout(1)
    ends = time.monotonic() + running.START_S
    while time.monotonic() < ends:
        has_ended = process.poll() is not None
        try:
            yield from manager.recv(4096).decode().splitlines()
        except TimeoutError:
            if has_ended:
                break
    pytest.fail(f"exit {process.poll()}\n{log.read_text(encoding='utf-8')}", pytrace=False)


def test_the_unit_starts_feeds_its_watchdog_reloads_and_ends(tmp_path: Path) -> None:
    """Started and confined as the unit says: READY=1, then WATCHDOG=1 again and again, also after a reload, STOPPING=1, exit 0."""
    state = tmp_path / "state"
    environ = unit_file.environment(state) | {
        "SWITCHROOM_HTTP": f"127.0.0.1:{free_port()}",
        "NOTIFY_SOCKET": str(tmp_path / "notify"),
        "WATCHDOG_USEC": "300000",
        "PYTHONPATH": str(ROOT),
    }
    argv = here(unit_file.start_command())
    log = tmp_path / "log"
    with (
        a_manager(environ["NOTIFY_SOCKET"]) as manager,
        running.running([sys.executable, "-c", CONFINED, *argv], log, environ) as process,
    ):
        told = heard(manager, process, log)
        assert "READY=1" in told
        assert "WATCHDOG=1" in told
        reload = unit_file.one("ExecReload").replace("$MAINPID", str(process.pid)).split()
        assert running.run(reload).returncode == 0
        assert any('"plan.unchanged"' in log.read_text(encoding="utf-8") for _ in told)
        assert "WATCHDOG=1" in told
        assert running.end(process, signal.Signals[unit_file.one("KillSignal")]) == OK
        assert "STOPPING=1" in told
    assert (state / unit_file.one("StateDirectory") / "journal.db").exists()
