"""The application: every route of the table with its handler, behind the gate, errors of the framework as problems."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Final

from fastapi import FastAPI
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Match, Route
from starlette.types import Receive, Scope, Send

from agents import views, wire
from router.ports import Front
from router.transports.commands import Translator
from router.transports.events import EventLog
from router.transports.http.commands import Commands
from router.transports.http.document import document, document_bytes
from router.transports.http.feeds import LETTERS_MAX, Feeds
from router.transports.http.gate import Gate, allowed_methods
from router.transports.http.handling import (
    Answer,
    Call,
    Endpoint,
    Handler,
    ProblemError,
    Responder,
    json_answer,
    problem_answer,
)
from router.transports.http.metrics import Link, Metrics
from router.transports.http.plan import PlanRoutes
from router.transports.http.plan_edits import KINDS
from router.transports.http.reading import Reading
from router.transports.http.routes import ROUTES
from router.transports.http.streams import Streams
from router.transports.http.waits import Waits
from router.transports.plans import PlanDesk
from router.transports.problems import made

_CODES: Final[Mapping[int, str]] = {404: "not-found", 405: "method-not-allowed"}


def create_app(
    front: Front,
    translator: Translator,
    events: EventLog,
    *,
    why_not_ready: Callable[[], str] = lambda: "",
    mailbox_depth: Callable[[], int] = lambda: 0,
    streams: Streams | None = None,
    letters_max: int = LETTERS_MAX,
    mqtt: Link | None = None,
    plans: PlanDesk | None = None,
) -> FastAPI:
    """Make the application of a running router.

    ``why_not_ready`` says in words why no work is taken, and nothing while it is; ``mailbox_depth`` how many signals wait to be taken.
    ``streams`` bounds the event streams; its ``close`` ends them and is called by ``serve``. A reader of an inbox that is more than
    ``letters_max`` messages behind is cut off. ``mqtt`` is the other transport, for the metrics. Without
    ``plans`` the plan cannot be read or changed.
    """
    streams = streams if streams is not None else Streams()
    waits = Waits(front)
    commands = Commands(front, translator)
    reading = Reading(front, waits)
    feeds = Feeds(front, events, streams, letters_max=letters_max)
    metrics = Metrics(
        front,
        waits,
        commands.counts,
        mailbox_depth=mailbox_depth,
        open_streams=lambda: len(streams),
        mqtt=mqtt,
    )
    plan = PlanRoutes(plans)
    handlers: dict[str, Handler] = {
        "submit": commands.submit,
        "explain_submission": commands.explain_submission,
        **{
            verb: commands.of_interaction(verb)
            for verb in wire.SUBMITTER_COMMANDS
            if verb not in {"submit", "ask"}
        },
        **{
            verb: commands.of_agent(verb)
            for verb in ("sign-in", "ready", "not-ready", "drain", "sign-out", "heartbeat")
        },
        **{verb: commands.of_offer(verb) for verb in ("accept", "decline", "fail")},
        **{verb: commands.of_work(verb) for verb in ("finish", "wrap-up-done", "transfer")},
        "interaction": reading.interaction,
        "interactions": reading.interactions,
        "explanation": reading.explanation,
        "estimate": reading.estimate,
        "queue_estimate": reading.queue_estimate,
        "agent": reading.agent,
        "agents": reading.agents,
        "queue": reading.queue,
        "queues": reading.queues,
        "section": reading.section,
        "sections": reading.sections,
        "agent_inbox": feeds.agent_inbox,
        "submitter_inbox": feeds.submitter_inbox,
        "events": feeds.events,
        "plan": plan.document,
        "plan_history": plan.history,
        "put_plan": plan.put,
        "patch_plan": plan.patch,
        **{f"put_{what}": plan.put_part(kind) for kind, what in KINDS.items()},
        **{f"delete_{what}": plan.remove_part(kind) for kind, what in KINDS.items()},
        "put_queue": plan.put_queue,
        "delete_queue": plan.remove_queue,
        "put_skill": plan.put_skill,
        "delete_skill": plan.remove_skill,
        "health": _health,
        "readiness": _readiness(why_not_ready),
        "metrics": metrics.scrape,
        "document": _document,
    }
    routes = [Route(spec.path, Endpoint(handlers[spec.name]), methods=[spec.method]) for spec in ROUTES]
    app = Application(
        title="switchroom",
        routes=list(routes),
        openapi_url=None,
        docs_url=None,  # FastAPI's pages load their scripts from a CDN
        redoc_url=None,
        redirect_slashes=False,
        exception_handlers={HTTPException: _framework_problem},
    )
    app.openapi = document  # type: ignore[method-assign]
    app.state.streams = streams
    app.state.feeds = feeds
    return app


class Application(FastAPI):
    """FastAPI behind the gate. Commands, which are what comes most, go straight to their routes; everything else through its layers."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] == "http":
            refused = self._gate.look(scope)
            if refused is not None:
                await refused(scope, receive, send)
                return
            if scope["method"] == "POST":
                for route in self._commands:
                    match, found = route.matches(scope)
                    if match is Match.FULL:
                        scope.update(found)
                        await route.app(scope, receive, send)
                        return
        await super().__call__(scope, receive, send)

    @cached_property
    def _gate(self) -> Gate:
        return Gate(self.router.routes)

    @cached_property
    def _commands(self) -> list[Route]:
        routes = [route for route in self.router.routes if isinstance(route, Route)]
        return [route for route in routes if "POST" in (route.methods or ())]


async def _health(call: Call) -> Responder:
    return json_answer(views.Health())


async def _document(call: Call) -> Responder:
    return Answer(200, document_bytes())


def _readiness(why_not_ready: Callable[[], str]) -> Handler:
    async def readiness(call: Call) -> Responder:
        reason = why_not_ready()
        if reason:
            raise ProblemError(made("not-ready", reason, 503, retry_after_s=1))
        return json_answer(views.Health())

    return readiness


async def _framework_problem(request: Request, error: Exception) -> Response:
    """Answer what no route answers: unknown paths, and methods that a path does not have."""
    assert isinstance(error, HTTPException)
    code = _CODES.get(error.status_code, "http-error")
    path = request.url.path
    headers = {}
    if error.status_code == 405:
        allowed = ", ".join(allowed_methods(request.app.router.routes, path))
        headers["allow"] = allowed
        detail = f"{request.method} is not for {path[:120]}; it takes {allowed}"
    else:
        detail = f"there is nothing at {path[:120]}; /openapi.json has all there is"
    answer = problem_answer(made(code, detail, error.status_code))
    return Response(answer.body, answer.status, headers, answer.content_type.decode())
