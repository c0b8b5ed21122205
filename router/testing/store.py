"""What every store must do, as tests: subclass ``StoreContract``, say how your store is opened, and pytest runs them on it.

The tests are coroutines: pytest-asyncio in its auto mode runs them.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Awaitable, Iterable
from pathlib import Path

from router.core.encoding import to_data
from router.core.engine import Engine
from router.core.names import AgentId, ChannelId, InteractionId, OfferId, QueueId, SectionId, SkillName
from router.core.plan import Plan
from router.core.requirement import Any, Not, Requirement, SkillTerm
from router.core.signals import (
    AgentBecameNotReady,
    AgentBecameReady,
    AgentHeartbeat,
    AgentLost,
    AgentSignedIn,
    AgentSignedOut,
    AgentStartedDraining,
    CallbackAnswered,
    CallbackRequested,
    CallbackUnanswered,
    ConnectFailed,
    InteractionAbandoned,
    InteractionArrived,
    InteractionCancelled,
    InteractionCompleted,
    InteractionTransferred,
    LinkLost,
    LinkRestored,
    OfferAccepted,
    OfferDeclined,
    PlanReplaced,
    Signal,
    WorkFinished,
    WrapUpDone,
)
from router.errors import ConflictError
from router.policies import BUILT_IN
from router.ports import Entry, Recovered, Store
from router.testing.builders import a_plan, an_agent, needs

_TREE: Requirement = Any(of=(needs(french=3), Not(of=SkillTerm(skill=SkillName("x"), level=2))))


def one_of_each() -> tuple[Signal, ...]:
    """Return a signal of every kind, with values that are easily lost on the way."""
    call, ana, offer = InteractionId("ça-1"), AgentId("ana"), OfferId(7)
    return (
        InteractionArrived(call, SectionId("support"), ChannelId("voice")),
        InteractionArrived(
            call,
            SectionId("support"),
            ChannelId("voice"),
            {
                "whole": 1,
                "real": 1.0,
                "tenth": 0.1,
                "tiny": 5e-324,
                "yes": True,
                "text": "✓ \"'\n\0",
                "big": -(2**53),
            },
            QueueId("support"),
            -3,
            _TREE,
            "customer",
            10**15,
            1,
            -1,
            "reply/to",
            preferred=(ana, AgentId("ben")),
        ),
        InteractionAbandoned(call),
        InteractionCancelled(call, "no reason"),
        InteractionCompleted(call),
        CallbackRequested(call, "+41 44 000 00 00", 9, 10),
        CallbackAnswered(call),
        CallbackUnanswered(call, "busy"),
        WorkFinished(call, ana),
        WrapUpDone(call, ana),
        InteractionTransferred(call, ana),
        InteractionTransferred(call, ana, QueueId("support"), 4, _TREE, keep_place=False, to_people=True),
        OfferAccepted(offer, ana),
        OfferDeclined(offer, ana, "busy"),
        ConnectFailed(offer, ana, "unreachable"),
        AgentSignedIn(ana, ready=False, reason="lunch"),
        AgentBecameReady(ana),
        AgentBecameNotReady(ana, "lunch"),
        AgentStartedDraining(ana),
        AgentSignedOut(ana),
        AgentHeartbeat(ana),
        AgentLost(ana, "will"),
        LinkLost(),
        LinkRestored(),
        PlanReplaced(a_plan(an_agent("ana", skills={"french": 3}), version="2")),
    )


def entries_of(signals: Iterable[Signal | None], start: int = 1) -> list[Entry]:
    """Return an entry for each signal, at one millisecond after the other."""
    return [Entry(at, signal, at * 2_654_435_761 % 2**32) for at, signal in enumerate(signals, start)]


def exactly(entries: Iterable[Entry]) -> list[str]:
    """Return the entries as texts that tell 1 from 1.0 and True, which compare equal."""
    return [repr((at, to_data(signal), digest)) for at, signal, digest in entries]


class StoreContract(ABC):
    """Subclass it as ``TestMyStore`` and define ``open``."""

    @abstractmethod
    async def open(self, folder: Path) -> Store:
        """Open the store that belongs to the folder: a new one at first, what is kept there once it was closed."""

    async def begun(self, folder: Path) -> tuple[Store, Plan]:
        """Return a store that was begun, and the plan it was begun with."""
        plan = a_plan(an_agent())
        store = await self.open(folder)
        await store.begin(plan, Engine(plan, BUILT_IN).snapshot())
        return store, plan

    async def recovered(self, store: Store) -> Recovered:
        """Return what is kept, which must be something."""
        kept = store.recover()
        assert kept is not None
        return kept

    async def test_a_new_store_holds_nothing(self, tmp_path: Path) -> None:
        """Nothing begun: nothing recovered, and no entry is taken."""
        store = await self.open(tmp_path)
        assert store.recover() is None
        await refused(RuntimeError, store.append(entries_of([None])))
        await store.close()

    async def test_what_was_begun_comes_back(self, tmp_path: Path) -> None:
        """Plan and snapshot come back equal, at once and after a restart, with no entries."""
        store, plan = await self.begun(tmp_path)
        for again in (False, True):
            if again:
                await store.close()
                store = await self.open(tmp_path)
            kept = await self.recovered(store)
            assert (kept.plan, kept.snapshot, list(kept.entries)) == (
                plan,
                Engine(plan, BUILT_IN).snapshot(),
                [],
            )
        await store.close()

    async def test_a_journal_is_begun_once(self, tmp_path: Path) -> None:
        """Beginning again is a conflict, now and after a restart, and changes nothing."""
        store, plan = await self.begun(tmp_path)
        await refused(ConflictError, store.begin(plan, {}))
        await store.close()
        store = await self.open(tmp_path)
        await refused(ConflictError, store.begin(plan, {}))
        assert Engine(plan, BUILT_IN).snapshot() == (await self.recovered(store)).snapshot
        await store.close()

    async def test_entries_come_back_exactly_and_in_order(self, tmp_path: Path) -> None:
        """Every kind of signal, in batches of several sizes, before and after a restart, to the type of each number."""
        store, _ = await self.begun(tmp_path)
        entries = entries_of([None, *one_of_each(), None])
        await store.append(entries[:1])
        await store.append([])
        await store.append(entries[1:4])
        await store.append(entries[4:])
        assert exactly(entries) == exactly((await self.recovered(store)).entries)
        await store.close()
        store = await self.open(tmp_path)
        assert exactly(entries) == exactly((await self.recovered(store)).entries)
        await store.close()

    async def test_a_journal_goes_on_after_a_restart(self, tmp_path: Path) -> None:
        """What is appended after a recovery follows what was there."""
        entries = entries_of([None] * 40)
        store, _ = await self.begun(tmp_path)
        for start in range(0, 40, 10):
            await store.append(entries[start : start + 10])
            await store.close()
            store = await self.open(tmp_path)
            assert entries[: start + 10] == list((await self.recovered(store)).entries)
        await store.close()

    async def test_recovery_starts_at_the_newest_snapshot(self, tmp_path: Path) -> None:
        """Kept at the end, in the middle of a batch, or where the last one was, entries follow from that very moment."""
        store, _ = await self.begun(tmp_path)
        entries = entries_of([None] * 30)
        for start in range(0, 30, 10):
            await store.append(entries[start : start + 10])
        for after in (0, 7, 10, 10, 23, 30):
            plan = a_plan(an_agent(), version=f"plan-{after}")
            snapshot = Engine(plan, BUILT_IN, now=after).snapshot()
            await store.keep(plan, snapshot, after)
            for again in (False, True):
                if again:
                    await store.close()
                    store = await self.open(tmp_path)
                kept = await self.recovered(store)
                assert (kept.plan, kept.snapshot, list(kept.entries)) == (plan, snapshot, entries[after:])
        await store.append(entries_of([None], 31))
        assert entries_of([None], 31) == list((await self.recovered(store)).entries)
        await store.close()

    async def test_a_snapshot_of_no_moment_is_refused(self, tmp_path: Path) -> None:
        """After the last entry, or before the newest snapshot; the store goes on."""
        store, plan = await self.begun(tmp_path)
        await store.append(entries_of([None] * 5))
        await store.keep(plan, {"at": 3}, 3)
        await refused(ValueError, store.keep(plan, {}, 6))
        await refused(ValueError, store.keep(plan, {}, 2))
        kept = await self.recovered(store)
        assert ({"at": 3}, entries_of([None] * 2, 4)) == (kept.snapshot, list(kept.entries))
        await store.close()

    async def test_nothing_is_shared_with_what_was_given(self, tmp_path: Path) -> None:
        """What changes after it was kept changes nothing that is kept."""
        plan = a_plan()
        store = await self.open(tmp_path)
        snapshot = {"list": [1, 2]}
        attributes: dict[str, int] = {"a": 1}
        await store.begin(plan, snapshot)
        arrival = InteractionArrived(InteractionId("1"), SectionId("s"), ChannelId("c"), attributes)
        await store.append(entries_of([arrival]))
        snapshot["list"].append(3)
        attributes["b"] = 2
        kept = await self.recovered(store)
        (entry,) = kept.entries
        assert ({"list": [1, 2]}, arrival._replace(attributes={"a": 1})) == (kept.snapshot, entry.signal)
        await store.close()


async def refused(error: type[Exception], call: Awaitable[object]) -> None:
    """Demand that the call raises such an error."""
    try:
        await call
    except error:
        return
    raise AssertionError(f"{error.__name__} was not raised")
