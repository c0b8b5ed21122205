"""The OpenAPI document: committed, whole, and true: whatever is asked, the answer is one that it describes."""

from __future__ import annotations

import json
import re
from pathlib import Path
from random import Random
from typing import Any
from urllib.parse import quote, urlencode

import jsonschema
import pytest
from click.testing import CliRunner
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from referencing import Registry
from referencing.jsonschema import DRAFT202012
from starlette.routing import Route

from router.cli import switchroom
from router.transports.http.document import PROBLEMS, document, document_text
from router.transports.http.routes import ROUTES
from router.transports.problems import STATUS
from tests.http.desk import Desk

ROOT = Path(__file__).parents[2]
DOCUMENT: dict[str, Any] = document()
REGISTRY: Registry[Any] = Registry().with_resource("", DRAFT202012.create_resource(DOCUMENT))

OPERATIONS = [
    (method, path, operation)
    for path, methods in DOCUMENT["paths"].items()
    for method, operation in methods.items()
]


def test_the_committed_document_is_the_one_of_the_code() -> None:
    """After a change: `switchroom schema --openapi > docs/openapi.json`."""
    assert (ROOT / "docs" / "openapi.json").read_text(encoding="utf-8") == document_text()


def test_the_command_prints_it() -> None:
    """As it is committed."""
    result = CliRunner().invoke(switchroom, ["schema", "--openapi"])
    assert (result.exit_code, result.output) == (0, document_text())


async def test_the_daemon_serves_it(desk: Desk) -> None:
    """The same, and it has every route that there is."""
    assert (await desk.http.get("/openapi.json")).json() == DOCUMENT
    served = {
        (method.lower(), re.sub(r":\w+\}", "}", route.path))
        for route in desk.app.router.routes
        if isinstance(route, Route)
        for method in route.methods or ()
        if method != "HEAD"
    }
    assert served == {(method, path) for method, path, _ in OPERATIONS}


def test_every_reference_leads_somewhere() -> None:
    """And every schema is one of JSON Schema 2020-12."""
    resolver = REGISTRY.resolver()
    references = re.findall(r'"\$ref": "([^"]+)"', document_text())
    assert references
    for reference in set(references):
        resolver.lookup(reference)
    for schema in DOCUMENT["components"]["schemas"].values():
        jsonschema.Draft202012Validator.check_schema(schema)


def test_operations_are_complete() -> None:
    """Each has a name of its own, a summary, a tag that is explained, its parameters, and problems that are explained."""
    assert DOCUMENT["openapi"].startswith("3.1")
    assert len({operation["operationId"] for _, _, operation in OPERATIONS}) == len(OPERATIONS) == len(ROUTES)
    tags = {tag["name"] for tag in DOCUMENT["tags"]}
    for method, path, operation in OPERATIONS:
        assert operation["summary"].endswith(".")
        assert set(operation["tags"]) <= tags
        in_path = {each["name"] for each in operation.get("parameters", ()) if each["in"] == "path"}
        assert in_path == set(re.findall(r"\{(\w+)\}", path))
        has_body = method in {"post", "patch"} or (method == "put" and "{skill}" not in path)
        assert ("requestBody" in operation) == has_body
        assert {"400", "421", "422", "500", "503"} <= set(operation["responses"])


def test_every_status_of_a_problem_is_explained() -> None:
    """Those of the engine's codes, too."""
    assert set(STATUS.values()) <= set(PROBLEMS)


# ── whatever is asked ────────────────────────────────────────────────────────────────────────────────────────────


def _resolved(schema: dict[str, Any]) -> dict[str, Any]:
    while "$ref" in schema:
        schema = REGISTRY.resolver().lookup(schema["$ref"]).contents
    return schema


_IDS = st.sampled_from(["i-1", "i-2", "i-3", "ana", "ben", "support", "anything", "billing", "voice", "x"])
_ODD = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**70), 2**70),
    st.floats(),
    st.text(max_size=20),
    st.lists(st.integers(), max_size=2),
    st.dictionaries(st.text(max_size=5), st.integers(), max_size=2),
)


_GOOD: dict[str, st.SearchStrategy[Any]] = {
    "section": st.sampled_from(["support", "billing"]),
    "queue": st.sampled_from(["support", "anything", "billing"]),
    "channel": st.just("voice"),
    "interaction_id": st.sampled_from(["i-1", "i-2", "i-3"]),
    "agent_id": st.sampled_from(["ana", "ben"]),
    "offer_id": st.integers(1, 4),
    "queue_id": st.sampled_from(["support", "anything"]),
    "section_id": st.sampled_from(["support", "billing"]),
    "requirement": st.just({"english": 3}),
    "priority": st.integers(-3, 3),
}


def _values(schema: dict[str, Any]) -> st.SearchStrategy[Any]:
    """Draw values as the schema says, mostly such as mean something here."""
    schema = _resolved(schema)
    if "anyOf" in schema or "oneOf" in schema:
        return st.one_of(*(_values(each) for each in schema.get("anyOf") or schema["oneOf"]))
    if "const" in schema:
        return st.just(schema["const"])
    if "enum" in schema:
        return st.sampled_from(schema["enum"])
    match schema.get("type"):
        case "string" if schema.get("format") == "date-time":
            return st.datetimes().map(lambda moment: moment.isoformat() + "Z")
        case "string":
            return st.one_of(_IDS, st.text(max_size=80)) if "pattern" in schema else st.text(max_size=30)
        case "integer":
            low, high = schema.get("minimum"), schema.get("maximum")
            return st.one_of(st.integers(0, 4), st.integers(low, high))
        case "number":
            return st.floats(allow_nan=False, allow_infinity=False)
        case "boolean":
            return st.booleans()
        case "null":
            return st.none()
        case "array":
            return st.lists(_values(schema["items"]), max_size=3)
        case "object" if "properties" in schema:
            required = set(schema.get("required", ()))
            known = {
                name: st.one_of(_GOOD.get(name, _values(each)), _values(each))
                for name, each in schema["properties"].items()
            }
            needed = {name: each for name, each in known.items() if name in required}
            others = sorted(name for name in known if name not in required)
            return st.lists(st.sampled_from(others), max_size=3).flatmap(
                lambda names: st.fixed_dictionaries({**needed, **{name: known[name] for name in names}})
            )
        case "object":
            inner = schema.get("additionalProperties")
            return st.dictionaries(
                st.text(max_size=8), _values(inner) if isinstance(inner, dict) else _ODD, max_size=3
            )
        case _:
            return st.one_of(st.just({"english": 3}), _ODD)


