"""`switchroom diff`: what a change does, in words, to the rules and to the work of a running centre."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from agents.model import AgentId
from router import cli, config
from router.core.adoption import adoption, in_words
from router.core.differences import differences
from router.core.engine import Engine
from router.core.names import ChannelId, InteractionId, SectionId
from router.core.signals import AgentSignedIn, InteractionArrived, OfferAccepted
from router.policies import BUILT_IN
from router.ports import Entry, digest
from router.stores.sqlite import SqliteStore

OLD = """
centre: desk
skills: [billing, french]
channels: {voice: {cost: 100}, chat: {cost: 33}}
pools: {team: {tags: {team: a}}, all: {}}
offers: {timeout: 20s}
sections:
  billing:
    intake:
      - {name: gold, when: {attributes.tier: gold}, priority: 2}
      - {name: french, when: "attributes.lang == 'fr'", needs: {billing: 1, french: 3}}
    answer: {within: 20s, share: 80%}
    tiers: [team, all]
    queues:
      billing:
        needs: {billing: 5}
        ladder:
          - {after: 30s, do: [relax: {skill: billing, to: 3}]}
          - {after: 60s, do: [widen-to: all, raise-priority: 1]}
      gold: {needs: {billing: 3}, limit: {max-waiting: 5, divert: mail}}
agents:
  ana: {skills: {billing: 7, french: 2}, tags: {team: a}}
  ben: {skills: {billing: 4}}
