"""Durable interactions a second over MQTT and HTTP: the daemon as it is shipped, with a strict journal on the disk, beside a bare loop
of the same client (MQTT) or web framework (HTTP) that exchanges the same messages with the same people, in turns within one run.

    python -m benchmarks.durable.compare [--transports mqtt http] [--count N] [--rounds N] [--folder PATH] [--json]

Everything is a process of its own: mosquitto as configs/mosquitto sets it up, daemon or bare loop, customers, agents. The answer first:
by the books of customers and agents every interaction was accepted, was offered exactly once, was finished and ended, and the journal,
read after a kill -9, holds each arrival, accept and finish; else it says what is missing, prints no rate, and exits with 1.

`of bare` is the median over the rounds of daemon rate / bare rate; `CPU of bare` the same of processor time a interaction, which other
work on the machine disturbs less. Latency is from the moment an interaction was due (drawn before, exponential gaps) to the offer at
the agent, with free agents, at half the rate that the daemon reached.
"""

import argparse
import asyncio
import json
import os
import statistics
import sys
import tempfile
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path

from agents import wire
from agents.mqtt_connection import Connection
from agents.mqtt_terms import Broker
from benchmarks.durable.centre import CENTRE, EXAMPLE, write_centre
from benchmarks.durable.people import Agents, Submitter
from router.harness.live.children import (
    Child,
    Daemon,
    ended_with,
    find_broker,
    free_port,
    make_python,
    until_listening,
)
from router.stores.sqlite import SqliteStore

WARM = 0.1
"""This share of the interactions, the first ones, is not in the rate."""
ANSWER_S = 300.0
CONF = Path("configs/mosquitto/mosquitto.conf")


class WrongAnswerError(Exception):
    """Something was lost, or done twice."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One run of one entrant."""

    per_s: float
    cpu_us: float
    p50_ms: float
    p99_ms: float


@dataclass(slots=True, kw_only=True)
class Figures:
    """What one transport came to."""

    transport: str
    messages: int = 0
    bytes: int = 0
    bare: list[Run] = field(default_factory=list)
    daemon: list[Run] = field(default_factory=list)
    latency: list[Run] = field(default_factory=list)

    @property
    def ratio(self) -> float:
        return statistics.median(d.per_s / b.per_s for d, b in zip(self.daemon, self.bare, strict=True))

    @property
    def cpu_ratio(self) -> float:
        return statistics.median(d.cpu_us / b.cpu_us for d, b in zip(self.daemon, self.bare, strict=True))


def write_conf(folder: Path, port: int) -> None:
    """Write the project's configuration of the broker, with a port and folder of ours."""
    data = folder / "broker"
    data.mkdir()
    conf = CONF.read_text().replace("listener 1883", f"listener {port}")
    (folder / "mosquitto.conf").write_text(conf.replace("/mosquitto/data/", f"{data}/"))


# ── processes ────────────────────────────────────────────────────────────────────────────────────────────────────


@asynccontextmanager
async def broker(transport: str, folder: Path) -> AsyncIterator[int | None]:
    """Run mosquitto as the project's configuration says, on a port of ours."""
    if transport != "mqtt":
        yield None
        return
    program = find_broker()
    if program is None:
        raise SystemExit("mosquitto is not installed: install it, or say --transports http")
    port = free_port()
    write_conf(folder, port)
    child = Child("mosquitto", [program, "-c", str(folder / "mosquitto.conf")], folder, os.environ)
    async with ended_with(child):
        await child.start()
        await until_listening(child, port)
        yield port


@asynccontextmanager
async def router(centre: Path, folder: Path, mqtt_port: int | None) -> AsyncIterator[tuple[Child, int]]:
    """Run the daemon; yield it and the port at which clients find it."""
    http_port = free_port()
    daemon = Daemon(
        centre, folder, http_port=http_port, mqtt_port=mqtt_port, options=["--snapshot-every", "100000000"]
    )
    async with ended_with(daemon.child):
        await daemon.start()
        yield daemon.child, mqtt_port or http_port


@asynccontextmanager
async def bare_loop(
    transport: str, transcript: Path, folder: Path, mqtt_port: int | None, agents: int
) -> AsyncIterator[tuple[Child, int]]:
    """Run the bare loop; yield it and the port at which clients find it."""
    port = mqtt_port or free_port()
    arguments = [transport, str(port), str(transcript), "--agents", str(agents)]
    child = make_python("bare", "benchmarks.durable.bare", arguments, folder)
    async with ended_with(child):
        await child.start()
        await until_listening(child, port)
        await asyncio.sleep(1.0)  # until it has subscribed
        yield child, port


