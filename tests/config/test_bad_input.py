"""Everything that can be wrong with a centre gets one sentence: where, what, and what would do."""

# One case a line: the columns in the messages are easier to check beside the text.
# ruff: noqa: E501

from __future__ import annotations

import pytest

from router import config
from router.errors import ConfigError, PlanError
from tests.config.building import VALID, wrong_in_section, wrong_with


def test_the_valid_centre_is_valid() -> None:
    """The text that the other tests spoil has nothing wrong with it."""
    assert wrong_with(VALID) == []


@pytest.mark.parametrize(
    ("written", "spoiled", "said"),
    [
        # unknown names, with what was meant
        ("widen-to: bosses", "widen-to: boses", "18:40: sections.billing.ladder[0].do[1].widen-to: unknown pool 'boses' (did you mean 'bosses'?)"),
        ("channels: [chat]", "channels: [chta]", "28:53: agents.ben.channels[0]: unknown channel 'chta' (did you mean 'chat'?)"),
        ("members: [ana]", "members: [anna]", "6:22: pools.bosses.members[0]: unknown agent 'anna' (did you mean 'ana'?)"),
        ("relax: french", "relax: frensh", "18:21: sections.billing.ladder[0].do[0].relax: unknown skill 'frensh' (did you mean 'french'?)"),
        ("score: {skill-fit: 1}", "score: {skil-fit: 1}", "15:13: sections.billing.score.skil-fit: unknown score term 'skil-fit' (did you mean 'skill-fit'?)"),
        ("channel: voice,", "channel: vioce,", "11:25: sections.billing.intake[0].when.channel: unknown channel 'vioce' (did you mean 'voice'?)"),
        ("channels: {chat: none}", "channels: {caht: none}", "24:38: sections.billing.wrap-up.channels.caht: unknown channel 'caht' (did you mean 'chat'?)"),
        ("centre: small", "order: stict", "1:8: order: unknown order 'stict' (did you mean 'strict'?)"),
        ("centre: small", "selection: own_first", "1:12: selection: unknown selection 'own_first' (did you mean 'own-first'?)"),
        ("    score: {skill-fit: 1}", "    selection: {weight: 0}", "15:25: sections.billing.selection.weight: 0 is not in 1..1000000"),
        ("    score: {skill-fit: 1}", "    selection: {share: 1.5}", "15:24: sections.billing.selection.share: expected a whole number, found the number 1.5"),
        ("    score: {skill-fit: 1}", "    selection: {cost-slope: 0}", "15:29: sections.billing.selection.cost-slope: the slope 0 must be more than 0"),
        ("    score: {skill-fit: 1}", "    selection: {cost-slope: 0.0001}", "15:29: sections.billing.selection.cost-slope: the weight 0.0001 is finer than thousandths (three decimals at the most)"),
        ("    score: {skill-fit: 1}", "    selection: {handle-time: 0s}", "15:30: sections.billing.selection.handle-time: '0s' must be longer than nothing"),
        ("    score: {skill-fit: 1}", "    selection: {wieght: 2}", "15:17: sections.billing.selection.wieght: unknown key 'wieght' (did you mean 'weight'?)"),
        ("members: [ana]", "members: [ana], queues: {biling: 2}", "6:37: pools.bosses.queues.biling: unknown queue 'biling' (did you mean 'billing'?)"),
        ("members: [ana]", "members: [ana], queues: {billing: 0}", "6:46: pools.bosses.queues.billing: 0 is not in 1..100"),
        ("members: [ana]", "members: [ana], queues: {billing: [1]}", "6:46: pools.bosses.queues.billing: expected a level such as 2, or a mapping such as {level: 2, after: 30s}, found a list"),
        ("members: [ana]", "members: [ana], queues: {billing: {after: 30}}", "6:54: pools.bosses.queues.billing.after: the duration 30 has no unit (write '30s' for seconds, '30m' for minutes)"),
        ("members: [ana]", "members: [ana], other-queues: soon", "6:42: pools.bosses.other-queues: expected a whole number, found the text 'soon'"),
        ("attributes.tier", "attribute.tier", "11:32: sections.billing.intake[0].when.attribute.tier: unknown field 'attribute.tier' (for an attribute write 'attributes.tier')"),
        ("channel: voice,", "chanel: voice,", "11:16: sections.billing.intake[0].when.chanel: unknown field 'chanel' (did you mean 'channel'?)"),
        ("{english: 2, opens: 30s}", "{english: 2, open: 30s}", "9:63: sections.billing.needs.any[1].open: '30s' is not a skill level (did you mean 'opens'?)"),
        # levels
        ("ana: {name: Ana, skills: {billing: 7,", "ana: {name: Ana, skills: {billing: 11,", "27:38: agents.ana.skills.billing: 11 is not in 1..10"),
        ("billing: 3, any", "billing: 0, any", "9:22: sections.billing.needs.billing: level 0 is not in 1..10"),
        ("french >= 4", "french >= 14", "9:31: sections.billing.needs.any[0]: level 14 is not in 1..10"),
        # words and numbers that YAML is known to take for something else
        ("within: 20s", "within: 20", "13:22: sections.billing.answer.within: the duration 20 has no unit (write '20s' for seconds, '20m' for minutes)"),
        ("within: 20s", "within: 10:30", "13:22: sections.billing.answer.within: '10:30' is not a duration (write '10m30s')"),
        ("within: 20s", "within: 1.5h", "13:22: sections.billing.answer.within: '1.5h' is not a duration (write '20s', '5m', '2h' or '1h30m')"),
        ("within: 20s", "within: 500d", "13:22: sections.billing.answer.within: '500d' is longer than 400 days"),
        ("within: 20s", "within: 0s", "13:22: sections.billing.answer.within: '0s' must be longer than nothing"),
        ("share: 80%", "share: 0.8", "13:34: sections.billing.answer.share: the share 0.8 has no percent sign (write '80%')"),
        ("share: 80%", "share: 120%", "13:34: sections.billing.answer.share: '120%' is more than 100%"),
        ("priority: 2", "priority: 0123", "12:19: sections.billing.intake[0].priority: expected a whole number, found the text '0123' (write 123, without quotes, sign or leading zeros)"),
        ("priority: 2", "priority: --5", "12:19: sections.billing.intake[0].priority: expected a whole number, found the text '--5'"),
        ("priority: 2", "priority: ²", "12:19: sections.billing.intake[0].priority: expected a whole number, found the text '²'"),
        ("priority: 2", f"priority: {'9' * 5_000}", f"12:19: sections.billing.intake[0].priority: expected a whole number, found the text '{'9' * 40}…{'9' * 10} (5,000 characters)'"),
        ("priority: 2", "priority: no", "12:19: sections.billing.intake[0].priority: expected a whole number, found the text 'no'"),
        ("priority: 2", "priority: 1.5", "12:19: sections.billing.intake[0].priority: expected a whole number, found the number 1.5"),
        ("priority: 2", "priority: 2000000", "12:19: sections.billing.intake[0].priority: 2000000 is not in -1000000..1000000"),
        ("name: Ana", "name: true", "27:15: agents.ana.name: expected a text, found true (put it in quotes: 'true')"),
        ("priority: 2", "trust-sender: no", "12:9: sections.billing.intake[0].trust-sender: unknown key 'trust-sender' (there is 'name', 'needs', 'priority', 'queue', 'when')"),
        # keys
        ("offers: {timeout: 15s,", "offers: {timeout: 15s, timeout: 16s,", "23:28: sections.billing.offers.timeout: the key 'timeout' stands here twice, first on line 23 (remove one)"),
        ("offers: {timeout", "offers: {time-out", "23:14: sections.billing.offers.time-out: unknown key 'time-out' (did you mean 'timeout'?)"),
        ("timeout: 15s", "timeout: ", "23:14: sections.billing.offers.timeout: has no value (give it one, or leave it out)"),
        ("after: 30s", "afer: 30s", "17:9: sections.billing.ladder[0].afer: unknown key 'afer' (did you mean 'after'?)"),
        # shapes
        ("tiers: [team, bosses]", "tiers: team", "14:12: sections.billing.tiers: expected a list, found the text 'team'"),
        ("needs: {billing: 3, any", "needs: {billing: x, any", "9:22: sections.billing.needs.billing: 'x' is not a skill level (write 4 for at least 4, or one of '>= 4', '> 4', '== 4', '< 4')"),
        ("when: {queue-length: 20}", "when: no-eligible", "19:15: sections.billing.ladder[1].when: 'no-eligible' is not one of no-eligible-agent, all-declined, closed (did you mean 'no-eligible-agent'?)"),
        ("- divert: voicemail", "- {divert: voicemail, end: late}", "22:13: sections.billing.ladder[1].do[1]: one item of 'do' holds one operation, this has 'divert', 'end' (put a '-' before each)"),
        ("{timed: 10s, channels", "{timed: 10s, until-done: 20s, channels", "24:14: sections.billing.wrap-up: wrap-up is either 'timed' or 'until-done' (remove one)"),
        ("max-waiting: 50", "max-waiting: 50, divert: a, overflow: b", "25:12: sections.billing.limit: a limit has either 'divert' or 'overflow' (remove one)"),
        ("after: 30s", "after: 30s\n        when: no-eligible-agent", "17:9: sections.billing.ladder[0]: a step has either 'after', 'before-due' or 'when' (write 'after: 30s', 'before-due: 5m' or 'when: no-eligible-agent')"),
        ("relax: french", "relax: {skill: french, tag: site}", "18:21: sections.billing.ladder[0].do[0].relax: 'relax' takes either 'skill' or 'tag' (write {skill: french, to: 2} or {tag: site})"),
        # ids and texts
        ("centre: small", "centre: " + "a" * 10_240, "1:9: centre: the name 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa…aaaaaaaaaa (10,240 characters)' is longer than 64 characters"),
        ("  ben: {skills", "  ben b: {skills", "28:3: agents.ben b: 'ben b' is not a name (1 to 64 of letters, digits, '_', '.', ':', '-')"),
        ("divert: voicemail", "divert: " + "v" * 300, "22:21: sections.billing.ladder[1].do[1].divert: a text of 300 characters (1 to 256 are allowed)"),
        ("[gold, silver]", "[gold, {}]", "11:61: sections.billing.intake[0].when.attributes.tier.in[1]: expected a text, a number, true or false, found a mapping"),
        ("[gold, silver]", "[]", "11:54: sections.billing.intake[0].when.attributes.tier.in: must not be empty"),
        ("attributes.tier", "attributes." + "t" * 65, "11:32: sections.billing.intake[0].when." + ("attributes." + "t" * 29 + "…" + "t" * 10 + " (76 characters)") + ": an attribute's name has 1 to 64 characters"),
    ],
)  # fmt: skip
def test_one_mistake_is_one_problem(written: str, spoiled: str, said: str) -> None:
    """A single mistake in a valid centre gives exactly one problem, with line, column and path."""
    assert VALID.count(written) >= 1
    assert [said] == [
        line for line in wrong_with(VALID.replace(written, spoiled, 1)) if "nobody can be in" not in line
    ]


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("queues: {a: {limit: {max-waiting: 1, overflow: b}}}", "6:52: sections.s.queues.a.limit.overflow: unknown queue or section 'b' (there is 'a', 's')"),
        ("queues: {a: {}, b: {}}\ndefault-queue: c", "7:20: sections.s.default-queue: unknown queue 'c' (there is 'a', 'b')"),
        ("intake: [{queue: t}]", "6:22: sections.s.intake[0].queue: unknown queue 't' (there is 's')"),
        ("choice: longest_idle", "6:13: sections.s.choice: unknown choice 'longest_idle' (did you mean 'longest-idle'?)"),
        ("tiers: [team, [team]]", "6:20: sections.s.tiers[1][0]: pool 'team' is in tier 1 already (remove one)"),
        ("needs: {agent: anna}", "6:20: sections.s.needs.agent: unknown agent 'anna' (did you mean 'ana'?)"),
        ("needs: {pool: [team, teem]}", "6:26: sections.s.needs.pool[1]: unknown pool 'teem' (did you mean 'team'?)"),
        ("needs: [billing, frensh >= 2]", "6:22: sections.s.needs[1]: unknown skill 'frensh' (did you mean 'french'?)"),
        # marks of time and weight where they mean nothing
        ("needs: {any: [{french: 1, expires: 5s}, billing]}", "6:31: sections.s.needs.any[0].expires: 'expires' stands only on parts of an 'all'"),
        ("needs: {french: 1, opens: 5s}", "6:24: sections.s.needs.opens: 'opens' stands only on branches of an 'any'"),
        ("needs: [billing, {any: [{french: 1, weight: 1}]}]", "6:41: sections.s.needs[1].any[0].weight: 'weight' stands only on single terms at the top"),
        ("needs: {not: {french: 1, weight: 1}}", "6:30: sections.s.needs.not.weight: 'weight' stands only on single terms at the top"),
        ("needs: [" + "billing, " * 33 + "]", "6:12: sections.s.needs: more than 32 terms"),
        ("needs: " + "{not: " * 9 + "billing" + "}" * 9, "6:12: sections.s.needs: nested deeper than 8"),
        # ladders
        ("ladder:\n- {after: 30s, do: [end: a]}\n- {after: 10s, do: [end: b]}", "8:15: sections.s.ladder[1].after: after 10s stands behind after 30s (put the steps in the order of their times)"),
        ("ladder:\n- after: 1s\n  do: [end: late, {raise-priority: 1}]", "8:23: sections.s.ladder[0].do[1]: stands behind 'end', after which nothing runs (put it before, or remove it)"),
        ("ladder:\n- after: 1s\n  do: [divert: a, {notify: b}]", "8:23: sections.s.ladder[0].do[1]: stands behind 'divert', after which nothing runs (put it before, or remove it)"),
        ("ladder:\n- {name: a, after: 1s, do: [end: a]}\n- {name: a, after: 2s, do: [end: b]}", "8:14: sections.s.ladder[1].name: a step named 'a' stands above already (names are unique in a ladder)"),
        ("ladder: [{after: 1s, do: [move-to: s]}]", "6:40: sections.s.ladder[0].do[0].move-to: in queue 's' this moves the work to where it is (remove it)"),
        ("ladder: [{after: 1s, do: [move-to: t]}]", "6:40: sections.s.ladder[0].do[0].move-to: unknown queue or section 't' (there is 's')"),
        ("ladder: [{after: 1s, do: [set-priority: 1000001]}]", "6:45: sections.s.ladder[0].do[0].set-priority: 1000001 is not in -1000000..1000000"),
        ("ladder: [{after: 1s, do: [expedite: false]}]", "6:31: sections.s.ladder[0].do[0]: 'expedite: false' does nothing: work is never slowed down (write 'expedite: true', or remove it)"),
        ("time-to-live: 0s", "6:19: sections.s.time-to-live: '0s' must be longer than nothing"),
        ("time-to-live: forever", "6:19: sections.s.time-to-live: 'forever' is not a duration (write '20s', '5m', '2h' or '1h30m')"),
        ("ladder: [{after: 1s, do: [raise-priority: 0]}]", "6:47: sections.s.ladder[0].do[0].raise-priority: 0 is not in 1..1000000"),
        ("ladder: [{before-due: 5m, after: 1s, do: [end: a]}]", "6:14: sections.s.ladder[0]: a step has either 'after', 'before-due' or 'when' (write 'after: 30s', 'before-due: 5m' or 'when: no-eligible-agent')"),
        ("ladder: [{after: 1s, repeat: 500ms, do: [notify: a]}]", "6:14: sections.s.ladder[0]: a step repeats every second at the most (write 'repeat: 1s' or longer)"),
        ("ladder: [{after: 1s, times: 2, do: [notify: a]}]", "6:14: sections.s.ladder[0]: 'times' without 'repeat' (write 'repeat: 30s' beside it, or leave 'times' out)"),
        ("ladder: [{after: 1s, repeat: 1s, times: 0, do: [notify: a]}]", "6:45: sections.s.ladder[0].times: 0 is not in 1..1000000"),
        ("ladder: [{after: 1s, if: {hops: many}, do: [notify: a]}]", "6:37: sections.s.ladder[0].if.hops: hops are a whole number, not the text 'many'"),
        ("ladder: [{after: 1s, if: {expedited: 1}, do: [notify: a]}]", "6:42: sections.s.ladder[0].if.expedited: expedited is true or false, not the number 1"),
        ("ladder: [{after: 1s, if: {waiting: {'>=': 5}}, do: [notify: a]}]", "6:47: sections.s.ladder[0].if.waiting.>=: the duration 5 has no unit (write '5s' for seconds, '5m' for minutes)"),
        ("ladder: [{after: 1s, if: {queue: t}, do: [notify: a]}]", "6:38: sections.s.ladder[0].if.queue: unknown queue 't' (there is 's')"),
        ("ladder: [{after: 1s, if: {hop: 1}, do: [notify: a]}]", "6:31: sections.s.ladder[0].if.hop: unknown field 'hop' (did you mean 'hops'?)"),
        ("ladder: [{after: 1s, do: [announce: {target: hall}]}]", "6:41: sections.s.ladder[0].do[0].announce: 'text' is missing"),
        # impossible room
        ("queues: {a: {limit: {max-waiting: 1, overflow: b}}, b: {limit: {max-waiting: 1, overflow: a}}}", "6:95: sections.s.queues.b.limit.overflow: full queues overflow in a circle: a → b → a (let one of them refuse or divert)"),
        ("queues: {a: {limit: {max-waiting: 1, overflow: a}}}", "6:52: sections.s.queues.a.limit.overflow: full queues overflow in a circle: a → a (let one of them refuse or divert)"),
        ("limit: {max-waiting: 1, overflow: s}", "6:39: sections.s.limit.overflow: a full section cannot overflow into its own queue 's' (name another section)"),
        # intake
        ("intake: [{when: {priority: high}}]", "6:32: sections.s.intake[0].when.priority: a priority is a whole number, not the text 'high'"),
        ("intake: [{when: {attributes.vip: {'<': true}}}]", "6:44: sections.s.intake[0].when.attributes.vip.<: true and false have no order (compare with '==' or '!=')"),
        ("intake: [{when: {customer: 12}}]", "6:32: sections.s.intake[0].when.customer: a customer is a text, not the number 12 (put it in quotes: '12')"),
        ("intake: [{name: a}, {name: a}]", "6:32: sections.s.intake[1].name: a rule named 'a' stands above already"),
        ("intake: [{when: {attributes.n: {}}}]", "6:36: sections.s.intake[0].when.attributes.n: an empty comparison (write one of '==', '!=', '>=', '>', '<=', '<', 'in', 'exists', 'prefix')"),
    ],
)  # fmt: skip
def test_one_mistake_in_a_section_is_one_problem(body: str, said: str) -> None:
    """What does not fit together inside of a section is found where it is written."""
    assert [said] == wrong_in_section(body)


