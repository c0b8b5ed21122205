"""How YAML is read: what scalars stand for, and what no file may hold."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from pydantic import Field

from router.config import documents, yaml_source
from router.errors import ConfigError


def value_of(text: str) -> Any:
    document = yaml_source.read_text(text, "x")
    assert document.problems == []
    return document.value


def said_of(text: str) -> list[str]:
    return [str(problem) for problem in yaml_source.read_text(text, "x").problems]


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("no", "no"),
        ("on", "on"),
        ("yes", "yes"),
        ("10:30", "10:30"),
        ("1:30:00", "1:30:00"),
        ("0123", "0123"),
        ("+4930", "+4930"),
        ("1e3", "1e3"),
        ("12e5", "12e5"),
        ("0x1f", "0x1f"),
        ("0o17", "0o17"),
        ("1_000", "1_000"),
        (".5", ".5"),
        (".inf", ".inf"),
        ("2026-01-01", "2026-01-01"),
        ("=", "="),
        ("'12'", "12"),
        ("!!str 12", "12"),
        ("12", 12),
        ("-3", -3),
        ("0", 0),
        ("1.50", 1.5),
        ("true", True),
        ("False", False),
        ("null", None),
        ("~", None),
        ("", None),
    ],
)
def test_a_scalar_is_what_it_looks_like(written: str, meant: object) -> None:
    """Only plain decimal numbers, true, false and null are not texts: nothing is silently something else."""
    found = value_of(f"key: {written}")["key"]
    assert (meant, type(meant)) == (found, type(found))


def test_keys_are_texts_as_written() -> None:
    """A key is never taken for a number, a boolean or null."""
    assert list(value_of("{0123: a, 12: b, no: c, true: d, ~: e, 1.50: f}")) == [
        "0123",
        "12",
        "no",
        "true",
        "~",
        "1.50",
    ]


def test_a_merge_takes_in_what_is_not_written() -> None:
    """``<<`` puts keys where it stands; a key that is written out wins, then the mapping named first."""
    text = "x-a: &a {p: 1, q: 2}\nx-b: &b {q: 3, r: 4}\nk: {o: 0, <<: [*a, *b], q: 9}"
    found = value_of(text)
    assert found == {"k": {"o": 0, "p": 1, "r": 4, "q": 9}}
    assert list(found["k"]) == ["o", "p", "r", "q"]


def test_top_level_x_keys_are_left_out() -> None:
    """Keys that start with ``x-`` are a place for anchors at the top, and ordinary keys below."""
    assert value_of("x-a: 1\na: {x-b: 2}") == {"a": {"x-b": 2}}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a: 1\nb: 2\na: 3", "x:3:1: a: the key 'a' stands here twice, first on line 1 (remove one)"),
        (
            "k:\n  - {a: 1, a: 2}",
            "x:2:12: k[0].a: the key 'a' stands here twice, first on line 2 (remove one)",
        ),
        ("a: !thing 1", "x:1:4: a: the tag '!thing' is not supported (leave it out)"),
        (
            "a: !!python/object/apply:os.system ['x']",
            "x:1:4: a: the tag 'tag:yaml.org,2002:python/object/apply:os.system' is not supported (leave it out)",
        ),
        ("a: *b", "x:1:4: a: the alias '*b' names no anchor before it"),
        ("a: &a [*a]", "x:1:8: a[0]: the alias '*a' stands inside of what it names"),
        ("{[1]: 2}", "x:1:2: a key must be a plain text (text with braces or brackets needs quotes)"),
        ("a: &a x\n*a : 1", "x:2:1: the alias '*a' cannot be a key (write the key out)"),
        ("a: {<<: 3}", "x:1:9: a: '<<' takes in mappings only (write '<<: *anchor')"),
        ("a: 1\n---\nb: 1", "x:2:1: a second document starts here (one file holds one document)"),
        ("a: \x07", "x:1:4: the character U+0007 cannot stand in YAML (remove it)"),
        ("a: \ud800", "x:1:4: the character U+D800 cannot stand in YAML (remove it)"),
        ("[" * 100, "x:1:65: nested deeper than 64"),
        ("- " * 100, "x:1:129: nested deeper than 64"),
    ],
)
def test_what_no_file_may_hold(text: str, said: str) -> None:
    """Each is refused with its place and with what would do."""
    assert [said] == said_of(text)


@pytest.mark.parametrize(
    ("text", "place", "hint"),
    [
        ("a: [1, 2\nb: 3", "x:2:2: ", "(a bracket, brace or quote is not closed)"),
        ("a:\n\t- 1", "x:2:1: ", "(indent with spaces, not with tabs)"),
        (
            "a: b: c",
            "x:1:5: ",
            "(a text with ': ' in it needs quotes; keys of one mapping stand in one column)",
        ),
        ("a: @b", "x:1:4: ", "(put the text in quotes)"),
    ],
)
def test_broken_yaml_says_where_and_what_would_do(text: str, place: str, hint: str) -> None:
    """The parser's own words stand between the place and the hint."""
    [said] = said_of(text)
    assert said.startswith(f"{place}not readable as YAML: ")
    assert said.endswith(hint)


