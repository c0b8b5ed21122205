"""What a case expects of a moment, compared with what is so; what differs is told with its place and the explanation."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TypeVar

from agents.model import AgentId
from router.config.names import Place
from router.core.durations import duration_text
from router.core.explain import Explanation, explain
from router.core.facts import InteractionEnded, OfferMade, StepTaken
from router.core.names import InteractionId
from router.core.records import Interaction
from router.errors import SignalError
from router.harness.cases.comparing_estimates import estimate_if_arrived, estimate_of_work
from router.harness.cases.comparing_past import count, happened, never, report
from router.harness.cases.difference import NOTHING, Difference, differs, span
from router.harness.cases.models_expected import (
    DecisionMap,
    EndMap,
    PresenceMap,
    StepsTaken,
    TakenMap,
    VerdictMap,
)
from router.harness.cases.script import Moment
from router.harness.cases.world import World

V = TypeVar("V")


class Comparing:
    """The moments of a case against the world as it is; ``groups`` are names that stand for several."""

    def __init__(self, world: World, groups: Mapping[str, tuple[str, ...]]) -> None:
        self._world, self._groups = world, groups

    def differences(self, moment: Moment) -> Iterator[Difference]:
        """Yield everything that is not as it is expected."""
        if moment.expect is None:
            return
        expect, place = moment.expect, moment.place / "expect"
        yield from self._places(expect.offered, place / "offered", "offered")
        yield from self._places(expect.assigned, place / "assigned", "assigned")
        for queue, waiting in expect.waiting.items():
            found = [each.id for each in self._world.waiting() if each.queue.queue_id == queue]
            yield from self._order(f"waiting in {queue}", waiting, found, place / "waiting" / queue)
        if expect.order is not None:
            found = [each.id for each in self._world.waiting()]
            yield from self._order("the order of all that waits", expect.order, found, place / "order")
        for work, spot, at in self._each(expect.scheduled, place / "scheduled"):
            yield from self._scheduled(work, at, spot)
        for work, spot, end in self._each(expect.ended, place / "ended"):
            yield from self._end(work, end if isinstance(end, EndMap) else EndMap(how=end), spot)
        for agent, spot, present in self._each(expect.presence, place / "presence"):
            said = (
                present if isinstance(present, PresenceMap) else PresenceMap.model_validate({"is": present})
            )
            yield from self._presence(agent, said, spot)
        for agent, spot, units in self._each(expect.units, place / "units"):
            state = self._world.engine.centre.agents.get(AgentId(agent))
            yield from differs(f"units held by {agent}", units, 0 if state is None else state.units, spot)
        for work, spot, priority in self._each(expect.priority, place / "priority"):
            interaction = self._world.interaction(work)
            found_priority: object = "no such work" if interaction is None else interaction.priority
            yield from differs(f"priority of {work}", priority, found_priority, spot, about=work)
        for work, spot, taken in self._each(expect.steps, place / "steps"):
            yield from self._steps(work, taken, spot)
        yield from self._explained(moment)
        for work, spot, estimate in self._each(expect.estimate, place / "estimate"):
            yield from estimate_of_work(self._world, work, estimate, spot)
        for queue, estimate in expect.if_it_arrived.items():
            yield from estimate_if_arrived(self._world, queue, estimate, place / "if-it-arrived" / queue)
        if expect.count is not None:
            yield from count(self._world, expect.count, place / "count")
        yield from happened(self._world, moment.happened)
        yield from never(self._world, moment.never)
        for row, figures in expect.report.items():
            yield from report(self._world, row, figures, place / "report" / row)

    def _each(self, written: Mapping[str, V], place: Place) -> Iterator[tuple[str, Place, V]]:
        for name, said in written.items():
            for one in self._groups.get(name, (name,)):
                yield one, place / name, said

    # ── where work is ────────────────────────────────────────────────────────────────────────────────────────────

    def where(self, work: str) -> str:
        """Say where work is, in a few words."""
        interaction = self._world.interaction(work)
        if interaction is None:
            return "has not arrived"
        match interaction.state:
            case "queued":
                return f"waiting in {interaction.queue.queue_id}"
            case "offered" | "assigned":
                return f"{interaction.state} to {_owner(interaction)}"
            case "ended":
                return f"ended: {interaction.ended_how}"
            case _:
                return interaction.state

    def _places(
        self, written: Mapping[str, str | DecisionMap], place: Place, state: str
    ) -> Iterator[Difference]:
        for work, spot, decided in self._each(written, place):
            said = decided if isinstance(decided, DecisionMap) else DecisionMap(to=decided)
            interaction = self._world.interaction(work)
            if interaction is None or interaction.state != state:
                wanted = state if said.to is None else f"{state} to {said.to}"
                yield Difference(place=spot, what=work, expected=wanted, found=self.where(work), about=work)
                continue
            wanted_agents = self._groups.get(said.to or "", (said.to,))
            if said.to is not None and not set(_owners(interaction)).intersection(wanted_agents):
                yield from differs(
                    work, f"{state} to {said.to}", f"{state} to {_owner(interaction)}", spot, about=work
                )
            yield from self._decision(work, said, state, spot)

    def _decision(self, work: str, said: DecisionMap, state: str, place: Place) -> Iterator[Difference]:
        made = (
            self._world.last_offer(work, said.to) if state == "offered" else self._world.last_assigned(work)
        )
        assert made is not None
        rows: list[tuple[str, object, object]] = [
            ("at", span(said.at), span(made.at)),
            ("tier", said.tier, made.tier),
            ("score", _score(said.score), f"{made.score / 1_000_000:g}"),
            ("choice", said.choice, made.choice),
            ("decision", said.decision, made.decision),
        ]
        if isinstance(made, OfferMade):
            rows.append(("until", span(said.until), span(made.expires_at)))
            rows.append(("wait", span(said.wait), "an offer: nobody is connected"))
        else:
            rows.append(("until", span(said.until), "no offer: connected"))
            rows.append(("wait", span(said.wait), span(made.wait_ms)))
        if said.because is not None:
            rows.append(("because", said.because, self._world.why(made.decision).decided_by))
        if said.level is not None or said.instead_of is not None:
            taken = self._world.why(made.decision).taken
            assert taken is not None
            rows.append(("level", said.level, taken.level))
            left = [each.interaction_id for each in taken.instead_of]
            rows.append(
                ("instead-of", None if said.instead_of is None else _names(said.instead_of), _names(left))
            )
        for key, wanted, found in rows:
            if wanted is not None:
                yield from differs(f"{work}, {state}: {key}", wanted, found, place / key, about=work)

    def _order(
        self, what: str, wanted: Sequence[str], found: Sequence[str], place: Place
    ) -> Iterator[Difference]:
        names = [one for name in wanted for one in self._groups.get(name, (name,))]
        if names != list(found):
            # The first that stands elsewhere is what the question is about.
            odd = next((one for one, other in zip(names, found, strict=False) if one != other), "")
            odd = odd or next((one for one in names if one not in found), "")
            yield Difference(
                place=place,
                what=what,
                expected=", ".join(names) or NOTHING,
                found=", ".join(found) or NOTHING,
                about=odd,
            )

    def _scheduled(self, work: str, at: int, place: Place) -> Iterator[Difference]:
        interaction = self._world.interaction(work)
        if interaction is None or interaction.state != "scheduled":
            wanted = f"scheduled for {duration_text(at)}"
            yield Difference(place=place, what=work, expected=wanted, found=self.where(work), about=work)
        else:
            starts = interaction.arrival.not_before or 0
            if interaction.callback is not None:
                starts = interaction.callback.resume_at or 0
            yield from differs(f"{work}, scheduled", span(at), span(starts), place, about=work)

    def _end(self, work: str, said: EndMap, place: Place) -> Iterator[Difference]:
        ends = (fact for fact in reversed(self._world.facts) if isinstance(fact, InteractionEnded))
        end = next((fact for fact in ends if fact.interaction_id == work), None)
        if end is None:
            wanted = "ended" if said.how is None else f"ended: {said.how}"
            yield Difference(place=place, what=work, expected=wanted, found=self.where(work), about=work)
            return
        rows: list[tuple[str, object, object]] = [
            ("how", said.how, end.how),
            ("reason", said.reason, end.reason),
            ("agent", said.agent, end.agent_id or "nobody"),
            ("at", span(said.at), span(end.at)),
            ("wait", span(said.wait), span(end.wait_ms)),
        ]
        for key, said_of_it, found in rows:
            if said_of_it is not None:
                yield from differs(f"{work}, ended: {key}", said_of_it, found, place / key, about=work)

    # ── agents ───────────────────────────────────────────────────────────────────────────────────────────────────

    def _presence(self, agent: str, said: PresenceMap, place: Place) -> Iterator[Difference]:
        state = self._world.engine.centre.agents.get(AgentId(agent))
        if state is None:
            yield Difference(
                place=place, what=f"presence of {agent}", expected=said.is_, found="not in the roster"
            )
            return
        found = "paused" if state.paused_until is not None and said.is_ == "paused" else state.presence
        yield from differs(f"presence of {agent}", said.is_, found, place)
        if said.reason is not None:
            yield from differs(f"presence of {agent}: reason", said.reason, state.reason, place / "reason")

    # ── ladders ──────────────────────────────────────────────────────────────────────────────────────────────────

    def _steps(self, work: str, wanted: StepsTaken, place: Place) -> Iterator[Difference]:
        taken = [
            fact for fact in self._world.facts if isinstance(fact, StepTaken) and fact.interaction_id == work
        ]
        names = [fact.step for fact in taken]
        if list(wanted) != names:
            yield Difference(
                place=place,
                what=f"steps that {work} has taken",
                expected=", ".join(wanted) or NOTHING,
                found=", ".join(names) or NOTHING,
                about=work,
            )
            return
        if not isinstance(wanted, dict):
            return
        for fact, said in zip(taken, wanted.values(), strict=True):
            said = said if isinstance(said, TakenMap) else TakenMap.model_construct(at=said, caught_up=None)
            here, what = place / fact.step, f"{work}, step {fact.step}"
            if said.at is not None:
                yield from differs(f"{what}: when", span(said.at), span(fact.at), here, about=work)
            if said.caught_up is not None:
                yield from differs(f"{what}: caught up", said.caught_up, fact.caught_up, here, about=work)

    # ── why ──────────────────────────────────────────────────────────────────────────────────────────────────────

    def explain(self, work: str) -> Explanation | None:
        """Explain where work stands now; None where the engine does not know it."""
        try:
            return explain(self._world.engine, InteractionId(work))
        except SignalError:
            return None

    def _explained(self, moment: Moment) -> Iterator[Difference]:
        assert moment.expect is not None
        expect, place = moment.expect, moment.place / "expect"
        for work, spot, verdicts in self._each(expect.explain, place / "explain"):
            yield from self._verdicts("now", work, verdicts, self.explain(work), spot)
        for work, spot, verdicts in self._each(expect.decided, place / "decided"):
            decision = self._world.last_decision(work)
            why = None if decision is None else self._world.why(decision)
            yield from self._verdicts("when it was decided", work, verdicts, why, spot)
        for work, spot, asked in self._each(expect.asked, place / "asked"):
            why = self.explain(work)
            so_far = self.where(work) if why is None else why.requirement
            yield from differs(f"asked of an agent for {work}", asked, so_far, spot, about=work)
        for key, what in (("missing", "nobody signed in"), ("unmet", "nobody in the roster")):
            for work, spot, texts in self._each(getattr(expect, key), place / key):
                why = self.explain(work)
                wanted = [texts] if isinstance(texts, str) else texts
                parts = () if why is None else getattr(why, key)
                yield from differs(
                    f"what {what} meets for {work}",
                    "; ".join(wanted) or NOTHING,
                    "; ".join(parts) or NOTHING,
                    spot,
                    about=work,
                )
        for work, spot, at in self._each(expect.next_change, place / "next-change"):
            why = self.explain(work)
            next_at = None if why is None else why.next_change_at
            found = "never" if next_at is None else duration_text(next_at)
            yield from differs(f"next change for {work}", duration_text(at), found, spot, about=work)

    def _verdicts(
        self,
        when: str,
        work: str,
        wanted: Mapping[str, str | VerdictMap],
        why: Explanation | None,
        place: Place,
    ) -> Iterator[Difference]:
        if why is None:
            found = self.where(work) if when == "now" else "nothing has been decided"
            yield Difference(place=place, what=f"why {work}, {when}", expected="an answer", found=found)
            return
        verdicts = {verdict.agent_id: verdict for verdict in why.verdicts}
        for agent, spot, said in self._each(wanted, place):
            verdict = verdicts.get(AgentId(agent))
            code, detail = ("no answer", "") if verdict is None else (verdict.code, verdict.detail)
            wants = said if isinstance(said, VerdictMap) else None
            wanted_code = said if wants is None else wants.code
            what = f"why {work} and {agent}, {when}"
            if wanted_code != code:
                yield Difference(
                    place=spot, what=what, expected=str(wanted_code), found=f"{code}: {detail}", about=work
                )
            elif wants is not None and wants.detail is not None and wants.detail not in detail:
                yield Difference(
                    place=spot / "detail", what=what, expected=wants.detail, found=detail, about=work
                )


def _owner(interaction: Interaction) -> str:
    return ", ".join(_owners(interaction)) or "nobody"


def _owners(interaction: Interaction) -> list[str]:
    """Return who has the work, or all who have an open offer of it."""
    offers = interaction.open_offers()
    if offers or interaction.owner is None:
        return [holding.agent.id for holding in offers]
    return [interaction.owner.agent.id]


def _names(names: Sequence[str]) -> str:
    return ", ".join(names) or "nothing"


def _score(thousandths: int | None) -> str | None:
    return None if thousandths is None else f"{thousandths / 1_000:g}"