def test_impossible_centres() -> None:
    """Well-formed but impossible: empty pools, a full centre that overflows, successors of what is there."""
    text = """\
    pools: {experts: {skills: {french: 9}}, empty: {kind: automated}}
    agents: {ana: {skills: {french: 8}}}
    limit: {max-waiting: 9, overflow: s}
    successors: {s: t, old: nowhere}
    sections: {s: {}, t: {}}
    """
    assert wrong_with(text) == [
        "1:9: pools.experts: nobody can be in pool 'experts' (no agent has french >= 9)",
        "1:41: pools.empty: nobody can be in pool 'empty' (no agent has automated)",
        (
            "3:25: limit.overflow: a full centre cannot overflow: it is as full wherever the work goes"
            " (write 'divert', or leave it out to refuse)"
        ),
        "4:14: successors.s: queue 's' is still there and needs no successor (remove the line)",
        "4:25: successors.old: unknown queue or section 'nowhere' (there is 's', 't')",
    ]
    assert wrong_with("centre: none") == [
        "1:1: the centre has no section (write one in sections/NAME.yaml, or under 'sections')"
    ]


def test_queues_are_unique_and_not_named_like_other_sections() -> None:
    """A queue's id means one queue, and a section's name its own default queue."""
    text = """\
    sections:
      a: {queues: {x: {}, b: {}}}
      b: {queues: {y: {}, x: {}}}
    """
    assert wrong_with(text) == [
        "2:23: sections.a.queues.b: queue 'b' is named like another section (such as 'a-b')",
        "3:23: sections.b.queues.x: queue 'x' is in x:2 already (ids are unique in a centre)",
    ]


