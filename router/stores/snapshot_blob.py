"""A snapshot as a few compressed blobs of bounded size and back, so that writing one never holds the disk, or the interpreter, for long."""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from router.core.encoding import from_data, to_data
from router.core.plan import Plan
from router.stores.records import from_json, to_json

PART: Final = 1 << 19
"""A part has about so many bytes."""

_SLICE: Final = 1_000
"""So many elements of a list are encoded at a time; other threads get their turn in between."""


def encode_plan(plan: Plan) -> bytes:
    """Return the plan as bytes."""
    return zlib.compress(to_json(to_data(plan)), 1)


def decode_plan(blob: bytes) -> Plan:
    """Return the plan. Raises ``ValueError`` where it cannot be read."""
    plan = from_data(from_json(zlib.decompress(blob)))
    if not isinstance(plan, Plan):
        raise ValueError(f"a {type(plan).__name__} stands where the plan should be")
    return plan


def encode_state(snapshot: Mapping[str, object]) -> list[bytes]:
    """Return the snapshot as parts."""
    squeeze = zlib.compressobj(1)
    parts: list[bytes] = []
    pending = bytearray()
    for text in _texts(snapshot):
        pending += squeeze.compress(text)
        while len(pending) >= PART:
            parts.append(bytes(pending[:PART]))
            del pending[:PART]
    pending += squeeze.flush()
    parts.append(bytes(pending))
    return parts


def _texts(snapshot: Mapping[str, object]) -> Iterator[bytes]:
    """Yield JSON lines: ``["key"]`` before the slices of a list, ``["key", value]`` for everything else."""
    for key, value in snapshot.items():
        if isinstance(value, list) and len(value) > _SLICE:
            yield to_json([key]) + b"\n"
            for start in range(0, len(value), _SLICE):
                yield to_json({"of": value[start : start + _SLICE]}) + b"\n"
        else:
            yield to_json([key, value]) + b"\n"


def decode_state(parts: Sequence[bytes]) -> dict[str, Any]:
    """Return the snapshot. Raises ``ValueError`` where it cannot be read."""
    snapshot: dict[str, Any] = {}
    whole: list[Any] = []
    for line in zlib.decompress(b"".join(parts)).splitlines():
        data = from_json(line)
        if isinstance(data, dict):
            whole.extend(data["of"])
        elif len(data) == 1:
            whole = snapshot[data[0]] = []
        else:
            snapshot[data[0]] = data[1]
    return snapshot
