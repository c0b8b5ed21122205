"""Sections and queues as they are written, to the plan's: what a queue does not say, its section says."""

from __future__ import annotations

from dataclasses import replace

from agents.model import WrapUp
from router.config import schema
from router.config.compile_affinity import agent_window
from router.config.compile_calendars import settled, with_hours
from router.config.compile_ladders import ladder
from router.config.compile_parts import channel_keys, default, limit, offer_rules, wrap_up
from router.config.compile_rules import condition, requirement, spots
from router.config.compile_selection import queue_selection
from router.config.names import Names, Place, known
from router.config.schema_callbacks import CallbacksMap
from router.config.schema_rules import as_list
from router.config.yaml_source import shown
from router.core import plan
from router.core.callback_plan import Callbacks
from router.core.names import ChannelId, PoolId, QueueId, SectionId
from router.core.plan import Queue, Section
from router.errors import did_you_mean
from router.policies import BUILT_IN


def _callbacks(written: CallbacksMap | None) -> Callbacks | None:
    if written is None:
        return None
    return Callbacks(
        mode=written.mode,
        attempts=written.attempts,
        retry_after_ms=written.retry_after,
        dial_ms=written.dial,
    )


def section_of(
    name: str, written: schema.SectionMap, place: Place, centre: schema.CentreFile, names: Names
) -> Section:
    """Return the section that is written, and note what cannot be."""
    section_id = SectionId(name)
    channel_keys(written.offers, place / "offers", names)
    channel_keys(written.wrap_up, place / "wrap-up", names)
    base = _settings(Queue(queue_id=QueueId(name), section_id=section_id), written, place, names)
    queues = [base] if written.queues is None else []
    for queue_name, queue in (written.queues or {}).items():
        spot = place / "queues" / queue_name
        room = limit(queue.limit, spot / "limit", names)
        queues.append(_settings(replace(base, queue_id=QueueId(queue_name), limit=room), queue, spot, names))
    here = [queue.queue_id for queue in queues]
    if written.default_queue is not None:
        _own_queue(written.default_queue, place / "default-queue", name, here, names)
    offers = {channel: offer_rules(channel, centre.offers, written.offers) for channel in names.channels}
    for channel, offered in offers.items():
        if offered.auto_answer and offered.broadcast > 1:
            (place / "offers" if written.offers is not None else place).note(
                f"what is answered automatically cannot be broadcast, but {channel} is both here",
                "choose 'auto-answer' or 'broadcast'",
                key=True,
            )
    rules: list[plan.IntakeRule] = []
    for index, rule in enumerate(written.intake):
        rules.append(_rule(rule, place / "intake" / index, index, name, here, names, rules))
    return Section(
        section_id=section_id,
        queues=tuple(settled(queue) for queue in queues),
        default_queue=QueueId(names.default_queue.get(name, here[0])),
        intake=tuple(rules),
        refuse_unmatched=written.unmatched == "refuse",
        trust_sender=written.trust_sender,
        ms_per_point=written.head_start_per_point,
        offers=tuple((ChannelId(channel), rules) for channel, rules in offers.items()),
        wrap_up=tuple(
            (ChannelId(channel), wrap_up(channel, centre.wrap_up, written.wrap_up) or WrapUp())
            for channel in names.channels
        ),
        callbacks=_callbacks(written.callbacks),
        limit=limit(written.limit, place / "limit", names),
    )


def _own_queue(queue: str, place: Place, section: str, here: list[QueueId], names: Names) -> None:
    if queue in here:
        return
    elsewhere = names.section_of.get(queue)
    if elsewhere is not None:
        what = f"queue {shown(queue)!r} belongs to section {elsewhere!r}"
        place.note(what, f"name a queue of {section!r}: " + ", ".join(repr(str(own)) for own in here[:8]))
    else:
        place.note(f"unknown queue {shown(queue)!r}", did_you_mean(queue, here))


def _rule(
    written: schema.IntakeMap,
    place: Place,
    index: int,
    section: str,
    here: list[QueueId],
    names: Names,
    before: list[plan.IntakeRule],
) -> plan.IntakeRule:
    if written.name is not None and any(rule.name == written.name for rule in before):
        (place / "name").note(f"a rule named {shown(written.name)!r} stands above already")
    if written.queue is not None:
        _own_queue(written.queue, place / "queue", section, here, names)
    return plan.IntakeRule(
        name=written.name or f"rule-{index + 1}",
        when=condition(written.when, place / "when", names),
        queue=None if written.queue is None else QueueId(written.queue),
        priority=written.priority,
        requirement=None if written.needs is None else requirement(written.needs, place / "needs", names),
    )


def _settings(base: Queue, written: schema.QueueSettings, place: Place, names: Names) -> Queue:
    """Return the queue with the settings that are written, and those of ``base`` where nothing is."""
    answer = written.answer or schema.AnswerMap()
    made = replace(
        base,
        priority=default(written.priority, base.priority),
        answer_within_ms=default(answer.within, base.answer_within_ms),
        answer_share=default(answer.share, base.answer_share),
        time_to_live_ms=default(written.time_to_live, base.time_to_live_ms),
        skip_empty=default(written.skip_empty, base.skip_empty),
        choice=default(written.choice, base.choice),
        tolerance=default(written.tolerance, base.tolerance),
        last_agent=agent_window(base.last_agent, written.last_agent),
        preferred=agent_window(base.preferred, written.preferred),
        selection=queue_selection(base.selection, written.selection),
    )
    if written.choice is not None:
        known("choice", written.choice, BUILT_IN.choices(), place / "choice")
    if written.needs is not None:
        made = replace(made, requirement=requirement(written.needs, place / "needs", names))
    if written.tiers is not None:
        made = replace(made, tiers=_tiers(written.tiers, place / "tiers", names))
    if written.score is not None:
        made = replace(made, score=_score(written.score, place / "score"))
    if written.ladder is not None:
        made = replace(made, ladder=ladder(written.ladder, place / "ladder", names))
    return with_hours(made, written, place, names)


def _tiers(written: list[str | list[str]], place: Place, names: Names) -> tuple[tuple[PoolId, ...], ...]:
    tier_of: dict[str, int] = {}
    for index, tier in enumerate(written):
        for pool, spot in spots(tier, place / index):
            if names.pool(pool, spot) and pool in tier_of:
                spot.note(f"pool {shown(pool)!r} is in tier {tier_of[pool]} already", "remove one")
            tier_of.setdefault(pool, index + 1)
    return tuple(tuple(PoolId(pool) for pool in as_list(tier)) for tier in written)


def _score(written: dict[str, int], place: Place) -> tuple[tuple[str, int], ...]:
    for term in written:
        known("score term", term, BUILT_IN.terms, place / term, key=True)
    return tuple(written.items())
