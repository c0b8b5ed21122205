"""The three MQTT packets that come by the thousand, as bytes and back: PUBLISH, PUBACK, and where a packet ends. Everything else a
connection says, and whatever is unusual, is the library's. Formats: MQTT 3.1.1 and 5.0, sections 2 and 3.3 to 3.4.
"""

from __future__ import annotations

from typing import Final, NamedTuple

PUBLISH: Final = 0x30
PUBACK: Final = 0x40
PLAIN_PUBACK: Final = b"\x40\x02"
"""How a PUBACK begins that has a packet id and no more: all is well."""
FIRST_ID: Final = 1_024
"""Packet ids below are the library's, for subscriptions."""
LAST_ID: Final = 65_535

_DUP, _QOS, _RETAIN = 0x08, 0x06, 0x01
_QOS_1: Final = 0x02
_CONTINUES: Final = 0x80


class Published(NamedTuple):
    """What a PUBLISH says; ``packet_id`` 0 with QoS 0."""

    topic: str
    payload: bytes
    is_retained: bool
    is_repeated: bool
    packet_id: int


def publish(topic: str, payload: bytes, packet_id: int, *, is_retained: bool, is_v5: bool) -> bytes:
    """Return a PUBLISH with QoS 1. Raises ``ValueError`` for a topic that is too long."""
    name = topic.encode()
    if len(name) > LAST_ID:
        raise ValueError(f"a topic has at most {LAST_ID} bytes, found {len(name)}")
    size = len(name) + len(payload) + (5 if is_v5 else 4)
    head = bytearray((PUBLISH | _QOS_1 | is_retained,))
    while size >= _CONTINUES:
        head.append(size & 0x7F | _CONTINUES)
        size >>= 7
    head.append(size)
    head += len(name).to_bytes(2, "big")
    return b"".join((head, name, packet_id.to_bytes(2, "big"), b"\0" if is_v5 else b"", payload))


def puback(packet_id: int) -> bytes:
    """Return the PUBACK that says: done."""
    return PLAIN_PUBACK + packet_id.to_bytes(2, "big")


def bounds(data: bytes | bytearray, start: int) -> tuple[int, int] | None:
    """Return where the body of the packet at ``start`` begins and where it ends; None where not all of it is there yet.

    Raises ``ValueError`` for a length that is none.
    """
    size = shift = 0
    at = start + 1
    while True:
        if at >= len(data):
            return None
        byte = data[at]
        at += 1
        size |= (byte & 0x7F) << shift
        if byte < _CONTINUES:
            break
        shift += 7
        if shift > 21:
            raise ValueError("the broker sent a packet whose length is none")
    end = at + size
    return (at, end) if end <= len(data) else None


def read_publish(
    data: bytes | bytearray, start: int, body: int, end: int, *, is_v5: bool
) -> Published | None:
    """Return what the PUBLISH between ``start`` and ``end`` says; None where the library is to read it: QoS 2, or damaged."""
    flags = data[start]
    topic_end = body + 2 + int.from_bytes(data[body : body + 2], "big")
    at, packet_id = topic_end, 0
    if flags & _QOS:
        if flags & _QOS != _QOS_1:
            return None
        packet_id = int.from_bytes(data[at : at + 2], "big")
        at += 2
    if is_v5:
        if at >= end or data[at] >= _CONTINUES:
            return None
        at += 1 + data[at]
    if at > end:
        return None
    topic = data[body + 2 : topic_end].decode()
    return Published(topic, bytes(data[at:end]), bool(flags & _RETAIN), bool(flags & _DUP), packet_id)


def read_puback(data: bytes | bytearray, body: int, end: int) -> tuple[int, int]:
    """Return whose acknowledgement it is, and the reason code: from 0x80 on a refusal."""
    return int.from_bytes(data[body : body + 2], "big"), data[body + 2] if end > body + 2 else 0
