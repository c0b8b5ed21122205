"""Warnings of `switchroom check` about what contradicts itself and what nothing leads to."""

from __future__ import annotations

from pathlib import Path

import pytest

from router import config

AGENTS = "agents: {ana: {skills: {billing: 7, french: 5}}}\n"


def warned(text: str, tmp_path: Path) -> list[str]:
    """The warnings about a centre that is legal, without the file's name."""
    path = tmp_path / "c.yaml"
    path.write_text(text)
    problems, warnings = config.check(path)
    assert problems == []
    return [str(warning).removeprefix(f"{path}:") for warning in warnings]


def rule(when: str) -> str:
    return f"sections: {{s: {{intake: [{{name: r, when: {when}}}]}}}}\n{AGENTS}"


@pytest.mark.parametrize(
    ("when", "why"),
    [
        ('{priority: {">": 5, "<": 3}}', "priority > 5 and priority < 3 exclude each other"),
        ('{priority: {">=": 3, "<": 3}}', "priority >= 3 and priority < 3 exclude each other"),
        ('"priority > 5 and 3 > priority"', "priority > 5 and priority < 3 exclude each other"),
        (
            "{all: [{attributes.tier: gold}, \"attributes.tier in ['silver', 'bronze']\"]}",
            "attributes.tier == gold and attributes.tier in [silver, bronze] exclude each other",
        ),
        (
            "[{attributes.tier: gold}, {attributes.tier: {exists: false}}]",
            "attributes.tier == gold and attributes.tier exists False exclude each other",
        ),
        ("\"customer == 'c' and customer != 'c'\"", "customer == c and customer != c exclude each other"),
        (
            "{customer: {prefix: x, ==: y}}".replace("==", '"=="'),
            "customer prefix x and customer == y exclude each other",
        ),
        (
            "{priority: [1, 2], all: [\"priority == 'a'\"]}",
            "priority in [1, 2] and priority == a exclude each other",
        ),
        (
            '{any: [{priority: {">": 5, "<": 3}}, {priority: {">": 6, "<": 2}}]}',
            "priority > 5 and priority < 3 exclude each other",
        ),
        ("\"channel == 'fax'\"", "there is no channel fax"),
    ],
)
def test_conditions_that_cannot_be_true(when: str, why: str, tmp_path: Path) -> None:
    """Mappings and expressions whose parts plainly exclude each other are named, with the two parts."""
    found = warned(rule(when), tmp_path)
    assert len(found) == 1
    assert found[0].endswith(f"sections.s.intake[0].when: rule 'r' never holds: {why}")


@pytest.mark.parametrize(
    "when",
    [
        '{priority: {">=": 3, "<=": 3}}',
        '"priority > 3 or priority < 2"',
        '{any: [{priority: {">": 5, "<": 3}}, {priority: 1}]}',
        '"attributes.a > 5 and attributes.b < 3"',
        "{attributes.tier: {exists: true, in: [gold, silver]}}",
        '{not: {priority: {">": 5, "<": 3}}}',
        "\"priority > 1 and priority != 3 and priority < 9 and customer != 'x'\"",
        '{customer: {prefix: x, "!=": y}}',
    ],
)
def test_conditions_that_can_be_true(when: str, tmp_path: Path) -> None:
    """Nothing is said of what can hold, or is too involved to say."""
    assert warned(rule(when), tmp_path) == []


def test_a_step_whose_condition_cannot_be_true(tmp_path: Path) -> None:
    """A ladder's conditions are looked at as well."""
    ladder = "[{name: x, after: 1s, if: 'hops > 3 and hops < 2', do: [notify: y]}]"
    assert warned(f"sections: {{s: {{ladder: {ladder}}}}}\n{AGENTS}", tmp_path) == [
        "1:25: sections.s.ladder[0]: step 'x' is never taken: hops > 3 and hops < 2 exclude each other"
    ]


