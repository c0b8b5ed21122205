"""Waiting: putting an interaction into the demand class where it belongs, taking it out, and ending it."""

from __future__ import annotations

from router.core.affinity import Favour, favoured, forget_favour, note_favour, waits_for, window_ends
from router.core.centre import LEVEL_OPENS, NEED_CHANGE, WINDOW_END, Centre
from router.core.demand import DemandClass
from router.core.dialling import stop_dialling
from router.core.facts import InteractionEnd, InteractionEnded, make_fact
from router.core.level_delays import next_opening, waited
from router.core.names import AgentId
from router.core.needs import Need
from router.core.records import AgentState, Interaction, Key
from router.core.tails import with_tail
from router.core.time_to_live import watch

CLASSES_MAX = 4096
"""How many demand classes are kept before the empty ones are dropped."""


def elapsed(centre: Centre, interaction: Interaction) -> int:
    """Return what the requirement's clock shows: never less than it has shown before."""
    return max(centre.now - interaction.queued_at, interaction.elapsed_floor)


def ask_as_queue(interaction: Interaction) -> None:
    """Let the interaction ask what its queue asks; the clock of another requirement starts anew."""
    asked = interaction.queue.asked
    if interaction.asked is not asked:
        if interaction.asked.tree != asked.tree:
            interaction.elapsed_floor = 0
        interaction.asked = asked


def class_of(centre: Centre, interaction: Interaction) -> DemandClass:
    """Return the class of what is asked for the interaction now."""
    asked = interaction.asked
    queue = interaction.queue
    channel = interaction.channel
    is_plain = (
        asked is queue.asked
        and not asked.instants
        and not interaction.relaxations
        and not interaction.opened
        and not interaction.people_only
        and not queue.level_delays
    )
    favour = interaction.favour
    if favour is not None:
        return _class_of_favouring(centre, interaction, favour)
    if is_plain and (plain := queue.plain.get(channel.channel_id)) is not None:
        interaction.need = plain.need
        return plain
    need = asked.need(elapsed(centre, interaction) if asked.instants else 0, interaction.relaxations)
    interaction.need = need
    klass = _class_asking(centre, interaction, need)
    if is_plain and not need.named:
        queue.plain[channel.channel_id] = klass
    return klass


def _class_of_favouring(centre: Centre, interaction: Interaction, favour: Favour) -> DemandClass:
    """Return the class of work that favours agents: while somebody is waited for it asks for one of the favoured."""
    need = interaction.asked.need(elapsed(centre, interaction), interaction.relaxations)
    klass = _class_asking(centre, interaction, need)
    favour.held_for, favour.plain = (), None
    if waits_for(centre, interaction, need, centre.now):
        favour.held_for = tuple(favoured(interaction, centre.now))
        favour.plain = (klass, need)
        need = centre.needs.one_of(favour.held_for, need)
        klass = _class_asking(centre, interaction, need)
    interaction.need = need
    return klass


def _class_asking(centre: Centre, interaction: Interaction, asked: Need) -> DemandClass:
    """Return the class of the interaction when it asks for this, made where there is none yet."""
    queue = interaction.queue
    channel = interaction.channel
    need = asked.generic
    waited_ms = waited(centre, interaction) if queue.level_delays else 0
    key = (
        queue.queue_id,
        channel.channel_id,
        need,
        interaction.opened,
        interaction.people_only,
        waited_ms,
    )
    klass = centre.classes.get(key)
    if klass is None:
        if len(centre.classes) >= CLASSES_MAX:
            _drop_empty_classes(centre)
        klass = centre.classes[key] = DemandClass(
            queue,
            channel,
            need,
            interaction.opened,
            waited_ms,
            people_only=interaction.people_only,
            policies=centre.policies,
        )
        queue.classes.append(klass)
    if asked.named:
        klass.names_agents = True
    return klass


def _drop_empty_classes(centre: Centre) -> None:
    for key, klass in list(centre.classes.items()):
        if not klass.count:
            del centre.classes[key]
            klass.queue.classes.remove(klass)
            for profile in klass.served_by:
                profile.feeds.pop(klass, None)
    for queue in centre.queues.values():
        queue.plain.clear()
    centre.epoch += 1


