"""Small cores for tests of the writer alone: what the engine would do is not what those tests are about."""

from __future__ import annotations

from router.core.facts import Fact, PlanAdopted
from router.core.names import AgentId
from router.core.outcome import Outcome
from router.core.signals import AgentHeartbeat, Signal
from router.errors import SignalError


def beat(name: str) -> AgentHeartbeat:
    """A signal that carries a name."""
    return AgentHeartbeat(AgentId(name))


class Echo:
    """Makes a fact of every signal and of every deadline that was set, and answers with the signal's name.

    Signals called ``illegal`` are refused, those called ``broken`` break it.
    """

    def __init__(self) -> None:
        self.deadlines: list[int] = []
        self.calls: list[tuple[str, int]] = []

    def handle(self, signal: Signal, now: int) -> Outcome:
        """Take a signal."""
        assert isinstance(signal, AgentHeartbeat)
        self.calls.append((signal.agent_id, now))
        passed = self._pass(now)
        if signal.agent_id == "illegal":
            self.deadlines += [fact.at for fact in passed]  # what time changed is told by the next call
            raise SignalError("illegal-state", "not now", state="asleep")
        if signal.agent_id == "broken":
            raise ZeroDivisionError("an engine's bug")
        return Outcome([], [*passed, PlanAdopted(now, signal.agent_id, "")], signal.agent_id)

    def advance(self, now: int) -> Outcome:
        """Let time pass."""
        self.calls.append(("", now))
        return Outcome([], self._pass(now), "")

    def next_deadline(self) -> int | None:
        """Return the earliest deadline."""
        return min(self.deadlines, default=None)

    def _pass(self, now: int) -> list[Fact]:
        due = sorted(at for at in self.deadlines if at <= now)
        self.deadlines = [at for at in self.deadlines if at > now]
        return [PlanAdopted(at, "deadline", "") for at in due]
