"""Every feature of a plan can be written, and becomes what a plan written by hand says."""

from __future__ import annotations

from dataclasses import replace

from agents.model import Agent, Pool, Skill, WrapUp
from agents.queue_levels import QueueLevel
from router import config
from router.core import plan as p
from router.core import requirement as r
from router.core.names import AgentId, CentreId, ChannelId, PoolId, QueueId, SectionId, SkillName
from router.core.order_plan import Expedite, SetPriority
from router.core.selection_plan import QueueSelection
from tests.config.building import EVERYTHING

VOICE, CHAT, MAIL, QUERY = (ChannelId(name) for name in ("voice", "chat", "mail", "query"))
FRENCH, BILLING, ENGLISH = (SkillName(name) for name in ("french", "billing", "english"))
ANA, BEN = AgentId("ana"), AgentId("ben")
TEAM, BOSSES, ALL = PoolId("team"), PoolId("bosses"), PoolId("all")
S, T, MAIN, VIP = SectionId("s"), SectionId("t"), QueueId("main"), QueueId("vip")


def skill(name: SkillName, op: r.SkillOp = ">=", level: int = 1, **marks: int) -> r.SkillTerm:
    return r.SkillTerm(skill=name, op=op, level=level, **marks)


def expected_intake() -> tuple[p.IntakeRule, ...]:
    """The section's rules, by hand."""
    return (
        p.IntakeRule(
            name="gold",
            when=p.AllOf(
                of=(
                    p.Match(field="channel", op="==", value="voice"),
                    p.Match(field="attributes.tier", op="in", value=("gold", "silver")),
                )
            ),
            queue=VIP,
            priority=5,
            requirement=r.All(of=(skill(FRENCH, level=4), skill(BILLING, level=3))),
        ),
        p.IntakeRule(
            name="rule-2",
            when=p.AnyOf(
                of=(
                    p.AllOf(
                        of=(
                            p.Match(field="customer", op="prefix", value="49"),
                            p.Match(field="priority", op=">=", value=2),
                            p.Match(field="priority", op="<", value=8),
                        )
                    ),
                    p.NotOf(of=p.Match(field="attributes.age", op="exists", value=True)),
                    p.AllOf(
                        of=(
                            p.Match(field="attributes.n", op="==", value=1.5),
                            p.Match(field="attributes.vip", op="==", value=True),
                        )
                    ),
                    p.AllOf(
                        of=(
                            p.Match(field="attributes.x", op="!=", value="a"),
                            p.AllOf(
                                of=(
                                    p.Match(field="attributes.x", op=">", value=1),
                                    p.Match(field="attributes.x", op="<=", value=9),
                                )
                            ),
                        )
                    ),
                    p.Match(field="channel", op="in", value=("chat", "mail")),
                )
            ),
            requirement=r.All(),
        ),
        p.IntakeRule(name="rule-3", priority=-1),
    )


def expected_ladder() -> tuple[p.Step, ...]:
    """The main queue's ladder, by hand."""
    return (
        p.Step(
            name="after-0s",
            trigger=p.After(ms=0),
            operations=(p.Relax(skill=FRENCH), p.Relax(skill=BILLING, to=2), p.Relax(tag="site")),
        ),
        p.Step(
            name="second",
            trigger=p.After(ms=90_000),
            operations=(p.WidenTo(pools=(BOSSES, ALL)), p.RaisePriority(by=3)),
        ),
        p.Step(name="after-1m30s", trigger=p.After(ms=90_000), operations=(p.MoveTo(queue=VIP),)),
        p.Step(
            name="no-eligible-agent",
            trigger=p.NoEligibleAgent(),
            operations=(p.Notify(target="bosses"), p.Notify(target="log", message="nobody")),
        ),
        p.Step(
            name="queue-length-20",
            trigger=p.QueueLength(above=20),
            operations=(SetPriority(to=-2), Expedite(), p.MoveTo(queue=QueueId("t"))),
        ),
        p.Step(name="after-10m", trigger=p.After(ms=600_000), operations=(p.DivertTo(target="voicemail"),)),
        p.Step(
            name="queue-length-90",
            trigger=p.QueueLength(above=90),
            operations=(p.EndWith(reason="too many"),),
        ),
    )