@st.composite
def _requests(draw: st.DrawFn) -> tuple[str, str, str, dict[str, str], bytes | None]:
    """Draw (method, path of the document, URL, headers, body): good ones, and good ones with something wrong."""
    likely = [each for each in OPERATIONS if each[2]["operationId"] in {"post_submit", "post_accept"}]
    any_one = [each for each in OPERATIONS if not _is_stream(each[2])]
    method, path, operation = draw(st.one_of(st.sampled_from(likely), st.sampled_from(any_one)))
    url = path
    query: list[tuple[str, str]] = []
    headers: dict[str, str] = {}
    for parameter in operation.get("parameters", ()):
        if parameter["in"] == "path":
            good = _GOOD.get(parameter["name"], _IDS)
            value = draw(st.one_of(good, good, _values(parameter["schema"]), st.text(min_size=1, max_size=5)))
            # A dot alone would be resolved by the client, and ask for another path.
            segment = quote(str(value) or "x", safe="").replace(".", "%2E")
            url = url.replace(f"{{{parameter['name']}}}", segment)
        elif draw(st.integers(0, 2)) == 0:
            value = draw(st.one_of(_values(parameter["schema"]), st.text(max_size=5)))
            if parameter["in"] == "query":
                query.append((parameter["name"], str(value)))
            else:
                headers[parameter["name"]] = "".join(letter for letter in str(value) if " " < letter < "\x7f")
    if query:
        url += "?" + urlencode(query)
    body: bytes | None = None
    if "requestBody" in operation:
        value = draw(_values(operation["requestBody"]["content"]["application/json"]["schema"]))
        match draw(st.integers(0, 9)):
            case 0:
                value = {**value, draw(st.text(max_size=6)): draw(_ODD)}
            case 1 if value:
                value = {**value, draw(st.sampled_from(sorted(value))): draw(_ODD)}
            case 2:
                value = draw(_ODD)
            case _:
                pass
        body = json.dumps(value).encode()
        match draw(st.integers(0, 14)):
            case 0:
                body = body[: draw(st.integers(0, len(body)))]
            case 1:
                body = draw(st.binary(max_size=30))
            case 2:
                body = None
            case _:
                pass
        if draw(st.integers(0, 19)) > 0:
            headers["Content-Type"] = "application/json"
    return method, path, url, headers, body


def _is_stream(operation: dict[str, Any]) -> bool:
    return "text/event-stream" in operation["responses"]["200"].get("content", {})


_FIRST: list[tuple[str, str, str, dict[str, str], bytes | None]] = [
    ("post", "/v1/agents/{agent_id}/sign-in", "/v1/agents/ana/sign-in", {}, None),
    (
        "post",
        "/v1/interactions",
        "/v1/interactions",
        {"Content-Type": "application/json"},
        b'{"section": "support"}',
    ),
]
"""What comes before all that is drawn, so that there is something to answer, transfer and end."""


@pytest.mark.slow
async def test_whatever_is_asked_the_answer_is_one_of_the_document(desk: Desk, seed: int) -> None:
    """Good requests and bad ones in any order: never a 500, and every body is as its schema says."""
    drawn: list[list[Any]] = []

    @settings(max_examples=80, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(st.lists(_requests(), min_size=5, max_size=25))
    def draw(requests: list[Any]) -> None:
        drawn.append(requests)

    draw()
    rng = Random(seed)
    seen: dict[str, set[int]] = {}
    for requests in drawn:
        for method, path, url, headers, body in [*_FIRST, *requests]:
            answer = await desk.http.request(method.upper(), url, headers=headers, content=body)
            seen.setdefault(path, set()).add(answer.status_code)
            asked = f"{method} {url} {headers} {body!r}\n{answer.status_code} {answer.text[:500]}"
            _check(
                DOCUMENT["paths"][path][method],
                answer.status_code,
                answer.headers.get("content-type"),
                answer.content,
                asked,
            )
        if rng.random() < 0.5:
            await desk.post("/v1/agents/ana/sign-out")
    assert {201, 422} <= seen["/v1/interactions"]


def _check(operation: dict[str, Any], status: int, content_type: str | None, body: bytes, asked: str) -> None:
    assert status < 500, asked
    assert str(status) in operation["responses"], asked
    response = _resolved(operation["responses"][str(status)])
    if "content" not in response:
        assert not body, asked
        return
    kind = (content_type or "").partition(";")[0]
    assert kind in response["content"], asked
    if kind.endswith("json"):
        schema = response["content"][kind]["schema"]
        validator = jsonschema.Draft202012Validator({**schema, "components": DOCUMENT["components"]})
        errors = [error.message for error in validator.iter_errors(json.loads(body))]
        assert not errors, f"{asked}\n{errors}"
        if kind == "application/problem+json":
            assert json.loads(body)["status"] == status, asked