def test_a_file_says_all_that_is_wrong_with_it_at_once() -> None:
    """Malformed values, unknown names and impossible things of one text come together, in reading order."""
    text = """\
    skills: [french, french]
    channels: {voice: {cost: 0, interruptible-by: [fax]}}
    pools: {p: {skills: {frensh: 3}}}
    sections:
      s:
        needs: {french: 12, dutch: 1}
        tiers: [q]
        colour: red
        ladder:
          - {after: 10, do: [{move-to: nowhere}]}
          - {after: 20s, do: [{end: a}, {widen-to: p}, {widen-to: r}]}
    agents:
      ana: {skills: {frnch: 5}, wrap-up: {timed: 5}}
    """
    said = wrong_with(text)
    assert said == [
        "1:18: skills[1]: 'french' stands here twice (remove one)",
        "2:26: channels.voice.cost: 0 is not in 1..1000000",
        "2:48: channels.voice.interruptible-by[0]: unknown channel 'fax' (there is 'voice')",
        "3:22: pools.p.skills.frensh: unknown skill 'frensh' (did you mean 'french'?)",
        "6:21: sections.s.needs.french: level 12 is not in 1..10",
        "6:25: sections.s.needs.dutch: unknown skill 'dutch' (there is 'french')",
        "7:13: sections.s.tiers[0]: unknown pool 'q' (there is 'p')",
        "8:5: sections.s.colour: unknown key 'colour'",
        "10:17: sections.s.ladder[0].after: the duration 10 has no unit (write '10s' for seconds, '10m' for minutes)",
        "10:36: sections.s.ladder[0].do[0].move-to: unknown queue or section 'nowhere' (there is 's')",
        "11:37: sections.s.ladder[1].do[1]: stands behind 'end', after which nothing runs (put it before, or remove it)",
        "11:52: sections.s.ladder[1].do[2]: stands behind 'end', after which nothing runs (put it before, or remove it)",
        "11:63: sections.s.ladder[1].do[2].widen-to: unknown pool 'r' (there is 'p')",
        "13:18: agents.ana.skills.frnch: unknown skill 'frnch' (did you mean 'french'?)",
        "13:46: agents.ana.wrap-up.timed: the duration 5 has no unit (write '5s' for seconds, '5m' for minutes)",
    ]