def expected_needs() -> r.Requirement:
    """The vip queue's requirement, by hand."""
    return r.All(
        of=(
            skill(BILLING),
            skill(FRENCH, level=4, expires_ms=20_000),
            skill(ENGLISH, "!=", 3, weight=500),
            r.Any(
                of=(
                    r.PoolTerm(pool=TEAM),
                    r.AgentTerm(agents=(ANA, BEN), opens_ms=30_000),
                    r.All(of=(skill(FRENCH, ">", 1), skill(ENGLISH, "<", 9))),
                )
            ),
            r.Not(of=r.All(of=(r.TagTerm(tag="site", value="south"), r.TagTerm(tag="training", value="1")))),
            r.All(of=(r.Any(of=(r.PoolTerm(pool=TEAM), r.PoolTerm(pool=ALL))), r.AgentTerm(agents=(ANA,)))),
            r.All(of=(skill(BILLING, "<=", 9), skill(FRENCH, "==", 5)), expires_ms=60_000),
        )
    )


def expected_sections() -> tuple[p.Section, ...]:
    """The sections, by hand."""
    base = p.OfferRules(timeout_ms=30_000, on_no_answer="pause", pause_ms=10_000)
    own = replace(
        base, timeout_ms=15_000, max_no_answer=2, retry_after_ms=90_000, all_declined_pause_ms=3_000
    )
    timed = WrapUp(kind="timed", limit_ms=20_000)
    done = WrapUp(kind="until-done", limit_ms=300_000, scope="section")
    return (
        p.Section(
            section_id=S,
            queues=(
                p.Queue(
                    queue_id=MAIN,
                    section_id=S,
                    priority=1,
                    answer_within_ms=10_000,
                    answer_share=995,
                    time_to_live_ms=1_200_000,
                    tiers=((TEAM,), (BOSSES, ALL)),
                    skip_empty=False,
                    score=(("skill-fit", 1_000), ("most-skilled", -250)),
                    choice="random",
                    ladder=expected_ladder(),
                    limit=p.Limit(max_waiting=50),
                    selection=QueueSelection(weight=3, share=2),
                ),
                p.Queue(
                    queue_id=VIP,
                    section_id=S,
                    requirement=expected_needs(),
                    answer_within_ms=5_000,
                    answer_share=995,
                    limit=p.Limit(max_waiting=10, when_full="overflow", target="main"),
                    selection=QueueSelection(weight=3, share=5, cost_slope=1_500, handle_ms=240_000),
                ),
            ),
            default_queue=MAIN,
            intake=expected_intake(),
            refuse_unmatched=True,
            trust_sender=False,
            ms_per_point=30_000,
            offers=(
                (VOICE, own),
                (CHAT, own),
                (MAIL, replace(own, timeout_ms=120_000, on_no_answer="keep")),
                (QUERY, replace(own, auto_answer=True)),
            ),
            wrap_up=(
                (VOICE, done),
                (CHAT, WrapUp(kind="timed", limit_ms=5_000, scope="interaction")),
                (MAIL, WrapUp()),
                (QUERY, done),
            ),
            limit=p.Limit(max_waiting=100, when_full="overflow", target="t"),
        ),
        p.Section(
            section_id=T,
            queues=(
                p.Queue(
                    queue_id=QueueId("t"),
                    section_id=T,
                    requirement=r.All(of=(skill(FRENCH, level=2, expires_ms=5_000),)),
                ),
            ),
            default_queue=QueueId("t"),
            offers=(
                (VOICE, base),
                (CHAT, base),
                (MAIL, replace(base, timeout_ms=120_000, on_no_answer="keep")),
                (QUERY, base),
            ),
            wrap_up=((VOICE, timed), (CHAT, timed), (MAIL, WrapUp()), (QUERY, timed)),
        ),
    )