def cpu_s(pid: int) -> float:
    """Return the processor time that the process has had."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


# ── recording ────────────────────────────────────────────────────────────────────────────────────────────────────


async def record(transport: str, port: int, agents: int) -> dict[str, list[tuple[str, str]]]:
    """Let one interaction pass through the daemon, and return what it said after each command."""
    topics = wire.Topics(CENTRE)
    transcript: dict[str, list[tuple[str, str]]] = {"submit": [], "accept": [], "finish": []}
    verb = ""

    def note(where: str, text: bytes) -> None:
        if verb:
            transcript[verb].append((where, text.decode()))

    desk = Agents(transport, port, agents)
    street = Submitter(transport, port, EXAMPLE, 1)
    for line in (desk.line, street.line):
        send, told, replied = line.send, line._told, line._replied

        def send_noted(name: str, what: str, *rest: object, _send: object = send) -> None:
            nonlocal verb
            verb = what if what in transcript else ""
            _send(name, what, *rest)  # type: ignore[operator]

        line.send = send_noted  # type: ignore[method-assign, assignment]
        if transport == "http":

            def told_noted(name: str, letter: bytes, _told: object = told) -> None:
                note(name, letter)
                _told(name, letter)  # type: ignore[operator]

            def replied_noted(request: str, ok: bool, body: bytes, _replied: object = replied) -> None:
                note("", body)
                _replied(request, ok, body)  # type: ignore[operator]

            line._told, line._replied = told_noted, replied_noted  # type: ignore[assignment]
    seen = Connection(
        Broker(client_id="bench-recorder", port=port),
        lambda message: "/commands/" in message.topic or note(message.topic, message.payload),  # type: ignore[func-returns-value, arg-type, return-value]
        subscribe=[f"{topics.root}/#"],
    )
    if transport == "mqtt":
        await seen.__aenter__()
        await seen.connected(10)
    await desk.sign_in()
    await street.line.start()
    await asyncio.sleep(0.3)
    await asyncio.wait_for(street.keep(1), 10)
    await asyncio.sleep(0.5)
    await street.line.close()
    await desk.line.close()
    if transport == "mqtt":
        await seen.__aexit__()
    return transcript


# ── runs ─────────────────────────────────────────────────────────────────────────────────────────────────────────


async def run_people(
    transport: str, port: int, server: Child, folder: Path, agents: int, load: list[str], count: int
) -> Run:
    """Let agents sign in and customers submit; check the books, and return what came of it."""
    books = {who: folder / f"{who}.json" for who in ("agents", "submitter")}
    common = [transport, str(port)]
    desk = make_python(
        "agents",
        "benchmarks.durable.people",
        ["agents", *common, "--agents", str(agents), "--books", str(books["agents"])],
        folder,
    )
    street = make_python(
        "submitter",
        "benchmarks.durable.people",
        ["submitter", *common, "--count", str(count), "--books", str(books["submitter"]), *load],
        folder,
    )
    async with ended_with(desk, street):
        await desk.start()
        while not books["agents"].with_suffix(".ready").exists():
            desk.check()
            await asyncio.sleep(0.05)
        before = cpu_s(server.pid)
        await street.start()
        try:
            await asyncio.wait_for(street.wait(), ANSWER_S)
        except TimeoutError:
            raise WrongAnswerError(f"not over after {ANSWER_S:g} s: {server.last_words()[-500:]}") from None
        used = cpu_s(server.pid) - before
        await asyncio.sleep(0.5)  # the last answers to agents
        await desk.end()
    for child in (desk, street):
        if not books[child.name].exists():
            raise WrongAnswerError(f"{child.name}: {child.last_words()[-1000:]}")
    desks = json.loads(books["agents"].read_text())
    streets = json.loads(books["submitter"].read_text())
    check_books(desks, streets, count)
    ends = sorted(at for times in streets["ended"].values() for at in times)
    warm = int(count * WARM)
    waits = sorted(1000 * (desks["offered"][call][0] - due) for call, due in streets["due"].items())
    return Run(
        per_s=(count - 1 - warm) / (ends[-1] - ends[warm]),
        cpu_us=used / count * 1e6,
        p50_ms=waits[len(waits) // 2],
        p99_ms=waits[int(len(waits) * 0.99)],
    )


def check_books(desks: dict, streets: dict, count: int) -> None:  # type: ignore[type-arg]
    """Raise ``WrongAnswerError`` unless all was accepted, offered once, finished, and ended once."""
    wrong = []
    for what, book in (
        ("accepted", streets["accepted"]),
        ("offered", {call: len(times) for call, times in desks["offered"].items()}),
        ("finished", desks["finished"]),
        ("ended", {call: len(times) for call, times in streets["ended"].items()}),
    ):
        missing = [call for call in streets["due"] if call not in book]
        twice = [call for call, times in book.items() if times != 1]
        if missing or twice or len(book) != count:
            wrong.append(f"{what}: {len(book)} of {count}, missing {missing[:3]}, more than once {twice[:3]}")
    wrong += [f"refused: {streets['refused'][:3]} {desks['refused'][:3]}"] * bool(
        streets["refused"] or desks["refused"]
    )
    if wrong:
        raise WrongAnswerError("; ".join(wrong))


async def check_journal(folder: Path, count: int) -> None:
    """Raise ``WrongAnswerError`` unless the journal holds each arrival, accept and finish."""
    store = SqliteStore(folder / "journal")
    recovered = store.recover()
    assert recovered is not None
    kinds = Counter(type(entry.signal).__name__ for entry in recovered.entries)
    await store.close()
    for kind in ("InteractionArrived", "OfferAccepted", "WorkFinished"):
        if kinds[kind] != count:
            raise WrongAnswerError(f"the journal holds {kinds[kind]} × {kind}, not {count}")


async def daemon_run(
    transport: str, centre: Path, place: str | None, agents: int, load: list[str], count: int
) -> Run:
    with tempfile.TemporaryDirectory(dir=place) as temporary:
        folder = Path(temporary)
        async with (
            broker(transport, folder) as mqtt_port,
            router(centre, folder, mqtt_port) as (server, port),
        ):
            run = await run_people(transport, port, server, folder, agents, load, count)
        await check_journal(folder, count)
        return run


async def bare_run(
    transport: str, transcript: Path, place: str | None, agents: int, load: list[str], count: int
) -> Run:
    with tempfile.TemporaryDirectory(dir=place) as temporary:
        folder = Path(temporary)
        async with (
            broker(transport, folder) as mqtt_port,
            bare_loop(transport, transcript, folder, mqtt_port, agents) as (server, port),
        ):
            return await run_people(transport, port, server, folder, agents, load, count)


async def compare(transport: str, options: argparse.Namespace) -> Figures:
    """Record, then let bare loop and daemon run in turns, then measure latency at half the daemon's rate."""
    found = Figures(transport=transport)
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        centre = write_centre(folder, options.agents)
        async with (
            broker(transport, folder) as mqtt_port,
            router(centre, folder, mqtt_port) as (_, port),
        ):
            said = await record(transport, port, options.agents)
        transcript = folder / "transcript.json"
        transcript.write_text(json.dumps(said))
        texts = [text for messages in said.values() for _, text in messages]
        found.messages, found.bytes = len(texts), sum(map(len, texts))
        load = ["--window", str(options.window)]
        for _ in range(options.rounds):
            found.bare.append(
                await bare_run(transport, transcript, options.folder, options.agents, load, options.count)
            )
            found.daemon.append(
                await daemon_run(transport, centre, options.folder, options.agents, load, options.count)
            )
        rate = 0.5 * statistics.median(run.per_s for run in found.daemon)
        for number in range(options.rounds):
            load = ["--rate", f"{rate:.1f}", "--first", str(number * options.count)]
            found.latency.append(
                await daemon_run(transport, centre, options.folder, options.agents, load, options.count)
            )
    return found


