"""Entries as bytes: exact, for every signal there may be, and refused where this version does not know them."""

from __future__ import annotations

import json
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.model import AgentId, ChannelId
from router.core.names import InteractionId, SectionId
from router.core.signals import InteractionArrived, Signal
from router.ports import Entry
from router.stores.records import KINDS, UnknownRecordError, decode, encode
from router.testing.store import entries_of, exactly, one_of_each
from tests.stores.histories import journalled

ATTRIBUTES = st.dictionaries(
    st.text(st.characters(), max_size=5),  # lone surrogates too
    st.one_of(
        st.booleans(),
        st.integers(-(2**80), 2**80),
        st.floats(),
        st.text(st.characters(), max_size=10),
    ),
)


def test_every_kind_of_signal_has_a_number() -> None:
    """One number per kind, and an example of each in the contract."""
    assert set(get_args(Signal)) == set(KINDS.values()) == {type(signal) for signal in one_of_each()}
    assert len(KINDS) == len(set(KINDS.values()))


@given(ATTRIBUTES, st.text(st.characters(), max_size=8), st.integers(0, 2**62))
def test_any_attributes_survive(attributes: Any, customer: str, at: int) -> None:
    """Numbers of any size, not-a-number, text that is not Unicode: the same value of the same kind again."""
    arrival = InteractionArrived(
        InteractionId("i"), SectionId("s"), ChannelId("c"), attributes, customer=customer
    )
    entries = [Entry(at, arrival, 1), Entry(at, None, 0)]
    assert exactly(entries) == exactly(decode(encode(entries)))


@pytest.mark.parametrize("number", range(20))
def test_random_histories_survive(number: int, seed: int) -> None:
    """Whatever the engine took, plans and requirement trees among it."""
    entries = journalled(seed + number).entries
    assert exactly(entries) == exactly(decode(encode(entries)))


@pytest.mark.parametrize(
    ("row", "why"),
    [
        ([1, 2, 99], "no kind of record has the number 99"),
        ([1, 2, 2, "id", "more"], "InteractionAbandoned"),
        ([1, 2, 18, {"$": "Nothing"}], "no value type is called 'Nothing'"),
    ],
)
def test_unknown_records_are_refused(row: list[Any], why: str) -> None:
    """A kind, a field or a value of a later version is not skipped."""
    with pytest.raises(UnknownRecordError, match=why):
        decode(encode(entries_of([None]))[:-1] + b"," + json.dumps(row).encode() + b"]")


def test_preferred_agents_come_back_as_they_were() -> None:
    """Whoever was preferred, in order, and nobody in a record from before there were any."""
    arrival = InteractionArrived(InteractionId("i"), SectionId("s"), ChannelId("c"))
    some = arrival._replace(preferred=(AgentId("zoe"), AgentId("ana")))
    entries = [Entry(1, arrival, 1), Entry(2, some, 1)]
    assert decode(encode(entries)) == entries
    rows = json.loads(encode(entries))
    assert decode(json.dumps([rows[0][:-1]]).encode()) == entries[:1]