def test_places_hold_behind_items_that_are_left_out() -> None:
    """A mistake in a list's first item moves no place of a mistake in its third."""
    body = """
    ladder:
      - {after: 1, do: [end: a]}
      - {after: 2s, do: [notify: a]}
      - {after: 3s, do: [{notify: 1.5}, {widen-to: r}]}
    """
    assert wrong_in_section(body) == [
        "7:17: sections.s.ladder[0].after: the duration 1 has no unit (write '1s' for seconds, '1m' for minutes)",
        "9:35: sections.s.ladder[2].do[0].notify: expected a text, found the number 1.5 (put it in quotes: '1.5')",
        "9:52: sections.s.ladder[2].do[1].widen-to: unknown pool 'r' (there is 'team')",
    ]


def test_the_kind_of_error_says_whether_the_files_are_malformed() -> None:
    """``ConfigError`` where a file is not written as it must be, ``PlanError`` where what it says cannot be."""
    with pytest.raises(PlanError):
        config.load_text(VALID.replace("widen-to: bosses", "widen-to: boses"))
    with pytest.raises(ConfigError) as caught:
        config.load_text(VALID.replace("within: 20s", "within: 20"))
    assert not isinstance(caught.value, PlanError)


def test_texts_that_look_like_something_else_keep_their_value() -> None:
    """``no`` is Norwegian, ``0123`` and ``+4930`` are telephone numbers, ``10:30`` is a text."""
    plan = config.load_text(
        """\
sections:
  s:
    intake:
      - when: {attributes.lang: [no, en], attributes.phone: 0123, attributes.from: {prefix: +4930}, attributes.at: 10:30}
"""
    )
    condition = plan.sections[0].intake[0].when
    assert [part.value for part in condition.of] == [("no", "en"), "0123", "+4930", "10:30"]  # type: ignore[union-attr]