def shown(figures: Figures) -> str:
    """Return the figures as lines for people."""
    lines = [
        f"{figures.transport}: an interaction is 3 commands and {figures.messages} messages of the router, {figures.bytes} bytes",
        f"{'':12}{'interactions/s':>16}{'CPU µs each':>14}",
    ]
    for name, runs in (("bare loop", figures.bare), ("daemon", figures.daemon)):
        rate = statistics.median(run.per_s for run in runs)
        cpu = statistics.median(run.cpu_us for run in runs)
        lines.append(f"{name:12}{rate:>16,.0f}{cpu:>14,.0f}")
    best = min(figures.latency, key=lambda run: run.p50_ms)
    lines.append(f"of bare: {figures.ratio:.2f}; CPU of bare: {figures.cpu_ratio:.2f}")
    lines.append(
        f"due to offered at {best.per_s:,.0f}/s: p50 {best.p50_ms:.2f} ms, p99 {best.p99_ms:.2f} ms (best of {len(figures.latency)}; "
        f"p50 of all: {', '.join(f'{run.p50_ms:.2f}' for run in figures.latency)})"
    )
    return "\n".join(lines)


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--transports", nargs="+", choices=["mqtt", "http"], default=["mqtt", "http"])
    parser.add_argument("--count", type=int, default=5_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--agents", type=int, default=100)
    parser.add_argument("--window", type=int, default=64, help="so many interactions are under way")
    parser.add_argument("--folder", help="where journals are made: the disk that counts")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    found = []
    for transport in options.transports:
        try:
            figures = asyncio.run(compare(transport, options))
        except WrongAnswerError as error:
            print(f"{transport}: {error}", file=sys.stderr)
            return 1
        found.append(figures)
        if not options.json:
            print(shown(figures), flush=True)
    if options.json:
        print(json.dumps([asdict(f) | {"ratio": f.ratio, "cpu_ratio": f.cpu_ratio} for f in found]))
    else:
        print(f"load of the machine: {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    return 0


if __name__ == "__main__":
    sys.exit(main())