"""


def changes(old: str, new: str) -> list[str]:
    return differences(config.load_text(old), config.load_text(new))


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ("", "", []),
        ("cost: 33", "cost: 50", ["channel chat: cost 50 instead of 33"]),
        (
            "{after: 60s, do",
            "{after: 45s, do",
            [
                "section billing, queue billing, step 2: trigger after 45s instead of after 1m",
                (
                    "section billing, queue billing, step 2: called after-45s instead of after-1m: "
                    "work that has taken it may take it again"
                ),
            ],
        ),
        (
            "{after: 60s, do: [widen-to: all, raise-priority: 1]}",
            "{after: 60s, do: [raise-priority: 2]}",
            [
                (
                    "section billing, queue billing, step after-1m: operations [raise-priority 2] "
                    "instead of [widen-to [all], raise-priority 1]"
                )
            ],
        ),
        (
            "          - {after: 30s, do: [relax: {skill: billing, to: 3}]}\n",
            "",
            ["section billing, queue billing: step after-30s is gone"],
        ),
        (
            "needs: {billing: 5}",
            "needs: {billing: 5, french: 2}",
            [
                (
                    "section billing, queue billing: requirement billing >= 5 and french >= 2 instead of billing >= 5"
                )
            ],
        ),
        ("within: 20s, share: 80%", "within: 20s, share: 85%", 2 * ["answer share 85% instead of 80%"]),
        ("timeout: 20s", "timeout: 25s", 2 * ["timeout 25s instead of 20s"]),
        ("priority: 2}", "priority: 3}", ["section billing, intake rule gold: priority 3 instead of 2"]),
        (
            "attributes.tier: gold",
            "attributes.tier: silver",
            [
                (
                    "section billing, intake rule gold: when attributes.tier == silver "
                    "instead of attributes.tier == gold"
                )
            ],
        ),
        (
            "== 'fr'\"",
            "== 'de'\"",
            [
                "section billing, intake rule french: when attributes.lang == 'de' instead of attributes.lang == 'fr'"
            ],
        ),
        ("max-waiting: 5", "max-waiting: 6", ["queue gold, limit: max waiting 6 instead of 5"]),
        (
            ", limit: {max-waiting: 5, divert: mail}",
            "",
            ["queue gold: limit is not set any more, and was max waiting 5 when full divert target mail"],
        ),
        (
            "billing: 7, french: 2",
            "french: 2, billing: 7",
            ["agent ana: the skills come in another order: french, billing"],
        ),
        ("french: 2}, tags", "french: 4}, tags", ["agent ana, skill french: level 4 instead of 2"]),
        ("  ben: {skills: {billing: 4}}\n", "", ["agent ben is gone"]),
        ("  ben:", "  bea:", ["agent ben is gone", "agent bea is new (skills [name billing level 4])"]),
        ("tiers: [team, all]", "tiers: [all]", 2 * ["tiers [[all]] instead of [[team], [all]]"]),
        ("skills: [billing, french]", "skip-empty: x", None),
    ],
)
def test_a_change_in_words(before: str, after: str, said: list[str] | None) -> None:
    """Each change is a line that names the part, what it is now and what it was; parts are found again by their ids."""
    assert before in OLD
    if said is None:
        with pytest.raises(Exception, match="skip-empty"):
            config.load_text(OLD.replace(before, after, 1))
        return
    found = changes(OLD, OLD.replace(before, after, 1))
    assert len(found) == len(said)
    for line, end in zip(found, said, strict=True):
        assert line.endswith(end)


def test_only_the_order_of_rules_that_have_one_is_told() -> None:
    """Agents in another order decide as before; intake rules in another order do not."""
    ana, ben = OLD.splitlines()[-2:]
    assert changes(OLD, OLD.replace(f"{ana}\n{ben}", f"{ben}\n{ana}")) == []
    gold, french = (line for line in OLD.splitlines() if "- {name:" in line)
    assert changes(OLD, OLD.replace(f"{gold}\n{french}", f"{french}\n{gold}")) == [
        "section billing: the intake rules come in another order: french, gold"
    ]


VOICE, CHAT, BILLING = ChannelId("voice"), ChannelId("chat"), SectionId("billing")


def running() -> tuple[Engine, list[Entry]]:
    """The centre with three calls: one with Ana, two that wait; and what was said to it."""
    engine = Engine(config.load_text(OLD), BUILT_IN)
    entries = []
    for at, signal in (
        (0, AgentSignedIn(AgentId("ana"))),
        (0, AgentSignedIn(AgentId("ben"))),
        (1_000, InteractionArrived(InteractionId("call-1"), BILLING, VOICE)),
        (2_000, OfferAccepted(1, AgentId("ana"))),  # type: ignore[arg-type]
        (3_000, InteractionArrived(InteractionId("call-2"), BILLING, VOICE)),
        (4_000, InteractionArrived(InteractionId("call-3"), BILLING, VOICE)),
    ):
        entries.append(Entry(at, signal, digest(engine.handle(signal, at).facts)))
    return engine, entries


def test_what_a_change_would_do_to_waiting_work() -> None:
    """The plan is tried on a copy: who would be offered, moved and ended is counted, and the centre stays as it is."""
    engine, _ = running()
    before = json.dumps(engine.snapshot(), sort_keys=True)
    easier = config.load_text(
        OLD.replace("needs: {billing: 5}", "needs: {billing: 4}").replace("[team, all]", "[all]")
    )
    assert list(in_words(adoption(engine, easier, BUILT_IN))) == [
        "2 interactions waiting now",
        "1 interaction would be offered at once",
    ]
    other = OLD.replace("      billing:\n        needs", "      invoices:\n        needs")
    refused = adoption(engine, config.load_text(other), BUILT_IN)
    assert "billing" in refused.refused
    assert next(iter(in_words(refused))).startswith("it would be refused: the plan was not taken")
    kept = config.load_text(other + "successors: {billing: invoices}\n")
    found = adoption(engine, kept, BUILT_IN)
    assert found.moved == (("billing", "invoices", 3),)
    gone = config.load_text(OLD.replace("  ben: {skills: {billing: 4}}\n", ""))
    assert adoption(engine, gone, BUILT_IN).leaving == ("ben",)
    assert json.dumps(engine.snapshot(), sort_keys=True) == before


def run(capsys: pytest.CaptureFixture[str], *args: str) -> tuple[int, str, str]:
    code = cli.run(("diff", *args))
    out, err = capsys.readouterr()
    return code, out, err


async def test_the_command(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """Exit 0 without a difference, 1 with some, 3 where a centre or journal cannot be used, 2 for wrong usage; a journal gives the work."""
    old, new, bad = (tmp_path / name for name in ("old.yaml", "new.yaml", "bad.yaml"))
    old.write_text(OLD)
    new.write_text(OLD.replace("needs: {billing: 5}", "needs: {billing: 4}").replace("[team, all]", "[all]"))
    bad.write_text("ordr: strict")
    assert run(capsys, str(old), str(old)) == (0, "no difference: desk stays as it is\n", "")
    code, out, _ = run(capsys, str(old), str(new))
    assert (code, len(out.splitlines())) == (1, 3)
    assert run(capsys, str(old), str(bad))[0] == 3
    assert run(capsys, str(old))[0] == 2
    (tmp_path / "empty").mkdir()
    code, out, err = run(capsys, str(new), "--journal", str(tmp_path / "empty"))
    assert (code, out) == (3, "")
    assert "there is no journal here" in err
    assert run(capsys, str(new), "--journal", str(bad))[:2] == (3, "")
    _, entries = running()
    store = SqliteStore(tmp_path / "journal")
    first = Engine(config.load_text(OLD), BUILT_IN)
    await store.begin(replace(first.plan), first.snapshot())
    await store.append(entries)
    await store.close()
    code, out, _ = run(capsys, str(new), "--journal", str(tmp_path / "journal"))
    assert code == 1
    assert out.endswith("at once:\n  2 interactions waiting now\n  1 interaction would be offered at once\n")
    code, out, _ = run(capsys, str(new), "--journal", str(tmp_path / "journal"), "--json")
    found = json.loads(out)
    assert (code, found["at_once"]["offered"], len(found["changes"])) == (1, 1, 3)
