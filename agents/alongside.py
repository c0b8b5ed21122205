"""What goes on beside a client for as long as it is entered: a task that ends with it, and whose failure ends it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import AsyncExitStack

from agents.errors import ClientError


def run_alongside(
    stack: AsyncExitStack,
    work: Coroutine[object, object, None],
    name: str,
    on_failure: Callable[[ClientError], None],
) -> None:
    """Run the work until the stack is unwound; ``on_failure`` hears of what it raises: a ``ClientError``, also for a bug of ours."""
    task = asyncio.create_task(work, name=name)

    def note(done: asyncio.Task[None]) -> None:
        if not done.cancelled() and (error := done.exception()) is not None:
            on_failure(
                error if isinstance(error, ClientError) else ClientError(f"a bug of the client: {error!r}")
            )

    async def end() -> None:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    task.add_done_callback(note)
    stack.push_async_callback(end)
