"""All routes, as a literal table: what each takes and answers. The application serves them, the OpenAPI document describes them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple

from agents import plan_views, views, wire
from router.transports.http.bodies import SUBMIT, optional_in_body
from router.transports.http.plan_edits import KINDS
from router.transports.http.queries import (
    AgentQuery,
    DryRunQuery,
    EstimateQuery,
    EventQuery,
    InteractionQuery,
    NoQuery,
    PageQuery,
    Query,
    QueueQuery,
    RemovedQueueQuery,
)

EVENT_STREAM: Final = "text/event-stream"
TEXT: Final = "text/plain"
JSON: Final = "application/json"

Model = type[wire.Message]


class Header(NamedTuple):
    """A header that a route reads."""

    name: str
    description: str


IDEMPOTENCY_KEY: Final = Header(
    "Idempotency-Key",
    "Names the submission where the body has no `interaction_id`: the same key again is the same interaction.",
)
REPLY_TO: Final = Header("Reply-To", "The submitter's inbox that is told what becomes of the interaction.")
LAST_EVENT_ID: Final = Header("Last-Event-ID", "The last sequence that was read; wins over `after`.")
IF_NONE_MATCH: Final = Header("If-None-Match", "Tags of what the reader has already.")

IF_MATCH: Final = Header(
    "If-Match", "The ETag of the plan that is changed; `*`: whichever is in force. Without: 428."
)
CHANGED_BY: Final = Header("Changed-By", "Who changes the plan, for the history: 1 to 64 ASCII characters.")


class RouteSpec(NamedTuple):
    """A route: ``answers`` by status, ``problems`` those that it has beyond what every route has."""

    method: str
    path: str
    name: str
    tag: str
    summary: str
    answers: dict[int, Model | None]
    problems: tuple[int, ...] = ()
    body: Model | None = None
    query: type[Query] = NoQuery
    headers: tuple[Header, ...] = ()
    media_type: str = JSON
    events: dict[str, Model] = {}  # noqa: RUF012 - never changed
    takes: str = ""
    """Where the body is a part of the plan instead of a model: what it is, in words."""


_COMMAND: Final = (403, 404, 409, 413, 415, 429)

AGENT_EVENTS: Final[dict[str, Model]] = {
    "state": wire.AgentState,
    "offer": wire.Offer,
    "rescind": wire.Rescind,
    "connect": wire.Connect,
    "release": wire.Release,
    "suspend": wire.Suspend,
    "resume": wire.Resume,
    "wrap-up": wire.WrapUpStarted,
    "closed": wire.Closed,
    "presence": wire.PresenceSet,
    "lagged": wire.Problem,
}
SUBMITTER_EVENTS: Final[dict[str, Model]] = {
    "assigned": wire.Assigned,
    "requeued": wire.Requeued,
    "diverted": wire.Diverted,
    "ended": wire.Ended,
    "announcement": wire.Announcement,
    "callback-offer": wire.CallbackOffer,
    "dial": wire.Dial,
    "stop-dial": wire.StopDial,
    "lagged": wire.Problem,
}


def _of_interaction(verb: str, summary: str) -> RouteSpec:
    return RouteSpec(
        "POST",
        f"/v1/interactions/{{interaction_id}}/{verb}",
        verb,
        "interactions",
        summary,
        {200: wire.Accepted},
        _COMMAND,
        optional_in_body(wire.SUBMITTER_COMMANDS[verb], "interaction_id"),
    )


def _of_agent(verb: str, summary: str) -> RouteSpec:
    return RouteSpec(
        "POST",
        f"/v1/agents/{{agent_id}}/{verb}",
        verb,
        "agents",
        summary,
        {200: wire.Accepted},
        _COMMAND,
        wire.AGENT_COMMANDS[verb],
    )


def _of_offer(verb: str, summary: str) -> RouteSpec:
    return RouteSpec(
        "POST",
        f"/v1/agents/{{agent_id}}/offers/{{offer_id}}/{verb}",
        verb,
        "agents",
        summary,
        {200: wire.Accepted},
        _COMMAND,
        optional_in_body(wire.AGENT_COMMANDS[verb], "offer_id"),
    )


def _of_work(verb: str, summary: str) -> RouteSpec:
    return RouteSpec(
        "POST",
        f"/v1/agents/{{agent_id}}/interactions/{{interaction_id}}/{verb}",
        verb,
        "agents",
        summary,
        {200: wire.Accepted},
        _COMMAND,
        optional_in_body(wire.AGENT_COMMANDS[verb], "interaction_id"),
    )


def _view(path: str, name: str, tag: str, summary: str, model: Model) -> RouteSpec:
    return RouteSpec(
        "GET", path, name, tag, summary, {200: model, 304: None}, (404,), headers=(IF_NONE_MATCH,)
    )


def _page(path: str, name: str, summary: str, model: Model, query: type[Query]) -> RouteSpec:
    return RouteSpec(
        "GET",
        path,
        name,
        name,
        summary,
        {200: model, 304: None},
        query=query,
        headers=(IF_NONE_MATCH,),
    )


def _plan_change(method: str, path: str, name: str, summary: str, takes: str = "") -> RouteSpec:
    query = RemovedQueueQuery if name == "delete_queue" else DryRunQuery
    return RouteSpec(
        method,
        f"/v1/plan{path}",
        name,
        "plan",
        summary,
        {200: plan_views.PlanChanged},
        (403, 404, 409, 412, 413, 415, 428, 429),
        query=query,
        headers=(IF_MATCH, CHANGED_BY),
        takes=takes,
    )


def _plan_parts() -> Iterator[RouteSpec]:
    for kind, what in KINDS.items():
        path = f"/{kind}/{{part_id}}"
        takes = f"A {what}, as it stands under `{kind}` in the plan."
        yield _plan_change("PUT", path, f"put_{what}", f"Add a {what}, or replace it.", takes)
        yield _plan_change("DELETE", path, f"delete_{what}", f"Take a {what} out of the plan.")
    path = "/sections/{section_id}/queues/{queue_id}"
    takes = "A queue, as it stands under `queues` of its section."
    yield _plan_change("PUT", path, "put_queue", "Add a queue to a section, or replace it.", takes)
    yield _plan_change("DELETE", path, "delete_queue", "Take a queue out of the plan.")
    yield _plan_change("PUT", "/skills/{skill}", "put_skill", "Add a skill to the plan's list.")
    yield _plan_change("DELETE", "/skills/{skill}", "delete_skill", "Take a skill off the plan's list.")


ROUTES: Final[tuple[RouteSpec, ...]] = (
    RouteSpec(
        "POST",
        "/v1/interactions",
        "submit",
        "interactions",
        "Submit an interaction; 200 where the same was submitted before.",
        {201: wire.Accepted, 200: wire.Accepted},
        _COMMAND,
        SUBMIT,
        headers=(IDEMPOTENCY_KEY, REPLY_TO),
    ),
    _of_offer("accept", "Take an offer."),
    _of_work("finish", "The contact is over, from the agent's side."),
    _of_work("wrap-up-done", "The after-contact work is done."),
    _of_offer("decline", "Refuse an offer."),
    _of_offer("fail", "The offer could not reach the agent."),
    _of_work("transfer", "Give the interaction on, to a queue."),
    _of_agent("heartbeat", "The agent is still there."),
    _of_agent("sign-in", "The agent is there; the answer has its offers and work."),
    _of_agent("ready", "The agent takes work."),
    _of_agent("not-ready", "The agent takes no new work."),
    _of_agent("drain", "The agent finishes what it holds, then leaves."),
    _of_agent("sign-out", "The agent leaves."),
    _of_interaction("cancel", "Call the interaction off."),
    _of_interaction("abandon", "The customer left before an answer."),
    _of_interaction("complete", "The contact ended, from the customer's side."),
    _of_interaction("callback", "The customer rather is called back."),
    _of_interaction("reached", "The customer who was being dialled has answered."),
    _of_interaction("not-reached", "The customer who was being dialled was not reached."),
    _view(
        "/v1/interactions/{interaction_id}",
        "interaction",
        "interactions",
        "An interaction as it is now.",
        views.Interaction,
    ),
    _page(
        "/v1/interactions",
        "interactions",
        "Interactions, oldest first.",
        views.InteractionPage,
        InteractionQuery,
    ),
    RouteSpec(
        "GET",
        "/v1/interactions/{interaction_id}/explanation",
        "explanation",
        "interactions",
        "Why an interaction is where it is, agent by agent.",
        {200: views.Explanation},
        (404,),
    ),
    RouteSpec(
        "GET",
        "/v1/interactions/{interaction_id}/estimate",
        "estimate",
        "interactions",
        "Where an interaction stands, and how long it has still to wait.",
        {200: views.Estimate},
        (404,),
    ),
    RouteSpec(
        "POST",
        "/v1/explanations",
        "explain_submission",
        "interactions",
        "What would become of a submission; nothing is changed.",
        {200: views.Preview},
        (403, 404, 409, 413, 415),
        SUBMIT,
    ),
    _view("/v1/agents/{agent_id}", "agent", "agents", "An agent, its offers and its work.", wire.AgentState),
    _page("/v1/agents", "agents", "Agents, by id.", views.AgentPage, AgentQuery),
    RouteSpec(
        "GET",
        "/v1/agents/{agent_id}/inbox",
        "agent_inbox",
        "agents",
        "An agent's state, then what the router tells it, as server-sent events.",
        {200: None},
        (404, 429),
        media_type=EVENT_STREAM,
        events=AGENT_EVENTS,
    ),
    RouteSpec(
        "GET",
        "/v1/submitters/{name}/inbox",
        "submitter_inbox",
        "interactions",
        "What becomes of what a submitter submitted, as server-sent events.",
        {200: None},
        (429,),
        media_type=EVENT_STREAM,
        events=SUBMITTER_EVENTS,
    ),
    _view("/v1/queues/{queue_id}", "queue", "queues", "A queue as it is now.", views.Queue),
    RouteSpec(
        "GET",
        "/v1/queues/{queue_id}/estimate",
        "queue_estimate",
        "queues",
        "How long would wait what arrived now in a queue.",
        {200: views.Estimate},
        (404,),
        query=EstimateQuery,
    ),
    _page("/v1/queues", "queues", "Queues, by id.", views.QueuePage, QueueQuery),
    _view("/v1/sections/{section_id}", "section", "sections", "A section as it is now.", views.Section),
    _page("/v1/sections", "sections", "Sections, by id.", views.SectionPage, PageQuery),
    RouteSpec(
        "GET",
        "/v1/events",
        "events",
        "events",
        "Everything that happens, as CloudEvents in server-sent events, with resume.",
        {200: None},
        (409, 410, 429),
        query=EventQuery,
        headers=(LAST_EVENT_ID,),
        media_type=EVENT_STREAM,
        events={"message": wire.Event, "lagged": wire.Problem},
    ),
    RouteSpec(
        "GET",
        "/v1/plan",
        "plan",
        "plan",
        "The plan in force, as the document it was made from.",
        {200: None, 304: None},
        (404,),
        headers=(IF_NONE_MATCH,),
    ),
    _plan_change(
        "PUT",
        "",
        "put_plan",
        "Put another plan in force, all of it at once.",
        "A whole plan: the schema is that of a centre.yaml with sections and agents in it.",
    ),
    _plan_change(
        "PATCH", "", "patch_plan", "Change some of the plan.", "A JSON merge patch (RFC 7396) of the plan."
    ),
    RouteSpec(
        "GET",
        "/v1/plan/history",
        "plan_history",
        "plan",
        "The last changes of the plan, the latest first.",
        {200: plan_views.PlanHistory, 304: None},
        (404,),
        headers=(IF_NONE_MATCH,),
    ),
    *_plan_parts(),
    RouteSpec("GET", "/healthz", "health", "operation", "Whether the process lives.", {200: views.Health}),
    RouteSpec("GET", "/readyz", "readiness", "operation", "Whether it takes work.", {200: views.Health}),
    RouteSpec(
        "GET",
        "/metrics",
        "metrics",
        "operation",
        "Meters for Prometheus.",
        {200: None},
        media_type=TEXT,
    ),
    RouteSpec("GET", "/openapi.json", "document", "operation", "This document.", {200: None}),
)
"""In the order in which they are tried: what is called most comes first."""
