"""``switchroom demo``: watch a centre route live synthetic traffic, over the wire, and get a verdict whose exit code counts."""

from __future__ import annotations

import asyncio
import json
import random
import signal
import sys
import tempfile
from importlib.util import find_spec
from pathlib import Path
from typing import Literal

import click

from router.cli import CONFIG_INVALID, ERROR, OK
from router.config import load
from router.core.plan import Plan
from router.harness.demo import QUICKSTART, Settings, Verdict, find_centre, run
from router.harness.demo.commentary import Line
from router.harness.live.children import find_broker

COLOURS = {"good": "green", "bad": "red", "step": "yellow"}


@click.command()
@click.argument("path", required=False)
@click.option(
    "--seconds",
    type=click.FloatRange(min=0, min_open=True),
    default=20.0,
    show_default=True,
    help="Customers come for so many seconds of real time.",
)
@click.option(
    "--speed",
    type=click.FloatRange(min=0.1, max=100),
    default=10.0,
    show_default=True,
    help="The centre's time runs so many times as fast; 1 is real time.",
)
@click.option("--seed", type=int, help="For the same customers and agents again; a new one each run without.")
@click.option(
    "--over",
    type=click.Choice(["auto", "mqtt", "http", "library"]),
    default="auto",
    show_default=True,
    help="How agents and customers reach the router. auto: mqtt where mosquitto is installed, else http.",
)
@click.option("--json", "as_json", is_flag=True, help="Make the last line one JSON object.")
@click.option("--keep", is_flag=True, help="Go on until Ctrl-C.")
@click.pass_context
def command(
    ctx: click.Context,
    path: str | None,
    *,
    seconds: float,
    speed: float,
    seed: int | None,
    over: str,
    as_json: bool,
    keep: bool,
) -> None:
    """Route live synthetic traffic for the centre at PATH (configs/quickstart) and show who gets what, and why.

    Customers and agents are synthetic; the router is the daemon, with its journal, and all of them are processes of their own that talk
    over MQTT or HTTP on this machine (or, with --over library, parts of one program). It runs in real time, or SPEED times as fast. At
    the end stands a verdict by the customers' and agents' own books. Exit 0 if nothing was lost and nothing was assigned twice, else 1.
    """
    place = find_centre(path)
    if place is None:
        click.echo(
            f"Error: there is no centre at {path or QUICKSTART}: name a folder with a centre.yaml, or one file",
            err=True,
        )
        ctx.exit(CONFIG_INVALID)
    plan = load(place)
    settings = Settings(
        seconds=None if keep else seconds,
        speed=speed,
        seed=seed if seed is not None else random.SystemRandom().randrange(1_000_000),
    )
    way = _way(over)
    click.echo(_heading(plan, settings, way))
    verdict = asyncio.run(_watch(plan, place, settings, way))
    if as_json:
        click.echo(json.dumps({**verdict.figures(), "over": way}))
    else:
        click.echo()
        for sentence in verdict.sentences():
            click.secho(sentence, bold=True, fg=None if verdict.is_clean else "red")
    ctx.exit(OK if verdict.is_clean else ERROR)


def _way(over: str) -> Literal["mqtt", "http", "library"]:
    """Return how to reach the router: as asked, else the best there is."""
    match over:
        case "mqtt":
            if find_broker() is None:
                raise click.UsageError(
                    "--over mqtt needs mosquitto: apt-get install mosquitto, or say --over http"
                )
            return "mqtt"
        case "http":
            return "http"
        case "library":
            return "library"
        case _ if find_spec("fastapi") is None or find_spec("httpx") is None:
            return "library"
        case _:
            return "http" if find_broker() is None or find_spec("aiomqtt") is None else "mqtt"


def _heading(plan: Plan, settings: Settings, way: str) -> str:
    pace = "real time" if settings.speed == 1 else f"{settings.speed:g} times real time"
    until = "until Ctrl-C" if settings.seconds is None else f"for {settings.seconds:g} s"
    return (
        f"{plan.centre_id}: {len(plan.sections)} sections, {len(plan.agents)} agents; {until}, in {pace}, "
        f"over {way}, seed {settings.seed} (--seed {settings.seed} for the same again)\n"
    )


async def _watch(
    plan: Plan, place: Path, settings: Settings, way: Literal["mqtt", "http", "library"]
) -> Verdict:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()

    def asked() -> None:
        stop.set()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.remove_signal_handler(number)  # the second one is not ours to soften

    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, asked)
    screen = _Screen(stop)
    if way == "library":
        return await run(plan, settings, screen.show, stop)
    from router.harness.live.demo import run_live

    with tempfile.TemporaryDirectory(prefix="switchroom-demo-") as folder:
        return await run_live(plan, place, settings, way, Path(folder), screen.show, stop)


class _Screen:
    """Prints lines while somebody reads them."""

    def __init__(self, stop: asyncio.Event) -> None:
        self._stop = stop
        self._is_open = True

    def show(self, line: Line) -> None:
        """Print a line; in colour on a terminal only."""
        if not self._is_open:
            return
        text = f"{line.at_ms / 1000:7.1f} s  {line.subject:<9} {line.event:<24} {line.detail}".rstrip()
        try:
            click.secho(text, fg=COLOURS.get(line.mood))
            sys.stdout.flush()
        except BrokenPipeError:
            self._is_open = False
            self._stop.set()