def test_a_rule_that_an_earlier_one_leaves_nothing_for(tmp_path: Path) -> None:
    """A rule that asks for all that an earlier one asks for, and more, is never read; the other way round it is."""
    wide, narrow = (
        "{name: wide, when: {attributes.tier: gold}}",
        ("{name: narrow, when: {attributes.tier: gold, channel: voice}, priority: 2}"),
    )
    assert warned(f"sections: {{s: {{intake: [{wide}, {narrow}]}}}}\n{AGENTS}", tmp_path) == [
        (
            "1:70: sections.s.intake[1]: rule 'narrow' is never read: rule 'wide' above holds whenever it would"
            " (put the narrower rule first)"
        )
    ]
    assert warned(f"sections: {{s: {{intake: [{narrow}, {wide}]}}}}\n{AGENTS}", tmp_path) == []


@pytest.mark.parametrize(
    ("needs", "why"),
    [
        ('[french >= 5, "french < 3"]', "french >= 5 and french < 3 exclude each other"),
        ("[{tag: {site: a}}, {tag: {site: b}}]", "tag site == a and tag site == b exclude each other"),
        ("[{agent: ana}, {agent: ben}]", "agent in [ana] and agent in [ben] exclude each other"),
        ('{any: [[billing >= 5, "billing < 3"], [french >= 5, "french < 3"]]}', "exclude each other"),
    ],
)
def test_requirements_that_contradict_themselves(needs: str, why: str, tmp_path: Path) -> None:
    """Terms that exclude each other for good are named, beside the warning that nobody meets them."""
    agents = AGENTS.replace("}}}", "}}, ben: {}}")
    found = warned(f"sections: {{s: {{needs: {needs}}}, t: {{}}}}\n{agents}", tmp_path)
    assert any("no agent can meet what queue 's' needs: " in line and why in line for line in found), found


def test_terms_that_expire_contradict_nothing(tmp_path: Path) -> None:
    """What is asked for a while only leaves the rest possible."""
    needs = '[{french: 5, expires: 10s}, "french < 3"]'
    agents = "agents: {ana: {skills: {french: 2}}}"
    assert warned(f"sections: {{s: {{needs: {needs}}}}}\n{agents}", tmp_path) == []


def test_agents_whom_nothing_leads_to(tmp_path: Path) -> None:
    """An agent no queue's needs and pools could ever let in is named; one that a ladder's relaxing lets in is not."""
    text = (
        "sections: {s: {needs: {billing: 5}, ladder: [LADDER]}}\n"
        "agents: {ana: {skills: {billing: 7}}, ben: {skills: {billing: 3}}}"
    )
    assert warned(text.replace("LADDER", ""), tmp_path) == [
        (
            "2:39: agents.ben: no queue has work for agent 'ben'"
            " (give the agent a skill or a pool that a queue asks for)"
        )
    ]
    assert warned(text.replace("LADDER", "{after: 1m, do: [relax: {skill: billing, to: 3}]}"), tmp_path) == []
    tiered = (
        "pools: {p: {tags: {team: a}}, q: {tags: {team: b}}}\n"
        "sections: {s: {tiers: [p], ladder: [LADDER]}}\n"
        "agents: {ana: {tags: {team: a}}, ben: {tags: {team: b}}}"
    )
    found = warned(tiered.replace("LADDER", ""), tmp_path)
    assert sum("no queue has work for agent 'ben'" in line for line in found) == 1
    assert warned(tiered.replace("LADDER", "{after: 1m, do: [widen-to: q]}"), tmp_path) == []


def test_channels_that_nobody_can_take(tmp_path: Path) -> None:
    """A channel that is written, and that no agent serves or has the capacity for, is named."""
    text = "channels: {voice: {cost: 200}, chat: {}}\nsections: {s: {}}\nagents: {ana: {channels: [chat]}}"
    assert warned(text, tmp_path) == [
        (
            "1:11: channels: no agent can take work of channel 'voice'"
            " (no agent serves it, or it costs more than any has capacity for)"
        )
    ]
