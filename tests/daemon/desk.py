"""A daemon as a process, and somebody who talks to it over HTTP."""

from __future__ import annotations

import asyncio
import json
import shutil
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, Final

import httpx

from router.harness.live.children import Daemon, free_port

QUICKSTART: Final = Path("configs/quickstart")
LIMIT_S: Final = 30
"""Whatever takes longer has failed."""
CALL: Final = {
    "interaction_id": "c-1",
    "section": "support",
    "channel": "voice",
    "attributes": {"language": "english"},
}


class Desk:
    """A daemon and somebody who talks to it."""

    def __init__(
        self, folder: Path, *options: str, durability: Any = "strict", mqtt_port: int | None = None
    ) -> None:
        self.centre = folder / "centre"
        if not self.centre.exists():
            shutil.copytree(QUICKSTART, self.centre)
        self.port = free_port()
        self.daemon = Daemon(
            self.centre,
            folder,
            http_port=self.port,
            mqtt_port=mqtt_port,
            durability=durability,
            options=options,
        )
        self.http = httpx.AsyncClient(base_url=f"http://127.0.0.1:{self.port}", timeout=10)

    async def post(self, path: str, body: object = None) -> dict[str, Any]:
        """Send a command that is accepted."""
        answer = await self.http.post(path, json={} if body is None else body)
        assert answer.is_success, answer.text
        reply: dict[str, Any] = answer.json()
        return reply

    async def get(self, path: str) -> dict[str, Any]:
        """Read something that is there."""
        answer = await self.http.get(path)
        assert answer.is_success, answer.text
        view: dict[str, Any] = answer.json()
        return view

    async def try_post(self, path: str, body: object) -> bool:
        """Say whether a command was acknowledged; it was not, where the daemon refuses it or is gone."""
        try:
            return (await self.http.post(path, json=body)).is_success
        except httpx.HTTPError:
            return False

    async def event_types(self) -> list[str]:
        """The types of all events so far, oldest first; submits an interaction to see where that is."""
        await self.post("/v1/interactions", {**CALL, "interaction_id": "so-far"})
        found: list[str] = []
        async with (
            asyncio.timeout(LIMIT_S),
            self.http.stream("GET", "/v1/events", params={"after": "0"}) as stream,
        ):
            async for line in stream.aiter_lines():
                if line.startswith("data:"):
                    event = json.loads(line.removeprefix("data:"))
                    if event["subject"] == "so-far":
                        break
                    found.append(event["type"])
        return found

    async def exit_code(self) -> int:
        """Return the daemon's exit code once it has ended by itself."""
        async with asyncio.timeout(LIMIT_S):
            return await self.daemon.child.wait()

    def logged(self, event: str) -> list[dict[str, object]]:
        """What the daemon logged under that name."""
        return [line for line in self.daemon.lines() if line.get("event") == event]

    async def until_logged(self, event: str, count: int = 1) -> None:
        """Return once it has been logged so often."""
        async with asyncio.timeout(LIMIT_S):
            while len(self.logged(event)) < count:  # noqa: ASYNC110 - another process logs it
                await asyncio.sleep(0.01)


async def running(desk: Desk) -> AsyncIterator[Desk]:
    try:
        await desk.daemon.start()
        yield desk
    finally:
        await desk.daemon.child.kill()
        await desk.http.aclose()
