"""Whatever is done to a configuration, the answer is a plan or a ``ConfigError`` whose problems have places."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from router import config
from router.errors import ConfigError, Problem
from tests.config.building import EVERYTHING, VALID

PIECES = st.sampled_from(
    [
        *"{}[]:,-&*!|>'\"#%@`?\n\t ~=<",
        "- ",
        ": ",
        "\n  ",
        "no",
        "null",
        "0123",
        "10:30",
        "1e999",
        "9" * 400,
        "<<: *a",
        "&a ",
        "*a",
        "!!python/name:os.system",
        "\0",
        "\x85",
        "\ud800",
        "é",
        "all",
        "any",
        "not",
        "expires: 5s",
        "weight: 1",
        "agents",
        "sections:",
        "x-y: 1",
    ]
)


def survives(text: str) -> None:
    """Load the text, and look at what comes out."""
    problems = problems_of(text)
    lines = text.count("\n") + text.count("\x85") + 2
    assert all(problem.file == "x" and 0 <= problem.line <= lines and problem.message for problem in problems)


def problems_of(text: str) -> tuple[Problem, ...]:
    try:
        config.load_text(text, "x")
    except ConfigError as error:
        return error.problems or (Problem("", -1, 0, "", "an error without a problem"),)
    return ()


@st.composite
def spoiled(draw: st.DrawFn) -> str:
    """A valid text with pieces put in, taken out, swapped, or lines moved."""
    text = draw(st.sampled_from([VALID, EVERYTHING]))
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(text)))
        end = min(len(text), start + draw(st.integers(0, 30)))
        match draw(st.integers(0, 3)):
            case 0:
                text = text[:start] + draw(PIECES) + text[start:]
            case 1:
                text = text[:start] + text[end:]
            case 2:
                text = text[:start] + draw(PIECES) + text[end:]
            case _:
                lines = text.split("\n")
                index = draw(st.integers(0, len(lines) - 1))
                lines.insert(draw(st.integers(0, len(lines))), lines.pop(index))
                text = "\n".join(lines)
    return text


@given(spoiled())
def test_spoiled_texts(text: str) -> None:
    """Random damage never raises anything but ``ConfigError``."""
    survives(text)


@given(st.text(max_size=200))
def test_any_text(text: str) -> None:
    """Nor does any text at all."""
    survives(text)


SCALARS = st.sampled_from(
    ["5", "5s", "80%", "s", "x", "true", "-1", "1.5", "main", "voice", "billing", "{}", "[]", "''"]
)


@st.composite
def values(draw: st.DrawFn, depth: int = 4) -> str:
    kind = draw(st.integers(0, 3 if depth else 1))
    if kind < 2:
        return draw(SCALARS)
    if kind == 2:
        return "[" + ", ".join(draw(st.lists(values(depth - 1), max_size=3))) + "]"
    keys = draw(st.lists(st.sampled_from(KEYS), max_size=4, unique=True))
    return "{" + ", ".join(f"{key}: {draw(values(depth - 1))}" for key in keys) + "}"


KEYS = [
    "all",
    "any",
    "not",
    "agent",
    "tag",
    "pool",
    "expires",
    "opens",
    "weight",
    "skill",
    "skills",
    "tags",
    "kind",
    "members",
    "when",
    "after",
    "do",
    "relax",
    "widen-to",
    "raise-priority",
    "set-priority",
    "expedite",
    "time-to-live",
    "move-to",
    "notify",
    "divert",
    "end",
    "to",
    "name",
    "needs",
    "priority",
    "queue",
    "queues",
    "answer",
    "within",
    "share",
    "tiers",
    "skip-empty",
    "score",
    "choice",
    "ladder",
    "limit",
    "max-waiting",
    "overflow",
    "offers",
    "timeout",
    "on-no-answer",
    "pause",
    "channels",
    "voice",
    "chat",
    "wrap-up",
    "timed",
    "until-done",
    "scope",
    "intake",
    "attributes.x",
    "channel",
    "customer",
    "in",
    "exists",
    "prefix",
    "capacity",
    "costs",
    "channel-max",
    "pools",
    "sections",
    "agents",
    "successors",
    "order",
    "billing",
    "french",
    "main",
    "s",
    "t",
]


@given(st.dictionaries(st.sampled_from(KEYS), values(), max_size=6))
def test_any_shape(content: dict[str, str]) -> None:
    """Known keys with values of any shape, in any place, give problems and nothing worse."""
    survives("".join(f"{key}: {value}\n" for key, value in content.items()))


@given(st.sampled_from(["sections", "agents", "pools", "channels"]), values(), values(), values())
def test_any_shape_below(key: str, first: str, second: str, third: str) -> None:
    """The same one floor further down."""
    survives(
        f"sections: {{s: {{needs: {first}, ladder: [{{after: 1s, do: {second}}}], queues: {{q: {third}}}}}}}\n"
    )
    survives(f"{key}: {{s: {first}, t: {second}, u: {third}}}\n")
