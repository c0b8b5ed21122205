"""The OpenAPI 3.1 document, made from the table of routes and the models they name: ``switchroom schema --openapi``."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from functools import cache
from http import HTTPStatus
from typing import Any, Final

from pydantic import BaseModel
from pydantic.json_schema import JsonSchemaMode, models_json_schema

from agents import wire
from router.transports.http.queries import Query
from router.transports.http.routes import EVENT_STREAM, JSON, ROUTES, Header, Model, RouteSpec

Json = dict[str, Any]
References = Mapping[tuple[type[BaseModel] | type[Any], JsonSchemaMode], Json]

_REF: Final = "#/components/schemas/{model}"
_ALWAYS: Final = (400, 421, 422, 500, 503)
_PARAMETER: Final = re.compile(r"\{(\w+)\}")
_IDS: Final[Json] = {"type": "string", "pattern": r"^[A-Za-z0-9_.:-]{1,64}$"}
_OFFER_ID: Final[Json] = {"type": "integer", "minimum": 0, "maximum": 10**18 - 1}

PROBLEMS: Final[dict[int, str]] = {
    400: "`unreadable`: not JSON, not UTF-8, too deep, or of another protocol version.",
    403: "`not-yours`: another agent's offer or work. `cross-origin`: sent by a page of elsewhere.",
    404: "`unknown-interaction`, `unknown-agent`, `unknown-offer`, `unknown-queue`, `unknown-section`. Changing the plan: also "
    "`unknown-pool`, `unknown-calendar`, `unknown-skill`; `no-document`: the router was started from a plan without one.",
    409: "`conflict`: the id is known with other content. `interaction-ended`, `offer-ended`, `illegal-state`, `offline`, `holds-work`, "
    "`not-automated`, `offer-held`, `no-callbacks`: it comes too late, or too early; `state` is the real one. "
    "`events-ahead`: no event has that sequence yet. "
    "`plan-rejected`: the work under way does not allow the plan. `no-skills`: the plan has no list of skills.",
    410: "`events-gone`: events after that sequence are not kept any more.",
    412: "`plan-changed`: another plan is in force than `If-Match` says; `state` and `ETag` have its tag.",
    413: "`too-large`: the body is longer than 64 KiB (a plan: 8 MiB); the connection is closed.",
    415: "`unsupported-media-type`: a body must be application/json; a patch of the plan may be application/merge-patch+json.",
    421: "`wrong-host`: the Host header does not name this machine.",
    422: "`invalid`: fields are missing, unknown or wrong; `errors` has each with its pointer. Or the code of what is wrong with the "
    "content: `bad-id`, `bad-requirement`, `bad-time`, `unknown-queue`, …; `invalid-plan`: "
    "`errors` has all that is wrong with the plan.",
    428: "`if-match-required`: say which plan is changed.",
    429: "`overloaded`: the mailbox is full; try again after `Retry-After` seconds.",
    500: "`internal`: an error of the router.",
    503: "`closed`, `draining`, `stopped`, `not-ready`: no work is taken now.",
}
"""What each status of a problem means."""


@cache
def document() -> Json:
    """Return the document."""
    models: set[tuple[Model, JsonSchemaMode]] = {(wire.Problem, "serialization")}
    for spec in ROUTES:
        if spec.body is not None:
            models.add((spec.body, "validation"))
        for model in (*spec.answers.values(), *spec.events.values()):
            if model is not None:
                models.add((model, "serialization"))
    ordered = sorted(models, key=lambda each: (each[0].__name__, each[1]))
    references, definitions = models_json_schema(ordered, ref_template=_REF)
    paths: Json = {}
    for spec in ROUTES:
        paths.setdefault(spec.path, {})[spec.method.lower()] = _operation(spec, references)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "switchroom",
            "version": f"v{wire.VERSION}",
            "description": "Commands, views and events of one contact centre. Every error is a problem (RFC 9457).",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "/"}],
        "tags": [
            {"name": "interactions", "description": "What submitters do and see."},
            {"name": "agents", "description": "What agents do and see."},
            {"name": "queues", "description": "Where work waits."},
            {"name": "sections", "description": "Departments."},
            {"name": "plan", "description": "The rules, and how they are changed at run time."},
            {"name": "events", "description": "Everything that happens."},
            {"name": "operation", "description": "For those who run the router."},
        ],
        "paths": paths,
        "components": {
            "schemas": definitions["$defs"],
            "responses": {f"Problem{status}": _problem(status) for status in sorted(PROBLEMS)},
        },
    }


def document_text() -> str:
    """Return the document as it is committed."""
    return json.dumps(document(), indent=2, ensure_ascii=False) + "\n"


@cache
def document_bytes() -> bytes:
    """Return the document as it is served."""
    return json.dumps(document(), ensure_ascii=False).encode()


def _operation(spec: RouteSpec, references: References) -> Json:
    operation: Json = {
        "operationId": _operation_id(spec),
        "tags": [spec.tag],
        "summary": spec.summary,
    }
    parameters = [
        *(_path_parameter(name) for name in _PARAMETER.findall(spec.path)),
        *_query_parameters(spec.query),
        *map(_header_parameter, spec.headers),
    ]
    if parameters:
        operation["parameters"] = parameters
    if spec.body is not None:
        needs_body = any(field.is_required() for field in spec.body.model_fields.values())
        operation["requestBody"] = {
            "required": needs_body,
            "content": {JSON: {"schema": references[spec.body, "validation"]}},
        }
    elif spec.takes:
        kinds = (JSON, "application/merge-patch+json") if spec.method == "PATCH" else (JSON,)
        schema = {"type": "object", "description": spec.takes}
        operation["requestBody"] = {"required": True, "content": {kind: {"schema": schema} for kind in kinds}}
    responses: Json = {}
    for status, model in spec.answers.items():
        responses[str(status)] = _answer(spec, status, model, references)
    for status in sorted({*_ALWAYS, *spec.problems}):
        responses[str(status)] = {"$ref": f"#/components/responses/Problem{status}"}
    operation["responses"] = responses
    return operation


def _operation_id(spec: RouteSpec) -> str:
    method, name = spec.method.lower(), spec.name.replace("-", "_")
    return name if name.startswith(f"{method}_") else f"{method}_{name}"


def _answer(spec: RouteSpec, status: int, model: Model | None, references: References) -> Json:
    answer: Json = {"description": HTTPStatus(status).phrase}
    if status == HTTPStatus.NOT_MODIFIED:
        return answer
    schema: Json
    if model is not None:
        schema = references[model, "serialization"]
    elif spec.media_type == EVENT_STREAM:
        schema = {
            "type": "string",
            "description": "Server-sent events; `x-events` has the schema of `data` by name of event. Comments keep the connection "
            "alive; `lagged` says why the stream ends early, and `end` that the router closes it.",
            "x-events": {name: references[each, "serialization"] for name, each in spec.events.items()},
        }
    else:
        schema = {"type": "object"} if spec.media_type == JSON else {"type": "string"}
    answer["content"] = {spec.media_type: {"schema": schema}}
    if status == HTTPStatus.CREATED or spec.name == "submit":
        answer["headers"] = {"Location": {"description": "The interaction.", "schema": {"type": "string"}}}
    elif 304 in spec.answers:
        answer["headers"] = {"ETag": {"description": "Tag of this state.", "schema": {"type": "string"}}}
    return answer


def _problem(status: int) -> Json:
    problem: Json = {
        "description": PROBLEMS[status],
        "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
    }
    if status in {429, 503}:
        problem["headers"] = {
            "Retry-After": {"description": "Seconds.", "schema": {"type": "integer", "minimum": 0}}
        }
    return problem


def _path_parameter(name: str) -> Json:
    schema = _OFFER_ID if name == "offer_id" else _IDS
    return {"name": name, "in": "path", "required": True, "schema": schema}


def _query_parameters(query: type[Query]) -> list[Json]:
    schema = query.model_json_schema()
    parameters: list[Json] = []
    for name, found in schema.get("properties", {}).items():
        parameter: Json = {"name": name, "in": "query", "required": False}
        description = found.pop("description", None)
        if description:
            parameter["description"] = description
        branches = [each for each in found.get("anyOf", ()) if each != {"type": "null"}]
        shown = branches[0] if branches else {key: found[key] for key in found if key != "title"}
        parameter["schema"] = shown
        parameters.append(parameter)
    return parameters


def _header_parameter(header: Header) -> Json:
    return {
        "name": header.name,
        "in": "header",
        "required": False,
        "description": header.description,
        "schema": {"type": "string"},
    }
