"""Packets as bytes and back, held against what the standard says."""

from __future__ import annotations

import pytest

from agents import mqtt_packets as packets


@pytest.mark.parametrize("is_v5", [True, False])
@pytest.mark.parametrize("size", [0, 1, 100, 127, 128, 16_383, 16_384, 300_000])
@pytest.mark.parametrize("is_retained", [True, False])
def test_a_message_survives_being_written_and_read(*, is_v5: bool, size: int, is_retained: bool) -> None:
    """Whatever its length, with either protocol, and also behind another packet."""
    payload = b"x" * size
    data = packets.puback(7) + packets.publish("a/é", payload, 54_321, is_retained=is_retained, is_v5=is_v5)
    assert packets.bounds(data, 0) == (2, 4)
    found = packets.bounds(data, 4)
    assert found is not None
    body, end = found
    assert end == len(data)
    assert packets.Published("a/é", payload, is_retained, False, 54_321) == packets.read_publish(
        data, 4, body, end, is_v5=is_v5
    )


def test_a_message_is_written_as_the_standard_says() -> None:
    """Type 3, QoS 1, length, topic, packet id, no properties, payload."""
    written = packets.publish("a/b", b"hi", 10, is_retained=True, is_v5=True)
    assert bytes.fromhex("330a 0003 612f62 000a 00") + b"hi" == written
    written = packets.publish("a/b", b"hi", 10, is_retained=False, is_v5=False)
    assert bytes.fromhex("3209 0003 612f62 000a") + b"hi" == written


def test_a_packet_that_is_not_all_there_is_waited_for() -> None:
    """At any cut, and nothing is read beyond it."""
    data = packets.publish("a/b", b"x" * 200, 10, is_retained=False, is_v5=True)
    for cut in range(len(data)):
        assert packets.bounds(data[:cut], 0) is None
    assert packets.bounds(data, 0) is not None


def test_a_length_that_is_none_is_refused() -> None:
    """Five bytes that all go on are no length."""
    with pytest.raises(ValueError, match="whose length is none"):
        packets.bounds(b"\x30\xff\xff\xff\xff\x01", 0)


def test_properties_are_passed_over_and_flags_read() -> None:
    """A repeated message with an expiry interval, from an MQTT 5 broker."""
    data = bytes.fromhex("3a 10 0003 612f62 000a 05 0200000010") + b"hi!"
    assert packets.bounds(data, 0) == (2, len(data))
    assert packets.Published("a/b", b"hi!", False, True, 10) == packets.read_publish(
        data, 0, 2, len(data), is_v5=True
    )


def test_qos_0_has_no_packet_id_and_what_is_unusual_is_left_to_the_library() -> None:
    """QoS 2, and properties that are longer than the packet."""
    data = bytes.fromhex("30 06 0003 612f62") + b"x"
    assert packets.Published("a/b", b"x", False, False, 0) == packets.read_publish(
        data, 0, 2, len(data), is_v5=False
    )
    data = bytes.fromhex("34 08 0003 612f62 000a") + b"x"
    assert packets.read_publish(data, 0, 2, len(data), is_v5=False) is None
    data = bytes.fromhex("32 09 0003 612f62 000a 20") + b"x"
    assert packets.read_publish(data, 0, 2, len(data), is_v5=True) is None


def test_an_acknowledgement_has_its_reason() -> None:
    """Without one it means success; 0x87 says that it is forbidden."""
    assert packets.read_puback(packets.puback(0x1234), 2, 4) == (0x1234, 0)
    assert packets.read_puback(bytes.fromhex("40 04 0005 87 00"), 2, 6) == (5, 0x87)


def test_a_topic_that_is_too_long_is_refused() -> None:
    """Its length has two bytes."""
    with pytest.raises(ValueError, match="at most 65535 bytes, found 65536"):
        packets.publish("t" * 65_536, b"", 1, is_retained=False, is_v5=True)
