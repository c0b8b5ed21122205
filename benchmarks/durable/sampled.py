"""The ``switchroom`` command under a sampling profiler: every millisecond of processor time the main thread's stack is looked at, and
the innermost frame that PARTS names gets the sample. Costs about 1 %. At the end it writes what it saw.

    python -m benchmarks.durable.sampled SAMPLES.json serve PATH …
"""

import json
import os
import signal
import sys
from collections import Counter
from pathlib import Path
from types import FrameType

EVERY_S = 0.001

PARTS: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    ("decode and validate", "router/transports/decoding.py", ()),
    ("decode and validate", "router/transports/http/bodies.py", ()),
    ("signal", "router/transports/commands.py", ()),
    ("digest", "router/ports.py", ("digest",)),
    ("engine", "router/core/", ()),
    ("engine", "router/policies/", ()),
    ("journal encode", "router/stores/records.py", ()),
    ("hand over to the disk's thread", "router/stores/", ()),
    ("letters", "router/transports/inbox.py", ()),
    ("letters", "router/transports/state.py", ()),
    ("events", "router/transports/events.py", ()),
    ("metrics and waits", "router/transports/http/waits.py", ()),
    ("metrics and waits", "router/transports/http/metrics.py", ()),
    ("encode", "router/transports/mqtt/transport.py", ("_post",)),
    ("encode", "router/transports/http/handling.py", ("json_answer",)),
    ("publish", "agents/mqtt_connection.py", ("post", "publish", "_pump")),
    ("publish", "agents/mqtt.py", ("publish_now", "_write_later")),
    ("publish", "agents/mqtt_packets.py", ("publish",)),
    ("acknowledge", "agents/mqtt_connection.py", ("acknowledge",)),
    ("acknowledge", "agents/mqtt.py", ("acknowledge",)),
    ("receive", "agents/mqtt_packets.py", ()),
    ("receive", "agents/mqtt_connection.py", ("_heard", "_answered")),
    ("receive", "agents/mqtt.py", ("_read", "_take_packets", "_take_publish", "_hand_on", "_give_paho")),
    ("socket write", "agents/mqtt.py", ("_write", "_send", "_send_rest")),
    ("commands and replies", "router/transports/mqtt/", ()),
    ("streams", "router/transports/http/streams.py", ()),
    ("streams", "router/transports/http/feeds.py", ()),
    ("commands and replies", "router/transports/http/", ()),
    ("web framework and server", "uvicorn/", ()),
    ("web framework and server", "starlette/", ()),
    ("web framework and server", "fastapi/", ()),
    ("handles", "router/service/directory.py", ()),
    ("handles", "router/service/handles.py", ()),
    ("writer", "router/service/", ()),
    ("writer", "router/daemon/gate.py", ()),
)
LOOP = "event loop"

samples: Counter[str] = Counter()
lines: Counter[str] = Counter()
_known: dict[object, str | None] = {}


def part_of(frame: FrameType | None) -> str:
    """Return which part the stack is in."""
    while frame is not None:
        code = frame.f_code
        if code not in _known:
            _known[code] = next(
                (
                    part
                    for part, path, functions in PARTS
                    if path in code.co_filename and (not functions or code.co_name in functions)
                ),
                None,
            )
        part = _known[code]
        if part is not None:
            return part
        frame = frame.f_back
    return LOOP


def look(_: int, frame: FrameType | None) -> None:
    samples[part_of(frame)] += 1
    if frame is not None:
        code = frame.f_code
        lines[f"{code.co_filename.rpartition('site-packages/')[2]}:{code.co_name}"] += 1


def thread_s() -> dict[str, float]:
    """Return the processor time of each thread."""
    found = {}
    for task in Path("/proc/self/task").iterdir():
        fields = (task / "stat").read_text().rpartition(")")[2].split()
        found[task.name] = (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    return found


def main() -> None:
    from router.cli import main as switchroom

    where = Path(sys.argv[1])
    sys.argv = ["switchroom", *sys.argv[2:]]

    def restart(*_: object) -> None:
        samples.clear()
        lines.clear()
        threads.update(thread_s())

    def write(*_: object) -> None:
        signal.setitimer(signal.ITIMER_PROF, 0)
        used = {name: seconds - threads.get(name, 0.0) for name, seconds in thread_s().items()}
        main_s = used.pop(str(os.getpid()))
        told = {
            "main_s": main_s,
            "others_s": sum(used.values()),
            "samples": samples,
            "lines": dict(lines.most_common(60)),
        }
        where.write_text(json.dumps(told))
        where.with_suffix(".done").touch()

    threads: dict[str, float] = {}
    signal.signal(signal.SIGPROF, look)
    signal.signal(signal.SIGUSR1, restart)
    signal.signal(signal.SIGUSR2, write)
    signal.setitimer(signal.ITIMER_PROF, EVERY_S, EVERY_S)
    switchroom()


if __name__ == "__main__":
    main()
