"""``python -m router.harness.live.street``: customers of a live centre, as a process of their own. They call, wait as long as they like,
and leave; what they saw is written down at that moment, one JSON line each, for somebody else to check.
"""

from __future__ import annotations

import argparse
import asyncio
import signal
import sys
from pathlib import Path
from random import Random
from typing import Final

from agents import wire
from agents.books import Books
from agents.errors import ClientError, CommandRefused, GaveUpError
from agents.submitter import Submission, SubmitterClient
from router.config import load
from router.core.plan import Plan
from router.harness.demo.wishes import Wish, wave, wish

NAME: Final = "street"


class Street:
    """Sends customers until told to stop, then goes on listening until told to end."""

    def __init__(
        self, plan: Plan, client: SubmitterClient, books: Books, *, seed: int, gap_ms: float, speed: float
    ) -> None:
        self._plan = plan
        self._client = client
        self._books = books
        self._rng = Random(f"{seed}:street")
        self._gap_ms = gap_ms
        self._speed = speed
        self._count = 0
        self._tasks: set[asyncio.Task[None]] = set()
        self._left: set[str] = set()

    async def send(self) -> None:
        """Send customers for ever, in waves."""
        loop = asyncio.get_running_loop()
        started_at = loop.time()
        while True:
            passed_ms = (loop.time() - started_at) * 1000 * self._speed
            await self._rest(self._rng.expovariate(1.0) * self._gap_ms / wave(passed_ms))
            self._count += 1
            task = asyncio.create_task(self._customer(wish(self._plan, self._rng), self._count))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def listen(self) -> None:
        """Write down what the router says of those who came."""
        async for message in self._client.inbox:
            match message:
                case wire.Ended() if message.how != "completed" and message.interaction_id not in self._left:
                    self._books.write(NAME, "ended", message.interaction_id, how=message.how)
                case _:
                    pass

    async def leave(self) -> None:
        """Forget those who wait: nobody of them hangs up any more."""
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _customer(self, want: Wish, number: int) -> None:
        name = f"{want.channel}-{number}"
        try:
            call = await self._client.submit(
                want.section,
                want.channel,
                id=name,
                attributes=want.attributes,
                customer=want.customer,
                priority=want.priority,
            )
        except (CommandRefused, GaveUpError):
            return  # never acknowledged: a busy tone
        self._books.write(NAME, "submitted", name)
        await self._rest(want.patience_ms)
        if call.state == "waiting":
            await self._hang_up(call)

    async def _hang_up(self, call: Submission) -> None:
        try:
            await call.abandon()
        except ClientError:
            return  # somebody answered just now, or it ended: the inbox says which
        self._left.add(call.id)
        self._books.write(NAME, "ended", call.id, how="abandoned")

    async def _rest(self, ms: float) -> None:
        await asyncio.sleep(ms / 1000 / self._speed)


async def run(arguments: argparse.Namespace, books: Books) -> None:
    """Send customers until SIGUSR1, listen until SIGTERM."""
    loop = asyncio.get_running_loop()
    enough, end = asyncio.Event(), asyncio.Event()
    loop.add_signal_handler(signal.SIGUSR1, enough.set)
    loop.add_signal_handler(signal.SIGTERM, end.set)
    loop.add_signal_handler(signal.SIGINT, lambda: None)  # whoever started us tells us when
    plan = load(arguments.centre)
    async with SubmitterClient(arguments.url, name=NAME, centre=plan.centre_id) as client:
        street = Street(
            plan, client, books, seed=arguments.seed, gap_ms=arguments.gap_ms, speed=arguments.speed
        )
        books.write(NAME, "opened")
        sending = asyncio.create_task(street.send())
        listening = asyncio.create_task(street.listen())
        await asyncio.wait(
            {asyncio.create_task(enough.wait()), asyncio.create_task(end.wait())},
            return_when=asyncio.FIRST_COMPLETED,
        )
        sending.cancel()
        await street.leave()
        await end.wait()
        listening.cancel()
        await asyncio.gather(sending, listening, return_exceptions=True)


def main() -> int:
    """Run the street that the command line describes."""
    parser = argparse.ArgumentParser(prog="python -m router.harness.live.street", description=__doc__)
    parser.add_argument("--url", required=True, help="the router: http://host:port or mqtt://host:port")
    parser.add_argument("--centre", required=True, type=Path, help="the centre's files: what customers want")
    parser.add_argument("--books", required=True, type=Path, help="where to write what was seen")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument(
        "--gap-ms", type=float, default=1000.0, help="mean time between two, of the centre's time"
    )
    parser.add_argument(
        "--speed", type=float, default=1.0, help="the centre's time runs so many times as fast"
    )
    arguments = parser.parse_args()
    with Books(arguments.books) as books:
        asyncio.run(run(arguments, books))
    return 0


if __name__ == "__main__":
    sys.exit(main())