def test_billion_laughs_are_refused() -> None:
    """Aliases stand for a bounded number of values, however short the file is."""
    lines = ["a: &a [1,1,1,1,1,1,1,1,1,1]"]
    lines += [
        f"{new}: &{new} [{','.join([f'*{old}'] * 10)}]"
        for old, new in zip("abcdefgh", "bcdefghi", strict=True)
    ]
    assert said_of("\n".join(lines)) == ["x:5:8: aliases stand for more than 20,000 values (write them out)"]


def test_files_are_bounded_utf8(tmp_path: Any) -> None:
    """A file that is too large, of another encoding, or not there is one located problem."""
    path = tmp_path / "f.yaml"
    path.write_bytes("a: 1\nb: Chlo\xe9".encode("latin-1"))
    assert [str(problem) for problem in yaml_source.read_file(path, "f").problems] == [
        "f:2:8: byte 0xe9 is not UTF-8 (save the file as UTF-8)"
    ]
    path.write_bytes(b"#" * (yaml_source.FILE_BYTES_MAX + 1))
    assert [str(problem) for problem in yaml_source.read_file(path, "f").problems] == [
        "f: the file is larger than 8 MiB (split it)"
    ]
    path.write_bytes(b"\xef\xbb\xbfa: 1")
    assert yaml_source.read_file(path).value == {"a": 1}
    assert [str(problem) for problem in yaml_source.read_file(tmp_path / "nope", "g").problems] == [
        "g: cannot be read: no such file or directory"
    ]


def test_the_slow_parser_reads_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where libyaml is missing, the parser in Python gives the same values and places."""
    text = "a: [1, no, {b: 0123}]\nc: &c {d: 1.5}\ne: *c\nf: 1\nf: 2"
    fast = yaml_source.read_text(text, "x")
    monkeypatch.setattr(yaml_source, "_LOADER", yaml.SafeLoader)
    slow = yaml_source.read_text(text, "x")
    assert (fast.value, fast.problems) == (slow.value, slow.problems)
    assert (fast.place(("a", 2, "b")), fast.place(("e", "d"))) == (
        slow.place(("a", 2, "b")),
        slow.place(("e", "d")),
    )


class Job(documents.Model):
    """A document of another kind, as the simulator has."""

    duration: documents.Duration
    answered: documents.Share = 1000
    calls_per_hour: float = Field(0.0, ge=0, le=1e6)
    parts: list[documents.Name] = Field([])
    loud: bool = False


def test_other_documents_are_read_the_same_way(tmp_path: Any) -> None:
    """``read_model`` gives a model with kebab-case keys, durations in milliseconds, shares in thousandths."""
    path = tmp_path / "job.yaml"
    path.write_text("duration: 1h30m\nanswered: 99.5%\ncalls-per-hour: 12\nparts: [7, b]\n")
    assert Job.model_construct(
        duration=5_400_000, answered=995, calls_per_hour=12.0, parts=["7", "b"], loud=False
    ) == documents.read_model(path, Job)


def test_other_documents_say_all_that_is_wrong_at_once() -> None:
    """One ``ConfigError`` holds every problem of the document, each with its place."""
    text = "duration: 10:30\nanswered: 0.8\ncalls_per_hour: 3\nparts: [a, b c, 1.5]\nloud: yes"
    with pytest.raises(ConfigError) as caught:
        documents.read_model_text(text, Job)
    assert [str(problem) for problem in caught.value.problems] == [
        "<text>:1:11: duration: '10:30' is not a duration (write '10m30s')",
        "<text>:2:11: answered: the share 0.8 has no percent sign (write '80%')",
        "<text>:3:1: calls_per_hour: unknown key 'calls_per_hour' (did you mean 'calls-per-hour'?)",
        "<text>:4:12: parts[1]: 'b c' is not a name (1 to 64 of letters, digits, '_', '.', ':', '-')",
        "<text>:4:17: parts[2]: expected a name, found the number 1.5 (put it in quotes: '1.5')",
        "<text>:5:7: loud: expected true or false, found the text 'yes' (write true)",
    ]
    with pytest.raises(ConfigError, match=r"<text>:1:1: 'duration' is missing"):
        documents.read_model_text("loud: true", Job)
    with pytest.raises(ConfigError, match=r"<text>:1:1: expected a mapping, found nothing"):
        documents.read_model_text("", Job)