def key_of(centre: Centre, interaction: Interaction) -> Key:
    """Compute the interaction's key under the centre's order."""
    queue = interaction.queue
    queued_at = interaction.queued_at
    rank = centre.rank(
        queued_at, interaction.priority, interaction.arrival.due_at, queue.plan, queue.section.plan
    )
    if interaction.tail is not None and centre.order.honours_positions:
        return with_tail(interaction.expedited, rank, interaction.tail)
    return (0 if interaction.expedited else 1, rank, queued_at, interaction.number)


def wait(centre: Centre, interaction: Interaction) -> None:
    """Let the interaction, whose state is queued and whose key is set, wait in its queue from now on.

    It is listed in its class only after the matching pass has looked for an agent.
    """
    join(centre, interaction)
    queue = interaction.queue
    queue.waiting += 1
    queue.section.waiting += 1
    centre.waiting += 1
    if queue.line is not None and interaction.key is not None:
        queue.line.add(interaction.key)
    if queue.level_steps:
        centre.touched.add(queue)
    centre.new_work.append(interaction)


def join(centre: Centre, interaction: Interaction) -> DemandClass:
    """Let agents name the interaction from now on, as one of the class where it belongs."""
    klass = interaction.klass = class_of(centre, interaction)
    klass.count += 1
    if (
        klass.queue.time_to_live_ms is not None
        or interaction.arrival.expires_at is not None
        or interaction.callback is not None
    ):
        watch(centre, interaction)
    else:
        interaction.expires_due = None
    if klass.queue.level_delays:
        schedule_opening(centre, interaction)
    if klass.names_agents and interaction.need is not None and interaction.need.named:
        _name(centre, interaction, interaction.need.named)
    if interaction.favour is not None:
        note_favour(centre, interaction, interaction.favour)
        watch_windows(centre, interaction, interaction.favour)
    return klass


def leave(centre: Centre, interaction: Interaction) -> None:
    """Let agents name the interaction no more."""
    klass = interaction.klass
    assert klass is not None
    interaction.klass = None
    interaction.listed = False
    klass.count -= 1
    if klass.names_agents and interaction.need is not None and interaction.need.named:
        _unname(centre, interaction, interaction.need.named)
    if interaction.favour is not None:
        forget_favour(centre, interaction, interaction.favour)


def schedule_opening(centre: Centre, interaction: Interaction) -> None:
    """Set the deadline at which the queue may open to somebody further."""
    due = interaction.opens_due = next_opening(centre, interaction)
    if due is not None:
        centre.deadline(due, LEVEL_OPENS, interaction.number, "", interaction)


def on_level_opens(centre: Centre, interaction: Interaction) -> None:
    """Let work that has waited one more of its queue's delays be there for those for whom it opens now."""
    if interaction.klass is not None:
        reclassify(centre, interaction)
        schedule_opening(centre, interaction)


def watch_windows(centre: Centre, interaction: Interaction, favour: Favour) -> None:
    """Set the deadline at which the next of its windows ends."""
    favour.due = min((end for end in window_ends(interaction) if end > centre.now), default=None)
    if favour.due is not None:
        centre.deadline(favour.due, WINDOW_END, interaction.number, "", interaction)


def on_window_end(centre: Centre, interaction: Interaction, due: int) -> None:
    """A window has ended: perhaps others are held off no more."""
    favour = interaction.favour
    if favour is not None and favour.due == due and interaction.klass is not None:
        watch_windows(centre, interaction, favour)
        reclassify(centre, interaction)


def review_favours(centre: Centre, agent: AgentState) -> None:
    """Look anew whether the work that favours the agent waits for it."""
    for interaction in list(agent.favoured_by.values()):
        reclassify(centre, interaction)


def enlist_new_work(centre: Centre) -> None:
    """List the work that has begun to wait."""
    for interaction in centre.new_work:
        if interaction.klass is not None and not interaction.listed:
            assert interaction.key is not None
            interaction.klass.enlist(interaction, interaction.key)