def expected() -> p.Plan:
    """The whole plan, by hand."""
    none = WrapUp()
    return p.Plan(
        version="",
        centre_id=CentreId("all"),
        channels=(
            p.Channel(channel_id=VOICE, cost=100, hold_ms=None),
            p.Channel(channel_id=CHAT, cost=50, choice="round-robin"),
            p.Channel(
                channel_id=MAIL, cost=10, interruptible_by=(VOICE, CHAT), hold_ms=None, choice="load-ratio"
            ),
            p.Channel(channel_id=QUERY, hold_ms=300_000),
        ),
        sections=expected_sections(),
        pools=(
            Pool(
                pool_id=TEAM,
                skills=(Skill(name=BILLING, level=3), Skill(name=FRENCH, level=1)),
                tags=(("site", "north"),),
                kind="human",
            ),
            Pool(pool_id=BOSSES, members=(ANA,), queue_levels=(QueueLevel(queue="main", level=2),)),
            Pool(pool_id=ALL),
        ),
        agents=(
            Agent(
                agent_id=ANA,
                name="Ana",
                skills=(Skill(name=FRENCH, level=9), Skill(name=BILLING, level=7)),
                tags=(("site", "north"), ("floor", "3")),
                capacity=150,
                channels=(VOICE, CHAT),
                costs=((CHAT, 40),),
                channel_max=((CHAT, 2),),
                wrap_up=((VOICE, WrapUp(kind="until-done", limit_ms=60_000)),),
                queue_levels=(
                    QueueLevel(queue="vip"),
                    QueueLevel(queue="t", level=2, after_ms=30_000),
                    QueueLevel(queue=None, after_ms=60_000),
                ),
            ),
            Agent(
                agent_id=BEN,
                kind="automated",
                wrap_up=((VOICE, none), (CHAT, none), (MAIL, none), (QUERY, none)),
            ),
            Agent(agent_id=AgentId("1001")),
        ),
        order="strict",
        selection="own-first",
        seed=7,
        presence_ttl_ms=45_000,
        hop_limit=3,
        check_every_ms=2_000,
        remember_ms=5_400_000,
        limit=p.Limit(max_waiting=900, when_full="divert", target="later"),
        successors=((QueueId("old"), MAIN), (QueueId("older"), VIP)),
    )


def test_everything_can_be_written() -> None:
    """A text with every key becomes the plan that was written by hand."""
    found = config.load_text(EVERYTHING)
    by_hand = expected()
    for name in ("channels", "pools", "agents", "successors"):
        assert getattr(by_hand, name) == getattr(found, name)
    for section, made in zip(by_hand.sections, found.sections, strict=True):
        assert section.intake == made.intake
        for queue, made_queue in zip(section.queues, made.queues, strict=True):
            assert queue == made_queue
        assert section == made
    assert by_hand == replace(found, version="")


def test_the_smallest_centre() -> None:
    """A section with nothing in it is a centre, with the defaults that the reference names."""
    plan = config.load_text("sections: {desk: {}}")
    [section] = plan.sections
    [queue] = section.queues
    assert (plan.centre_id, section.section_id, queue.queue_id) == ("centre", "desk", "desk")
    assert [
        (channel.channel_id, channel.cost, channel.interruptible_by, channel.hold_ms)
        for channel in plan.channels
    ] == [("voice", 100, (), None), ("chat", 33, (), 60_000), ("mail", 20, ("voice",), 60_000)]
    assert [channel.choice for channel in plan.channels] == ["longest-idle", "load-ratio", "load-ratio"]
    assert p.Queue(queue_id=QueueId("desk"), section_id=SectionId("desk")) == queue
    assert [p.OfferRules()] * 3 == [rules for _, rules in section.offers]
    assert [WrapUp()] * 3 == [rule for _, rule in section.wrap_up]


def test_queues_take_from_their_section_what_they_do_not_say() -> None:
    """A ladder, tiers or needs are taken whole; an empty ladder means none."""
    plan = config.load_text(
        """\
sections:
  s:
    priority: 2
    needs: {french: 1}
    answer: {within: 9s}
    ladder: [{after: 1m, do: [end: late]}]
    queues:
      a: {answer: {share: 50%}}
      b: {needs: [], ladder: [], priority: 0}
"""
    )
    a, b = plan.sections[0].queues
    assert (2, 9_000, 500, 1, skill(FRENCH)) == (
        a.priority,
        a.answer_within_ms,
        a.answer_share,
        len(a.ladder),
        a.requirement,
    )
    assert (0, 9_000, 800, (), r.All()) == (
        b.priority,
        b.answer_within_ms,
        b.answer_share,
        b.ladder,
        b.requirement,
    )


def test_the_version_is_of_what_is_said_not_of_how() -> None:
    """Comments, layout, defaults and the split into files change no version; any other change does."""
    plain = config.load_text("sections: {s: {needs: {french: 4}}}").version
    same = config.load_text(
        "# hello\nsections:\n  s:\n    priority: 0\n    needs: {french: '>= 4'}\n"
    ).version
    other = config.load_text("sections: {s: {needs: {french: 5}}}").version
    assert (len(plain), plain == same, plain == other) == (12, True, False)


def test_steps_with_equal_triggers_get_names_of_their_own() -> None:
    """A step is remembered by its name, so two ``after: 5s`` are called apart."""
    plan = config.load_text(
        "sections: {s: {ladder: [{after: 5s, do: [notify: a]}, {after: 5s, do: [notify: b]}, {after: 5s, do: [end: c]}]}}"
    )
    assert [step.name for step in plan.sections[0].queues[0].ladder] == [
        "after-5s",
        "after-5s-2",
        "after-5s-3",
    ]
