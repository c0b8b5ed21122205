"""A line over HTTP: commands are requests, the inbox is a stream of server-sent events that is opened again whenever it ends. The one
home of httpx.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from types import TracebackType
from typing import Final, NamedTuple, Self

import httpx
from pydantic import ValidationError

from agents import views, wire
from agents.errors import AddressError, ClientError, CommandRefused, LinkError
from agents.line import Down, Kind, News, Over, Up
from agents.waiting import BackOff

ANSWER_S: Final = 10.0
SILENCE_S: Final = 40.0
"""So long a stream may be silent: the router says every 15 s that it is still there."""


class HttpLine:
    """A line to the router at ``url``; see ``agents.line.Line``."""

    def __init__(self, url: str, kind: Kind, name: str) -> None:
        self._url = url.rstrip("/")
        self._kind = kind
        self._name = name
        self._news: asyncio.Queue[News] = asyncio.Queue()
        self._client: httpx.AsyncClient
        self._reading: asyncio.Task[None]

    async def __aenter__(self) -> Self:
        """Begin to connect."""
        self._client = httpx.AsyncClient(
            base_url=self._url,
            timeout=ANSWER_S,
            trust_env=False,
            limits=httpx.Limits(max_connections=None, max_keepalive_connections=4, keepalive_expiry=60.0),
        )
        self._reading = asyncio.create_task(self._read(), name=f"inbox of {self._name}")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Hang up."""
        self._reading.cancel()
        with suppress(asyncio.CancelledError):
            await self._reading
        await self._client.aclose()

    async def news(self) -> News:
        """Wait for what comes next."""
        return await self._news.get()

    async def ask(self, verb: str, command: wire.Command) -> wire.Accepted:
        """Send a command once and wait for its answer."""
        headers = {"content-type": "application/json"}
        if verb == "submit":
            headers["reply-to"] = self._name
        try:
            response = await self._client.post(
                self._path(verb, command),
                content=command.model_dump_json(exclude_none=True),
                headers=headers,
            )
        except httpx.HTTPError as error:
            raise LinkError(f"{verb}: {_said(error)}") from error
        if response.is_success:
            try:
                return wire.Accepted.model_validate_json(response.content)
            except ValidationError:
                raise self._strange(response) from None
        raise self._refused(verb, response)

    async def latest(self, interaction_id: str) -> wire.Assigned | wire.Ended | None:
        """Return what a submitter was told last of the interaction, where there is an answer or end."""
        try:
            response = await self._client.get(f"/v1/interactions/{interaction_id}")
        except httpx.HTTPError as error:
            raise LinkError(f"interaction: {_said(error)}") from error
        if not response.is_success:
            raise self._refused("interaction", response)
        seen = views.Interaction.model_validate_json(response.content)
        if seen.state == "ended":
            return wire.Ended(
                interaction_id=interaction_id,
                how=seen.ended_how or "",
                reason="",
                agent_id=seen.agent_id,
                wait_ms=seen.wait_ms,
            )
        if seen.state == "assigned" and seen.agent_id is not None:
            return wire.Assigned(
                interaction_id=interaction_id, agent_id=seen.agent_id, queue=seen.queue, wait_ms=seen.wait_ms
            )
        return None

    def _path(self, verb: str, command: wire.Command) -> str:
        match command:
            case wire.Submit():
                return "/v1/interactions"
            case (
                wire.Cancel()
                | wire.Abandon()
                | wire.Complete()
                | wire.Callback()
                | wire.Reached()
                | wire.NotReached()
            ):
                return f"/v1/interactions/{command.interaction_id}/{verb}"
            case wire.Accept() | wire.Decline() | wire.Fail():
                return f"/v1/agents/{self._name}/offers/{command.offer_id}/{verb}"
            case wire.Finish() | wire.WrapUpDone() | wire.Transfer():
                return f"/v1/agents/{self._name}/interactions/{command.interaction_id}/{verb}"
            case wire.AgentCommand():
                return f"/v1/agents/{self._name}/{verb}"
            case _:
                raise TypeError(f"no path is known for {type(command).__name__}")

    def _refused(self, verb: str, response: httpx.Response) -> ClientError:
        try:
            return CommandRefused(verb, wire.Problem.model_validate_json(response.content))
        except ValidationError:
            if response.status_code >= 500:  # what stands before a router that is away
                return LinkError(f"{verb}: HTTP {response.status_code} from {self._url}")
            return self._strange(response)

    def _strange(self, response: httpx.Response) -> AddressError:
        return AddressError(
            f"{self._url} is not a router: HTTP {response.status_code} with {response.text[:80]!r}; is the port right?"
        )

    # ── the inbox ────────────────────────────────────────────────────────────────────────────────────────────────

    async def _read(self) -> None:
        back_off = BackOff()
        while True:
            try:
                reason = await self._read_once(back_off)
            except httpx.HTTPError as error:
                reason = _said(error)
            except LinkError as error:
                reason = str(error)
            except ClientError as error:
                self._news.put_nowait(Over(error))
                return
            self._news.put_nowait(Down(reason))
            await asyncio.sleep(back_off.pause_s())

    async def _read_once(self, back_off: BackOff) -> str:
        """Read a stream to its end, and return why it ended."""
        timeout = httpx.Timeout(ANSWER_S, read=SILENCE_S)
        path = f"/v1/{self._kind}/{self._name}/inbox"
        async with self._client.stream("GET", path, timeout=timeout) as response:
            if not response.is_success:
                await response.aread()
                refused = self._refused("inbox", response)
                if isinstance(refused, CommandRefused) and refused.problem.status in {429, 503}:
                    return refused.problem.detail
                raise refused
            if not response.headers.get("content-type", "").startswith("text/event-stream"):
                await response.aread()
                raise self._strange(response)
            is_first = True
            async for event in _events(response):
                if event.name in {"end", "lagged"}:
                    return (
                        "the router ended the stream"
                        if event.name == "end"
                        else "the inbox was read too slowly"
                    )
                if is_first:
                    back_off.reset()
                    is_first = False
                self._take(event)
        return "the stream broke off"

    def _take(self, event: _Event) -> None:
        if event.name == "state":
            try:
                self._news.put_nowait(Up(wire.AgentState.model_validate_json(event.data)))
            except ValidationError as error:
                raise AddressError(f"{self._url} speaks another protocol than ours: {error}") from error
        elif event.name == "open":
            if self._kind == "submitters":  # an agent's stream goes on with its state
                self._news.put_nowait(Up())
        else:
            with suppress(ValidationError):  # of a newer router: what we don't know is not for us
                model = wire.AGENT_MESSAGE if self._kind == "agents" else wire.SUBMITTER_MESSAGE
                self._news.put_nowait(model.validate_json(event.data))


