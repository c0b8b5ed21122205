"""A process that appends to a journal: ``python -m tests.stores.appender FOLDER DURABILITY BATCH``, killed or not.

Prints ``begun``, then each batch's last entry number once it is acknowledged; ends at the first error, with its name and text.
"""

from __future__ import annotations

import asyncio
import os
import sys

from router.core.engine import Engine
from router.errors import StoreError
from router.policies import BUILT_IN
from router.stores.sqlite import SqliteStore
from tests.core.builders import a_plan
from tests.stores.numbered import numbered


def say(text: str) -> None:
    """Write past every buffer."""
    os.write(1, f"{text}\n".encode())


async def main(folder: str, durability: str, batch: int) -> None:
    """Append until the end."""
    store = SqliteStore(folder, durability="strict" if durability == "strict" else "relaxed")
    try:
        if store.recover() is None:
            plan = a_plan()
            await store.begin(plan, Engine(plan, BUILT_IN).snapshot())
        say("begun")
        while True:
            await store.append([numbered(store.last + number) for number in range(1, batch + 1)])
            say(str(store.last))
    except StoreError as error:
        say(f"{type(error).__name__}: {error}")
        try:
            await store.append([numbered(1)])
        except StoreError as again:
            say(f"again {type(again).__name__}")


if __name__ == "__main__":
    if len(sys.argv) > 4:
        import resource

        limit = int(sys.argv[4])
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
    asyncio.run(main(sys.argv[1], sys.argv[2], int(sys.argv[3])))
