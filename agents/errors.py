"""What can go wrong between an agent or submitter and the router, by whose fault it is."""

from __future__ import annotations

from agents.wire import Problem


class ClientError(Exception):
    """The root of all errors of the agents' side; never raised itself."""


class AddressError(ClientError):
    """The caller's fault: no router can be found at such an address."""


class MissingExtraError(ClientError):
    """A library that this transport needs is not installed; the message says what to install."""

    def __init__(self, scheme: str, extra: str) -> None:
        super().__init__(
            f"{scheme}:// needs a library that is not installed: pip install 'switchroom[{extra}]'"
        )


class CommandRefused(ClientError):
    """The router has refused a command, and nothing has changed. ``problem`` says why; ``code`` is stable, ``state`` the real state
    where the command came too late.
    """

    def __init__(self, verb: str, problem: Problem) -> None:
        self.problem = problem
        self.code = problem.code
        self.state = problem.state
        super().__init__(f"{verb}: {problem.detail}")


class LinkError(ClientError):
    """A command got no answer: the link is gone, or was too slow. The router may have carried it out."""


class GaveUpError(LinkError):
    """A command was repeated until its time was up, and never answered. Nobody knows whether it was carried out; it is safe to send it
    again.
    """


class UnreachableError(ClientError):
    """Nobody answers at the address."""


class TakenOverError(ClientError):
    """The same agent has signed in from elsewhere: this session is over."""


class ClosedError(ClientError):
    """The client is closed: nothing will happen any more."""
