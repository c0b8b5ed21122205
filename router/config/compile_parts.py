"""Channels, offers, wrap-up and limits as they are written, to the plan's, with every default filled in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Final, TypeVar

from agents.model import WrapUp
from router.config import schema
from router.config.names import Names, Place, known, unique
from router.config.schema_offers import LimitMap, OfferMap, Offers, PauseMap, WrapUpRule, WrapUps, WrapUpsMap
from router.core import plan
from router.core.names import ChannelId
from router.policies import BUILT_IN

T = TypeVar("T")

FULL_COST: Final = 100
STANDARD_CHANNELS: Final[Mapping[str, plan.Channel]] = {
    "voice": plan.Channel(channel_id=ChannelId("voice"), cost=FULL_COST, hold_ms=None),
    "chat": plan.Channel(channel_id=ChannelId("chat"), cost=33),
    "mail": plan.Channel(channel_id=ChannelId("mail"), cost=20, interruptible_by=(ChannelId("voice"),)),
}


def channels(centre: schema.CentreFile, place: Place, names: Names) -> tuple[plan.Channel, ...]:
    """Return the channels that are written, or the standard ones."""
    written = centre.channels
    if isinstance(written, dict):
        return tuple(_channel(name, one, place / "channels" / name, names) for name, one in written.items())
    unique(written or [], place / "channels")
    return tuple(_channel(name, schema.ChannelMap(), place, names) for name in written or STANDARD_CHANNELS)


def _channel(name: str, written: schema.ChannelMap, place: Place, names: Names) -> plan.Channel:
    standard = STANDARD_CHANNELS.get(name) or plan.Channel(channel_id=ChannelId(name))
    cost = standard.cost if written.cost is None else written.cost
    by = written.interruptible_by
    if by is None:
        by = [other for other in standard.interruptible_by if other in names.channels]
    else:
        unique(by, place / "interruptible-by")
        for index, other in enumerate(by):
            names.channel(other, place / "interruptible-by" / index)
    lost = written.when_agent_lost
    if lost is None:
        lost = schema.Keep() if standard.hold_ms is None else standard.hold_ms
    if written.choice is not None:
        known("choice", written.choice, BUILT_IN.choices(), place / "choice")
    return plan.Channel(
        channel_id=ChannelId(name),
        cost=cost,
        interruptible_by=tuple(ChannelId(other) for other in by),
        hold_ms=None if isinstance(lost, schema.Keep) else lost,
        choice=written.choice or ("longest-idle" if cost >= FULL_COST else "load-ratio"),
    )


def offer_rules(channel: str, *sources: Offers | None) -> plan.OfferRules:
    """Return the rules of a channel: what is said about a channel wins over what is said about all of them.

    Of two that speak about the same the later source (the section, after the centre) wins.
    """
    rules = plan.OfferRules()
    given = [source for source in sources if source is not None]
    for source in given:
        rules = _over(rules, source)
    for source in given:
        if channel in source.channels:
            rules = _over(rules, source.channels[channel])
    return rules


def _over(rules: plan.OfferRules, written: OfferMap) -> plan.OfferRules:
    answer = written.on_no_answer
    pause_ms = answer.pause if isinstance(answer, PauseMap) else rules.pause_ms
    return plan.OfferRules(
        timeout_ms=default(written.timeout, rules.timeout_ms),
        on_no_answer="pause" if isinstance(answer, PauseMap) else default(answer, rules.on_no_answer),
        pause_ms=pause_ms,
        max_no_answer=default(written.max_no_answer, rules.max_no_answer),
        retry_after_ms=default(written.retry_after, rules.retry_after_ms),
        all_declined_pause_ms=default(written.all_declined_pause, rules.all_declined_pause_ms),
        auto_answer=default(written.auto_answer, rules.auto_answer),
        broadcast=default(written.broadcast, rules.broadcast),
    )


def default(value: T | None, otherwise: T) -> T:
    """Return the value, or what holds where none is written."""
    return otherwise if value is None else value


def wrap_up(channel: str, *sources: WrapUps | None) -> WrapUp | None:
    """Return the rule of a channel, by the same precedence as offers; None if no source says anything."""
    for source in reversed(sources):
        if isinstance(source, WrapUpsMap) and channel in source.channels:
            return _wrap_up(source.channels[channel])
    for source in reversed(sources):
        if source is not None and (
            source == "none" or source.timed is not None or source.until_done is not None
        ):
            return _wrap_up(source)
    return None


def _wrap_up(written: WrapUpRule) -> WrapUp:
    if isinstance(written, str):
        return WrapUp()
    scope = written.scope or "agent"
    if written.timed is not None:
        return WrapUp(kind="timed", limit_ms=written.timed, scope=scope)
    return WrapUp(kind="until-done", limit_ms=written.until_done or 0, scope=scope)


def channel_keys(written: Offers | WrapUps | None, place: Place, names: Names) -> None:
    """Note exceptions for channels there are not."""
    if written is not None and not isinstance(written, str):
        for name in written.channels:
            names.channel(name, place / "channels" / name, key=True)


def limit(written: LimitMap | None, place: Place, names: Names, *, look_up: bool = True) -> plan.Limit | None:
    """Return the limit that is written; ``look_up`` False: whatever it names is wrong anyway."""
    if written is None:
        return None
    if written.max_estimated_wait is not None:
        names.needs_estimates("max-estimated-wait", place / "max-estimated-wait")
    bounds = plan.Limit(max_waiting=written.max_waiting, max_estimated_ms=written.max_estimated_wait)
    if written.divert is not None:
        return replace(bounds, when_full="divert", target=written.divert)
    if written.overflow is not None and look_up:
        queue = names.queue_or_section(written.overflow, place / "overflow")
        return replace(bounds, when_full="overflow", target=queue or "")
    return bounds
