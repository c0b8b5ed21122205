"""The steps of a case's file to moments that can be run: names looked up, times put in order, every mistake with its place."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from router.config.compile_rules import requirement
from router.config.documents import Document
from router.config.files import Examined
from router.config.names import Names, Place, known
from router.config.schema_rules import Need
from router.config.yaml_source import Steps
from router.core.calendar import starting_at
from router.core.durations import duration_text
from router.core.plan import Plan
from router.core.requirement import Requirement
from router.harness.cases.models import (
    EVERYBODY,
    AgentOf,
    AnswerMap,
    ArrivalMap,
    CallbackMap,
    CaseFile,
    ReasonMap,
    ReplyMap,
    StepMap,
    TransferMap,
    as_names,
)
from router.harness.cases.overlay import copy_names
from router.harness.cases.patterns import FactPattern, read_pattern
from router.harness.cases.reading_expected import Known, check_expected
from router.harness.cases.script import Act, Moment

OF_AGENTS: Final = frozenset(
    {"sign_in", "sign_in_not_ready", "ready", "not_ready", "drain", "sign_out", "heartbeat", "silent", "lose"}
)


class Reading:
    """One file on its way to moments; what is wrong is noted in the document.

    ``later`` are the centres that steps reload, by the step's index.
    """

    def __init__(
        self, document: Document, file: CaseFile, examined: Examined, later: Mapping[int, Examined]
    ) -> None:
        self._document, self._file, self._later = document, file, later
        self._plan = examined.plan
        self._names = examined.names or Names(whole=False)
        plans = [each.plan for each in (examined, *later.values()) if each.plan is not None]
        self.groups: dict[str, tuple[str, ...]] = {
            name: tuple(copy_names(name, count)) for name, count in file.copies.items()
        }
        self.groups |= {
            name: tuple(copy_names(name, arrival.count))
            for name, arrival in _arrivals(file.steps)
            if arrival.count is not None
        }
        work = [one for name, _ in _arrivals(file.steps) for one in self.groups.get(name, (name,))]
        self._known = Known(plans, work, self.groups)

    def moments(self) -> Iterator[Moment]:
        """Yield the steps, each with its time; of use only where the document has no problems then."""
        now = 0
        for index, step in enumerate(self._file.steps):
            place = Place(self._document, ("steps", index))
            if self._plan is None:
                place.note("nothing can happen in a centre that is refused", "remove 'steps'")
                return
            if step.at is not None and step.at < now:
                what = f"{duration_text(step.at)} is before the step above, at {duration_text(now)}"
                (place / "at").note(what, "put the steps in the order of their times")
            now = max(now, step.at or now)
            yield self._moment(index, step, now, place)

    def patterns(self, steps: Steps, written: Sequence[Mapping[str, Any]]) -> Iterator[FactPattern]:
        """Yield the patterns of facts that stand in a list."""
        if written and self._plan is None:
            Place(self._document, steps).note("nothing can happen in a centre that is refused", "remove it")
            return
        for index, each in enumerate(written):
            place = Place(self._document, (*steps, index))
            found = read_pattern(each, place)
            if found is not None:
                self._known.check_pattern(found)
                yield found

    def _moment(self, index: int, step: StepMap, now: int, place: Place) -> Moment:
        answer = step.answer
        if step.expect is not None:
            check_expected(step.expect, place / "expect", self._known)
        return Moment(
            at_ms=now,
            place=place,
            acts=tuple(self._acts(index, step, place)),
            answer=AnswerMap(code=answer) if isinstance(answer, str) else answer,
            expect=step.expect,
            happened=tuple(self._patterns(step, place, "happened")),
            never=tuple(self._patterns(step, place, "never")),
        )

    def _patterns(self, step: StepMap, place: Place, key: str) -> Iterator[FactPattern]:
        if step.expect is not None:
            yield from self.patterns((*place.steps, "expect", key), getattr(step.expect, key))

    # ── what happens ─────────────────────────────────────────────────────────────────────────────────────────────

    def _acts(self, index: int, step: StepMap, place: Place) -> Iterator[Act]:
        verb = step.signal
        if verb is None:
            return
        here = place / verb.replace("_", "-")
        if verb == "reload":
            yield Act(verb=verb, name="the centre", place=here, plan=self._reloaded(index))
            return
        written = getattr(step, verb)
        is_key = isinstance(written, dict)
        for spot, name in _spots(written, here):
            if verb in OF_AGENTS:
                reply = ReplyMap(reason=written[name]) if isinstance(written, dict) else ReplyMap()
                for agent in self._agents(name, spot, key=is_key):
                    yield Act(verb=verb, name=agent, place=spot, reply=reply)
            elif verb == "arrive":
                yield from self._arrival(name, written, spot)
            elif self._known.work_name(name, spot, key=is_key):
                said = written[name] if isinstance(written, dict) else None
                yield from self._of_work(verb, name, said, spot)

    def _reloaded(self, index: int) -> Plan | None:
        plan = self._later[index].plan
        return None if plan is None else starting_at(plan, self._file.starts or 0)

    def _agents(self, name: str, place: Place, *, key: bool) -> Sequence[str]:
        if name == EVERYBODY and EVERYBODY not in self._known.agents:
            return self._known.agents
        if not self._known.agent(name, place, key=key):
            return ()
        return self.groups.get(name, (name,))

    def _of_work(self, verb: str, name: str, said: object, place: Place) -> Iterator[Act]:
        reply, transfer, queue, needs = ReplyMap(), None, None, None
        callback: CallbackMap | None = None
        match said:
            case ReplyMap():
                reply = said
            case ReasonMap():
                reply = ReplyMap(reason=said.reason)
            case TransferMap():
                reply, transfer = ReplyMap(agent=said.agent), said
                if said.to is not None:
                    queue = self._known.queue_or_section(said.to, place / "to")
                if said.needs is not None:
                    needs = self._requirement(said.needs, place / "needs")
            case CallbackMap():
                callback = said
            case AgentOf():
                reply = ReplyMap(agent=said.agent)
            case _:
                pass
        if reply.agent is not None:
            self._known.agent(reply.agent, place / "agent")
        if verb == "transfer":
            transfer = transfer or TransferMap(keep_place=True, to_people=False)
        for one in self.groups.get(name, (name,)):
            yield Act(
                verb=verb,
                name=one,
                place=place,
                reply=reply,
                transfer=transfer,
                callback=callback or CallbackMap.model_construct(number="+1"),
                queue=queue,
                requirement=needs,
            )

    def _arrival(self, name: str, written: object, place: Place) -> Iterator[Act]:
        arrival = written[name] if isinstance(written, dict) else ArrivalMap()
        arrival = arrival.model_copy(update=dict(self._where(arrival, place)))
        needs = None if arrival.needs is None else self._requirement(arrival.needs, place / "needs")
        for one in self.groups.get(name, (name,)) if arrival.count is not None else (name,):
            yield Act(verb="arrive", name=one, place=place, arrival=arrival, requirement=needs)

    def _where(self, arrival: ArrivalMap, place: Place) -> Iterator[tuple[str, str]]:
        """Where it arrives, as far as that is not said; what is said has to be there."""
        assert self._plan is not None
        section, plans = arrival.section, self._known.plans
        if section is not None:
            known("section", section, sorted(self._known.sections), place / "section")
        if arrival.queue is not None:
            known("queue", arrival.queue, sorted(self._known.queues), place / "queue")
        if arrival.channel is not None:
            channels = {channel.channel_id for plan in plans for channel in plan.channels}
            known("channel", arrival.channel, sorted(channels), place / "channel")
        else:
            yield "channel", self._plan.channels[0].channel_id
        if section is None:
            homes = dict(_homes(plans))
            found = homes.get(arrival.queue or "")
            if found is None and arrival.queue is None and len(self._plan.sections) == 1:
                found = self._plan.sections[0].section_id
            if found is not None:
                yield "section", found
            elif arrival.queue is None:
                listed = ", ".join(sorted(self._known.sections)[:8])
                place.note("in which section it arrives is not said", f"write {{section: …}}: {listed}")

    def _requirement(self, needs: Need, place: Place) -> Requirement:
        return requirement(needs, place, self._names)


def _arrivals(steps: Iterable[StepMap]) -> Iterator[tuple[str, ArrivalMap]]:
    for step in steps:
        if step.arrive is not None:
            for name in as_names(step.arrive):
                yield name, step.arrive[name] if isinstance(step.arrive, dict) else ArrivalMap()


def _homes(plans: Iterable[Plan]) -> Iterator[tuple[str, str]]:
    for plan in plans:
        for section in plan.sections:
            for queue in section.queues:
                yield queue.queue_id, section.section_id


def _spots(written: str | list[str] | dict[str, Any], place: Place) -> Iterator[tuple[Place, str]]:
    """Every name that stands there, and its place."""
    if isinstance(written, str):
        yield place, written
    elif isinstance(written, dict):
        yield from ((place / name, name) for name in written)
    else:
        yield from ((place / index, name) for index, name in enumerate(written))
