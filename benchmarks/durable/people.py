"""The clients of the durable benchmark, each kind a process of its own, with books of what it saw.

    python -m benchmarks.durable.people submitter mqtt PORT --count N (--window W | --rate R)
    python -m benchmarks.durable.people agents http PORT --agents N

The submitter keeps ``--window`` interactions under way, or submits ``--rate`` a second whatever becomes of them, at moments drawn before,
so that a slow router is not waited for. Agents accept every offer and finish at once. Books are one JSON line; times are of the
system's monotonic clock, which all processes of one machine share.
"""

import argparse
import asyncio
import json
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from random import Random

import orjson

from benchmarks.durable.centre import ATTRIBUTES, EXAMPLE, SUBMITTER, agent_names, call_id
from benchmarks.durable.lines import LINES, Line


class Submitter:
    """Submits, and notes when each was accepted and when it ended."""

    def __init__(self, transport: str, port: int, first: int, count: int) -> None:
        self.numbers = iter(range(first, first + count))
        self.count = count
        self.due: dict[str, float] = {}
        self.accepted: dict[str, int] = {}
        self.ended: dict[str, list[float]] = {}
        self.refused: list[str] = []
        self.is_windowed = False
        self.over = asyncio.Event()
        self.line: Line = LINES[transport](port, "submitters", [SUBMITTER], self._replied, self._told)

    def submit(self, due: float) -> None:
        number = next(self.numbers, None)
        if number is None:
            return
        call = call_id(number)
        self.due[call] = due
        fields = {"interaction_id": call, "section": "main", "channel": "chat", "attributes": ATTRIBUTES}
        self.line.send(SUBMITTER, "submit", f"s-{call}", fields)

    async def keep(self, window: int) -> None:
        self.is_windowed = True
        for _ in range(window):
            self.submit(time.monotonic())
        await self.over.wait()

    async def at_rate(self, rate: float, seed: int) -> None:
        rng = Random(seed)
        due = time.monotonic()
        for _ in range(self.count):
            due += rng.expovariate(rate)
            if (left := due - time.monotonic()) > 0:
                await asyncio.sleep(left)
            self.submit(due)
        await self.over.wait()

    def _replied(self, request: str, is_accepted: bool, _: bytes) -> None:
        call = request[2:]
        if is_accepted:
            self.accepted[call] = self.accepted.get(call, 0) + 1
        else:
            self.refused.append(request)
        self._look()

    def _told(self, _: str, letter: bytes) -> None:
        told = orjson.loads(letter)
        if told.get("type") == "ended":
            self.ended.setdefault(told["interaction_id"], []).append(time.monotonic())
            if self.is_windowed:
                self.submit(time.monotonic())
            self._look()

    def _look(self) -> None:
        if len(self.ended) >= self.count and len(self.accepted) + len(self.refused) >= self.count:
            self.over.set()

    def books(self) -> dict[str, object]:
        return {"due": self.due, "accepted": self.accepted, "ended": self.ended, "refused": self.refused}


class Agents:
    """Accept and finish, and note each offer and each answer. The example is answered late: then it is plain what follows what."""

    def __init__(self, transport: str, port: int, agents: int) -> None:
        self.names = agent_names(agents)
        self.offered: dict[str, list[float]] = {}
        self.finished: dict[str, int] = {}
        self.refused: list[str] = []
        self.signed_in = 0
        self.ready = asyncio.Event()
        self._holds: dict[str, str] = {}
        self.line: Line = LINES[transport](port, "agents", self.names, self._replied, self._told)

    async def sign_in(self) -> None:
        await self.line.start()
        for name in self.names:
            self.line.send(name, "sign-in", f"i-{name}", {"session": f"session-{name}"})
        await self.ready.wait()

    def _replied(self, request: str, is_accepted: bool, _: bytes) -> None:
        verb, call = request[0], request[2:]
        if not is_accepted:
            self.refused.append(request)
        elif verb == "i":
            self.signed_in += 1
            if self.signed_in == len(self.names):
                self.ready.set()
        elif verb == "a":
            self._soon(call, self._finish)
        elif verb == "f":
            self.finished[call] = self.finished.get(call, 0) + 1

    def _told(self, name: str, letter: bytes) -> None:
        told = orjson.loads(letter)
        if told.get("type") != "offer":
            return
        call = told["work"]["interaction_id"]
        self.offered.setdefault(call, []).append(time.monotonic())
        self._holds[call] = name
        self._soon(call, lambda c: self.line.send(name, "accept", f"a-{c}", {"offer_id": told["offer_id"]}))

    def _finish(self, call: str) -> None:
        self.line.send(self._holds.pop(call), "finish", f"f-{call}", {"interaction_id": call})

    def _soon(self, call: str, do: Callable[[str], None]) -> None:
        if call == call_id(EXAMPLE):
            asyncio.get_running_loop().call_later(0.3, do, call)
        else:
            do(call)

    def books(self) -> dict[str, object]:
        return {"offered": self.offered, "finished": self.finished, "refused": self.refused}


async def run(options: argparse.Namespace) -> dict[str, object]:
    if options.who == "agents":
        told = asyncio.Event()
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, told.set)
        agents = Agents(options.transport, options.port, options.agents)
        await agents.sign_in()
        options.books.with_suffix(".ready").touch()
        await told.wait()
        await agents.line.close()
        return agents.books()
    submitter = Submitter(options.transport, options.port, options.first, options.count)
    await submitter.line.start()
    if options.rate:
        await submitter.at_rate(options.rate, options.first)
    else:
        await submitter.keep(options.window)
    await submitter.line.close()
    return submitter.books()


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("who", choices=["submitter", "agents"])
    parser.add_argument("transport", choices=sorted(LINES))
    parser.add_argument("port", type=int)
    parser.add_argument("--books", type=Path, required=True)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--count", type=int, default=1_000)
    parser.add_argument("--window", type=int, default=64)
    parser.add_argument("--rate", type=float, default=0.0)
    parser.add_argument("--agents", type=int, default=100)
    options = parser.parse_args()
    import uvloop

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        books = runner.run(run(options))
    options.books.write_text(json.dumps(books))
    return 0


if __name__ == "__main__":
    sys.exit(main())
