"""What strangers, broken programs and pages in a browser send: each gets a problem, and the daemon goes on."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import httpx
import pytest
from starlette.routing import Route

from router.core.plan import Plan
from router.transports.http.handling import Call, Endpoint, Responder
from tests.http.desk import Desk, until

JSON = {"Content-Type": "application/json"}


async def _refused(desk: Desk, body: bytes) -> dict[str, Any]:
    answer = await desk.http.post("/v1/interactions", content=body, headers=JSON)
    assert answer.headers["content-type"] == "application/problem+json"
    told: dict[str, Any] = answer.json()
    assert told["status"] == answer.status_code
    assert (await desk.http.get("/healthz")).status_code == 200
    return told


@pytest.mark.parametrize(
    ("body", "status", "code", "detail"),
    [
        (b'{"section": "supp\xff"}', 400, "unreadable", "not UTF-8: byte 17 is 0xff"),
        (b'{"section": "support"', 400, "unreadable", "not JSON"),
        (b"[" * 60_000, 400, "unreadable", "more than 16 deep"),
        (b'{"a":' * 9_000 + b"1" + b"}" * 9_000, 400, "unreadable", "more than 16 deep"),
        (b"section=support", 400, "unreadable", "not JSON"),
        (b'"support"', 422, "invalid", "object"),
        (b"null", 422, "invalid", "object"),
        (b'{"v": 2, "section": "support"}', 400, "unreadable", "version 2 is not spoken here"),
        (b'{"section": 7}', 422, "invalid", "/section"),
        (b'{"section": "a b"}', 422, "invalid", "/section"),
        (b'{"section": "support", "priority": "high"}', 422, "invalid", "/priority"),
        (b'{"section": "support", "priority": 1.5}', 422, "invalid", "/priority"),
        (b'{"section": "support", "attributes": {"a": NaN}}', 422, "invalid", "/attributes/a"),
        (b'{"section": "support", "attributes": {"a": 1e999}}', 422, "invalid", "/attributes/a"),
        (b'{"section": "support", "attributes": {"a": [1]}}', 422, "invalid", "/attributes/a"),
        (b'{"section": "support", "due_at": "tomorrow"}', 422, "invalid", "/due_at"),
        (b'{"section": "support", "due_at": "2026-01-01T00:00:00"}', 422, "invalid", "/due_at"),
        (b'{"section": "support", "coffee": true}', 422, "invalid", "/coffee"),
        (b"{}", 422, "invalid", "/section"),
        (b"", 422, "invalid", "/section"),
        (
            b'{"section": "support", "interaction_id": "' + b"x" * 65 + b'"}',
            422,
            "invalid",
            "/interaction_id",
        ),
    ],
)
async def test_a_body_that_cannot_be_used_is_a_problem(
    desk: Desk, body: bytes, status: int, code: str, detail: str
) -> None:
    """With where and what; nothing comes of it."""
    told = await _refused(desk, body)
    assert (told["status"], told["code"]) == (status, code)
    assert detail in told["detail"]
    assert (await desk.http.get("/v1/interactions")).json()["items"] == []


async def test_every_fault_is_told_with_its_pointer(desk: Desk) -> None:
    """Not only the first."""
    told = await _refused(desk, b'{"section": 7, "priority": "high", "coffee": true}')
    assert {fault["pointer"] for fault in told["errors"]} == {"/section", "/priority", "/coffee"}


async def test_a_body_must_be_json_by_its_name(desk: Desk) -> None:
    """Parameters and capitals do not matter; a body that is not there needs no name."""
    body = b'{"section": "support"}'
    for name in ("text/plain", "application/x-www-form-urlencoded", "application/jsonx"):
        answer = await desk.http.post("/v1/interactions", content=body, headers={"Content-Type": name})
        assert (answer.status_code, answer.json()["code"]) == (415, "unsupported-media-type")
    answer = await desk.http.post("/v1/interactions", content=body)
    assert answer.status_code == 415
    for name in ("application/json; charset=utf-8", "Application/JSON"):
        answer = await desk.http.post("/v1/interactions", content=body, headers={"Content-Type": name})
        assert answer.status_code == 201
    assert (await desk.http.post("/v1/agents/ana/sign-in")).status_code == 200


async def test_a_long_body_is_refused_before_it_is_there(desk: Desk) -> None:
    """Its length says enough; the connection is closed, since the rest is not read."""
    head = (
        b"POST /v1/interactions HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        b"Content-Length: 10485760\r\n\r\n"
    )
    answer = await desk.raw(head + b'{"section": "')
    assert answer.startswith(b"HTTP/1.1 413 ")
    assert b"connection: close" in answer
    assert json.loads(answer.partition(b"\r\n\r\n")[2])["code"] == "too-large"


async def test_a_body_of_unknown_length_is_read_no_further_than_it_may_be_long(desk: Desk) -> None:
    """In chunks, that is; the sender never says that it is over."""
    head = (
        b"POST /v1/interactions HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        b"Transfer-Encoding: chunked\r\n\r\n"
    )
    chunk = b"4000\r\n" + b" " * 0x4000 + b"\r\n"
    answer = await desk.raw(head + chunk * 5)
    assert answer.startswith(b"HTTP/1.1 413 ")


async def test_ten_megabytes_are_refused_and_the_next_request_is_taken(desk: Desk) -> None:
    """A client that goes on sending whatever it is told may find the connection closed before it reads the answer."""
    try:
        answer = await desk.http.post("/v1/interactions", content=b" " * 10_485_760, headers=JSON)
    except httpx.TransportError:
        pass
    else:
        assert (answer.status_code, answer.json()["code"]) == (413, "too-large")
    assert (await desk.submit("i-1")).status_code == 201


async def test_what_is_just_short_enough_is_read(desk: Desk) -> None:
    """64 KiB to the byte; one more is too long."""
    body = b'{"section": "support"}'
    fits = body + b" " * (65_536 - len(body))
    assert (await desk.http.post("/v1/interactions", content=fits, headers=JSON)).status_code == 201
    assert (await desk.http.post("/v1/interactions", content=fits + b" ", headers=JSON)).status_code == 413


async def test_what_is_no_http_is_refused(desk: Desk) -> None:
    """And the daemon goes on."""
    for rubbish in (b"\x00\xff\x16\x03\x01\r\n\r\n", b"GET\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n"):
        assert b" 400 " in (await desk.raw(rubbish)).partition(b"\r\n")[0]
    assert (await desk.http.get("/healthz")).status_code == 200


@pytest.mark.parametrize(
    "host",
    ["evil.example", "evil.example:80", "127.0.0.1.evil.example", "10.0.0.1", "localhost@evil.example", ""],
)
async def test_a_name_that_is_not_of_this_machine_is_refused(desk: Desk, host: str) -> None:
    """A page of elsewhere that made its own name point here gets nothing, not even a view."""
    answer = await desk.http.get("/v1/agents", headers={"Host": host})
    assert (answer.status_code, answer.json()["code"]) == (421, "wrong-host")


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:8080", "127.0.0.1", "127.8.8.8:1", "[::1]:8080"])
async def test_names_of_this_machine_are_taken(desk: Desk, host: str) -> None:
    """With or without a port."""
    assert (await desk.http.get("/healthz", headers={"Host": host})).status_code == 200


async def test_a_request_without_a_host_is_refused(desk: Desk) -> None:
    """HTTP/1.0 does not need one; we do."""
    assert b" 421 " in (await desk.raw(b"GET /healthz HTTP/1.0\r\n\r\n")).partition(b"\r\n")[0]


async def test_pages_of_elsewhere_send_no_commands(desk: Desk) -> None:
    """And pages of this machine only what a browser asks about before it sends it."""
    for headers in (
        {"Origin": "https://evil.example", **JSON},
        {"Origin": "null", **JSON},
        {"Origin": "http://localhost:3000"},
        {"Origin": "http://localhost:3000", "Content-Type": "text/plain"},
    ):
        answer = await desk.http.post("/v1/agents/ana/sign-in", headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (403, "cross-origin"), headers
    answer = await desk.http.post(
        "/v1/agents/ana/sign-in", headers={"Origin": "http://localhost:3000", **JSON}
    )
    assert answer.status_code == 200
    preflight = await desk.http.options(
        "/v1/interactions",
        headers={"Origin": "http://localhost:3000", "Access-Control-Request-Method": "POST"},
    )
    assert "access-control-allow-origin" not in preflight.headers


async def test_unknown_paths_and_wrong_methods_are_problems(desk: Desk) -> None:
    """With what there is instead; also for HEAD and OPTIONS."""
    for path in (
        "/",
        "/v1",
        "/v1/interactions/",
        "/v1/interactions/i-1/explode",
        "/docs",
        "/redoc",
        "/v2/queues",
    ):
        answer = await desk.http.get(path)
        assert (answer.status_code, answer.json()["code"]) == (404, "not-found"), path
    for method, path, allowed in (
        ("PUT", "/v1/interactions", "GET, HEAD, OPTIONS, POST"),
        ("GET", "/v1/explanations", "OPTIONS, POST"),
        ("DELETE", "/v1/agents/ana", "GET, HEAD, OPTIONS"),
        ("POST", "/metrics", "GET, HEAD, OPTIONS"),
    ):
        answer = await desk.http.request(method, path)
        assert (answer.status_code, answer.json()["code"]) == (405, "method-not-allowed")
        assert answer.headers["allow"] == allowed
    options = await desk.http.options("/v1/interactions")
    assert (options.status_code, options.headers["allow"]) == (204, "GET, HEAD, OPTIONS, POST")
    assert (await desk.http.options("/nowhere")).status_code == 404
    for path in ("/v1/agents/ana", "/healthz", "/metrics", "/v1/events", "/v1/agents/ana/inbox"):
        answer = await desk.http.head(path)
        assert (answer.status_code, answer.content) == (200, b""), path


async def test_a_full_mailbox_is_told_with_when_to_come_back(plan: Plan) -> None:
    """429; what was taken before is answered, and afterwards there is room again."""
    async with Desk(plan, mailbox=1) as desk:
        desk.journal.gate.clear()
        taken = asyncio.create_task(desk.submit("i-1"))
        await until(lambda: bool(desk.router.centre.interactions))
        waiting = asyncio.create_task(desk.submit("i-2"))
        await until(lambda: len(desk.waiting()) == 2)
        refused = await desk.submit("i-3")
        assert (refused.status_code, refused.json()["code"]) == (429, "overloaded")
        assert refused.headers["retry-after"] == "1"
        desk.journal.gate.set()
        assert (await taken).status_code == 201
        assert (await waiting).status_code == 201
        assert (await desk.submit("i-3")).status_code == 201


async def test_a_client_that_goes_away_hangs_nothing(plan: Plan, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whether in the middle of its body, or while its command waits to be kept, which then may be kept or not."""
    monkeypatch.setattr("router.transports.http.commands.WATCH_AFTER_S", 0.0)
    async with Desk(plan) as desk:
        head = b"POST /v1/interactions HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        _, writer = await asyncio.open_connection("127.0.0.1", desk.server.port)
        writer.write(head + b"Content-Length: 100\r\n\r\n{")
        await writer.drain()
        writer.close()
        await writer.wait_closed()

        desk.journal.gate.clear()
        first = asyncio.create_task(desk.submit("i-1"))
        await until(lambda: bool(desk.router.centre.interactions))
        body = b'{"section": "support", "interaction_id": "i-2"}'
        _, writer = await asyncio.open_connection("127.0.0.1", desk.server.port)
        writer.write(head + b"Content-Length: %d\r\n\r\n" % len(body) + body)
        await writer.drain()
        await until(lambda: len(desk.waiting()) == 2)
        writer.close()
        await writer.wait_closed()
        await until(lambda: len(desk.waiting()) == 1)
        desk.journal.gate.set()
        assert (await first).status_code == 201
        assert (await desk.http.get("/v1/interactions/i-2")).status_code == 404


async def test_an_error_of_ours_is_told_and_logged(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    """As a problem that gives nothing away; the next request is answered."""

    async def fails(call: Call) -> Responder:
        raise ZeroDivisionError("the secret")

    desk.app.router.routes.append(Route("/fails", Endpoint(fails)))
    answer = await desk.http.get("/fails")
    assert (answer.status_code, answer.json()["code"]) == (500, "internal")
    assert "secret" not in answer.text
    printed = capsys.readouterr()
    assert "request.failed" in printed.out + printed.err
    assert (await desk.http.get("/healthz")).status_code == 200