class Watcher:
    """Reads what a router tells everybody who asks: its events from the beginning on, and explanations."""

    def __init__(self, url: str) -> None:
        self._client = httpx.AsyncClient(base_url=url, timeout=None, trust_env=False)

    async def __aenter__(self) -> Self:
        await self._client.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self._client.aclose()

    async def events(self) -> AsyncIterator[wire.Event]:
        """Yield every event, until the router ends the stream."""
        async with self._client.stream("GET", "/v1/events", params={"after": "0"}) as response:
            async for event in _events(response):
                if event.name == "message":
                    yield wire.Event.model_validate_json(event.data)

    async def explanation(self, interaction_id: str) -> views.Explanation | None:
        """Return why the interaction is where it is; None where the router does not know it."""
        response = await self._client.get(f"/v1/interactions/{interaction_id}/explanation")
        return views.Explanation.model_validate_json(response.content) if response.is_success else None


class _Event(NamedTuple):
    """One server-sent event."""

    name: str
    data: str


async def _events(response: httpx.Response) -> AsyncIterator[_Event]:
    """Yield the events of a stream; the first block of all, which has no data, as ``open``."""
    name, data, is_first = "message", "", True
    async for line in response.aiter_lines():
        if line:
            field, _, value = line.partition(": ")
            if field == "event":
                name = value
            elif field == "data":
                data = value
            continue
        if data:
            yield _Event(name, data)
        elif is_first:
            yield _Event("open", "")
        name, data, is_first = "message", "", False


def _said(error: httpx.HTTPError) -> str:
    return str(error) or type(error).__name__