def stop_waiting(centre: Centre, interaction: Interaction) -> None:
    """Take the interaction out of its queue."""
    klass = interaction.klass
    assert klass is not None
    leave(centre, interaction)
    queue = klass.queue
    queue.waiting -= 1
    queue.section.waiting -= 1
    centre.waiting -= 1
    if queue.line is not None:
        assert interaction.key is not None
        if queue.waiting:
            queue.line.remove(interaction.key)
        else:
            queue.line = None
    if queue.level_steps:
        centre.touched.add(queue)


def reclassify(centre: Centre, interaction: Interaction) -> None:
    """Move a waiting interaction to the class of what is asked now, and try to match it."""
    before = interaction.klass
    assert before is not None
    assert interaction.key is not None
    if interaction.need is not None and interaction.need.named:
        _unname(centre, interaction, interaction.need.named)
    klass = class_of(centre, interaction)
    if klass is not before:
        before.count -= 1
        klass.count += 1
        interaction.klass = klass
        if interaction.listed:
            klass.enlist(interaction, interaction.key)
    if interaction.need is not None and interaction.need.named:
        _name(centre, interaction, interaction.need.named)
    centre.new_work.append(interaction)


def rekey(centre: Centre, interaction: Interaction) -> None:
    """Compute the key anew, where the interaction is listed too."""
    key = key_of(centre, interaction)
    if key != interaction.key:
        if (
            interaction.state == "queued"
            and interaction.klass is not None
            and (line := interaction.klass.queue.line) is not None
        ):
            assert interaction.key is not None
            line.remove(interaction.key)
            line.add(key)
        interaction.key = key
        if interaction.listed and interaction.klass is not None:
            interaction.klass.rekey(interaction, key)


def schedule_need_change(centre: Centre, interaction: Interaction) -> None:
    """Set the deadline of the next change in what is asked."""
    asked = interaction.asked
    if not asked.instants:
        interaction.need_due = None
        return
    instant = asked.next_instant(elapsed(centre, interaction))
    interaction.need_due = None if instant is None else interaction.queued_at + instant
    if interaction.need_due is not None:
        centre.deadline(interaction.need_due, NEED_CHANGE, interaction.number, "", interaction)


def end(
    centre: Centre, interaction: Interaction, how: InteractionEnd, reason: str, agent_id: AgentId | None
) -> None:
    """End the interaction, once and for all."""
    now = centre.now
    if interaction.callback is not None:
        stop_dialling(centre, interaction)
        interaction.callback = None
    if interaction.state == "assigned":
        wait_ms = interaction.waited_ms
    else:
        if interaction.state == "queued":
            stop_waiting(centre, interaction)
        wait_ms = 0 if interaction.waiting_since is None else max(now - interaction.waiting_since, 0)
        if centre.figures is not None:
            node = interaction.queue.queue_id, interaction.channel.channel_id
            centre.figures.gone(node, interaction.number, wait_ms, now, gave_up=how == "abandoned")
    interaction.state = "ended"
    interaction.ended_how = how
    interaction.ended_at = now
    interaction.refused = None
    interaction.refused_clear_at = None
    interaction.ladder = None
    interaction.favour = None
    interaction.owner = None
    interaction.need = None
    queue = interaction.queue
    centre.ended.append((now, interaction))
    centre.facts.append(
        make_fact(
            InteractionEnded,
            (now, interaction.id, queue.section_id, queue.queue_id, how, reason, agent_id, wait_ms),
        )
    )


def _name(centre: Centre, interaction: Interaction, agents: frozenset[AgentId]) -> None:
    for agent_id in agents:
        if (agent := centre.agents.get(agent_id)) is not None:
            agent.named_by[interaction.number] = interaction


def _unname(centre: Centre, interaction: Interaction, agents: frozenset[AgentId]) -> None:
    for agent_id in agents:
        if (agent := centre.agents.get(agent_id)) is not None:
            agent.named_by.pop(interaction.number, None)
