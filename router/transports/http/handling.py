"""One HTTP request and its answer, as light as they can be: what a route gets, what it returns, and errors as problems."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from hashlib import blake2b
from typing import Final, NamedTuple, Protocol

import structlog
from pydantic import ValidationError
from starlette.types import Receive, Scope, Send

from agents import wire
from router.errors import RouterError
from router.transports.problems import invalid, made, problem

JSON: Final = b"application/json"
PROBLEM_JSON: Final = b"application/problem+json"

Headers = list[tuple[bytes, bytes]]

log: Final = structlog.get_logger()


class ProblemError(Exception):
    """Ends a request with this problem; only ever raised inside of a route."""

    def __init__(self, told: wire.Problem, headers: Headers | None = None) -> None:
        self.problem = told
        self.headers = headers or []
        super().__init__(told.detail)


class Responder(Protocol):
    """What a route returns."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the answer."""


class Answer(NamedTuple):
    """A whole answer."""

    status: int
    body: bytes
    content_type: bytes = JSON
    headers: Headers = []  # noqa: RUF012 - never changed

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it."""
        headers = [(b"content-length", b"%d" % len(self.body)), *self.headers]
        if self.content_type:
            headers.insert(0, (b"content-type", self.content_type))
        await send({"type": "http.response.start", "status": self.status, "headers": headers})
        await send({"type": "http.response.body", "body": self.body})


class Call:
    """A request, as a route sees it."""

    __slots__ = ("params", "receive", "scope")

    def __init__(self, scope: Scope, receive: Receive) -> None:
        self.scope = scope
        self.receive = receive
        self.params: Mapping[str, str] = scope["path_params"]

    def header(self, name: bytes) -> str | None:
        """Return the header, named in small letters; None where there is none."""
        for key, value in self.scope["headers"]:
            if key == name:
                text: str = value.decode("latin-1")
                return text
        return None


Handler = Callable[[Call], Awaitable[Responder]]


class Endpoint:
    """A route's handler as an application of its own: whatever the handler raises is answered as a problem."""

    def __init__(self, handler: Handler) -> None:
        self._handler = handler

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        responder: Responder
        try:
            responder = await self._handler(Call(scope, receive))
        except ProblemError as error:
            responder = problem_answer(error.problem, error.headers)
        except RouterError as error:
            responder = problem_answer(problem(error))
        except ValidationError as error:
            responder = problem_answer(invalid(error))
        except Exception:  # our bug: the client hears of it, and so does the log
            log.exception("request.failed", method=scope["method"], path=scope["path"])
            responder = problem_answer(made("internal", "an error of the router; its log has more", 500))
        await responder(scope, receive, send)


def json_answer(message: wire.Message, status: int = 200, headers: Headers | None = None) -> Answer:
    """Return a message as the answer."""
    return Answer(status, wire.to_json(message), JSON, headers or [])


def view_answer(call: Call, message: wire.Message) -> Answer:
    """Return a message as the answer to a reading request, with its tag; 304 for a reader who has it already."""
    body = wire.to_json(message)
    return tagged_answer(call, body, b'"%s"' % blake2b(body, digest_size=9).hexdigest().encode())


def tagged_answer(call: Call, body: bytes, tag: bytes) -> Answer:
    """Return a body of JSON with its tag as the answer to a reading request; 304 for a reader who has it already."""
    headers = [(b"etag", tag), (b"cache-control", b"no-cache")]
    known = call.header(b"if-none-match")
    if known is not None and (known == "*" or tag.decode() in {each.strip() for each in known.split(",")}):
        return Answer(304, b"", b"", headers)
    return Answer(200, body, JSON, headers)


def problem_answer(told: wire.Problem, headers: Headers | None = None) -> Answer:
    """Return a problem as the answer."""
    all_headers = list(headers or [])
    if told.retry_after_s is not None:
        all_headers.append((b"retry-after", b"%d" % told.retry_after_s))
    if told.code in {"closed", "draining"}:
        all_headers.append(
            (b"connection", b"close")
        )  # whoever comes again may find another process at the address
    return Answer(told.status, wire.to_json(told), PROBLEM_JSON, all_headers)
