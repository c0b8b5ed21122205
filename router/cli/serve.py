"""``switchroom serve PATH``: the router as a service."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Final, cast

import click

from router.cli import ERROR, OK, UNREACHABLE
from router.errors import InvariantError, StoreError, TransportError

NEEDS: Final = {"http": ("daemon", ("fastapi", "uvicorn")), "mqtt": ("mqtt", ("aiomqtt",))}
"""What each transport needs: the extra, and the modules it brings."""


@click.command(context_settings={"auto_envvar_prefix": "SWITCHROOM", "show_default": True})
@click.argument("path", type=click.Path(path_type=Path))
@click.option("--http", default="127.0.0.1:8080", help="Where to listen for HTTP: host:port, or off.")
@click.option("--mqtt", default="off", help="The broker to work with: mqtt://host:port, or off.")
@click.option("--mqtt-prefix", default="switchroom", help="What the names of all topics begin with.")
@click.option(
    "--mqtt-protocol",
    type=click.Choice(["3.1.1", "5"]),
    default="5",
    help="The MQTT that the router speaks with its broker; others may speak either.",
)
@click.option(
    "--journal",
    type=click.Path(path_type=Path),
    default=Path("journal"),
    help="The folder that keeps what was accepted.",
)
@click.option(
    "--durability",
    type=click.Choice(["memory", "relaxed", "strict"]),
    default="strict",
    help="What an acknowledgement is worth: nothing after the process ends, all but the last second after a power cut, all.",
)
@click.option(
    "--redact", multiple=True, metavar="NAME", help="An attribute whose values the log never shows; repeat."
)
@click.option(
    "--drain", "drain_s", type=click.FloatRange(0), default=10.0, help="Seconds for agents to finish."
)
@click.option(
    "--snapshot-every",
    type=click.IntRange(1),
    default=100_000,
    help="Entries of the journal from one snapshot to the next.",
)
@click.option(
    "--speed",
    type=click.FloatRange(min=0.1, max=100),
    default=1.0,
    help="The centre's time runs so many times as fast: for demonstrations.",
)
@click.option("--log-format", type=click.Choice(["console", "json"]), default="json", help="How to log.")
@click.option(
    "--log-level",
    type=click.Choice(["debug", "info", "warning", "error"]),
    default="info",
    help="What to log; debug: every signal and fact.",
)
@click.pass_context
def command(
    ctx: click.Context,
    path: Path,
    *,
    http: str,
    mqtt: str,
    mqtt_prefix: str,
    mqtt_protocol: str,
    journal: Path,
    durability: str,
    redact: tuple[str, ...],
    drain_s: float,
    snapshot_every: int,
    speed: float,
    log_format: str,
    log_level: str,
) -> None:
    """Route for the centre at PATH until told to end: SIGTERM or Ctrl-C drains, a second one ends at once, SIGHUP reads PATH again.

    What it accepts is in the journal before it says so; started again on the same journal it goes on where it ended, however it ended.
    Every option is also read from the environment: SWITCHROOM_HTTP, SWITCHROOM_JOURNAL, …
    """
    _check_extras(http=http != "off", mqtt=mqtt != "off")
    import structlog

    from router.daemon.service import serve
    from router.daemon.settings import (
        Durability,
        Protocol,
        Settings,
        http_address,
        mqtt_address,
    )
    from router.daemon.settings import (
        mqtt_prefix as prefix_of_topics,
    )
    from router.telemetry.log import configure

    settings = Settings(
        centre=path,
        http=http_address(http),
        mqtt=mqtt_address(mqtt),
        mqtt_prefix=prefix_of_topics(mqtt_prefix),
        mqtt_protocol=cast(Protocol, mqtt_protocol),
        journal=journal,
        durability=cast(Durability, durability),
        redact=frozenset(redact),
        speed=speed,
        drain_s=drain_s,
        snapshot_every=snapshot_every,
    )
    configure(form="json" if log_format == "json" else "console", level=log_level, redact=redact)
    log = structlog.get_logger()
    try:
        with asyncio.Runner(loop_factory=_fast_loop()) as runner:
            runner.run(serve(settings, log))
    except (StoreError, TransportError, InvariantError) as error:
        log.critical("daemon.failed", error=type(error).__name__, detail=str(error))
        ctx.exit(UNREACHABLE if isinstance(error, TransportError) else ERROR)
    ctx.exit(OK)


def _check_extras(*, http: bool, mqtt: bool) -> None:
    """Say which extra is missing, before anything is opened."""
    for name, wanted in (("http", http), ("mqtt", mqtt)):
        extra, modules = NEEDS[name]
        missing = [module for module in modules if find_spec(module) is None]
        if wanted and missing:
            raise click.UsageError(
                f"--{name} needs {', '.join(missing)}: pip install 'switchroom[{extra}]', or say --{name} off"
            )
    if find_spec("orjson") is None:
        raise click.UsageError("the journal needs orjson: pip install 'switchroom[daemon]'")


def _fast_loop() -> Callable[[], asyncio.AbstractEventLoop] | None:
    """Return uvloop's, where it is installed."""
    if find_spec("uvloop") is None:
        return None
    import uvloop

    return uvloop.new_event_loop
