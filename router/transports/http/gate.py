"""What every request passes before its route: whom it was addressed to, where it comes from, and what a path can do at all.

The daemon listens on loopback without authorisation, so a page in somebody's browser must not reach it: neither under a name of its own
that it made point here (the Host header), nor by a form or script of another origin (the Origin header).
"""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from typing import Final
from urllib.parse import urlsplit

from starlette.routing import BaseRoute, Route
from starlette.types import Scope

from agents import wire
from router.transports.http.handling import Answer, problem_answer
from router.transports.problems import made

READING: Final = frozenset({"GET", "HEAD", "OPTIONS"})


def is_loopback(host: str) -> bool:
    """Say whether a host's name or address can only mean this machine."""
    if host.lower().rstrip(".") == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def allowed_methods(routes: Sequence[BaseRoute], path: str) -> list[str]:
    """Return what may be done with the path; empty where there is none."""
    methods: set[str] = set()
    for route in routes:
        if isinstance(route, Route) and route.path_regex.match(path):
            methods |= route.methods or set()
    return sorted(methods | {"OPTIONS"}) if methods else []


class Gate:
    """Decides whether a request goes on to its route."""

    def __init__(self, routes: Sequence[BaseRoute]) -> None:
        self._routes = routes
        self._good_hosts: set[bytes] = set()

    def look(self, scope: Scope) -> Answer | None:
        """Return the answer to a request that goes no further; None where it goes on."""
        host = origin = content_type = None
        for name, value in scope["headers"]:
            if name == b"host":
                host = value
            elif name == b"origin":
                origin = value
            elif name == b"content-type":
                content_type = value
        if host not in self._good_hosts and not self._is_ours(host):
            found = "none" if host is None else repr(host.decode("latin-1")[:80])
            return problem_answer(
                made("wrong-host", f"expected a Host header of this machine (localhost), found {found}", 421)
            )
        method = scope["method"]
        if origin is not None and method not in READING:
            problem = _cross_origin(origin, content_type)
            if problem is not None:
                return problem_answer(problem)
        if method == "OPTIONS":
            allowed = allowed_methods(self._routes, scope["path"])
            if allowed:
                return Answer(204, b"", b"", [(b"allow", ", ".join(allowed).encode())])
        return None

    def _is_ours(self, host: bytes | None) -> bool:
        if host is None:
            return False
        try:
            name = urlsplit(f"//{host.decode('ascii')}").hostname or ""
        except ValueError:
            return False
        if not is_loopback(name):
            return False
        if len(self._good_hosts) < 64:
            self._good_hosts.add(host)
        return True


def _cross_origin(origin: bytes, content_type: bytes | None) -> wire.Problem | None:
    """Return why a request from a page is not taken: the page is not of this machine, or could have sent it without asking first."""
    try:
        host = urlsplit(origin.decode("ascii")).hostname or ""
    except ValueError:
        host = ""
    if not is_loopback(host):
        return made("cross-origin", f"pages of {origin.decode('latin-1')[:80]!r} may not send commands", 403)
    if content_type is None or content_type.partition(b";")[0].strip().lower() != b"application/json":
        return made("cross-origin", "pages send commands with content-type application/json only", 403)
    return None
