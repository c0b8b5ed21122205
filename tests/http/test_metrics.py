"""What Prometheus reads."""

from __future__ import annotations

from prometheus_client.parser import text_string_to_metric_families

from tests.http.desk import Desk


async def _samples(desk: Desk) -> dict[str, float]:
    """Return every sample by its name and labels."""
    answer = await desk.http.get("/metrics")
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    return {
        ",".join(
            (sample.name, *(f"{name}={value}" for name, value in sorted(sample.labels.items())))
        ): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }


async def test_meters_follow_the_interactions(desk: Desk) -> None:
    """Offered to a queue, answered, abandoned, ended, waiting; agents by presence; commands by result."""
    await desk.post("/v1/agents/ana/sign-in")
    for number in range(3):
        await desk.submit(f"i-{number}")
    await desk.post("/v1/agents/ana/offers/1/accept")
    await desk.post("/v1/interactions/i-2/abandon")
    await desk.submit("i-9", section="nowhere")
    await desk.submit("i-9", priority="high")
    found = await _samples(desk)
    support = "queue=support,section=support"
    assert {
        name: found[name]
        for name in found
        if support in name and "bucket" not in name and "created" not in name
    } == {
        f"switchroom_queue_offered_total,{support}": 3,
        f"switchroom_queue_answered_total,{support}": 1,
        f"switchroom_queue_abandoned_total,{support}": 1,
        f"switchroom_interactions_ended_total,how=abandoned,{support}": 1,
        f"switchroom_queue_wait_seconds_count,{support}": 1,
        f"switchroom_queue_wait_seconds_sum,{support}": found[f"switchroom_queue_wait_seconds_sum,{support}"],
        f"switchroom_queue_waiting,{support}": 1,
        f"switchroom_queue_longest_wait_seconds,{support}": found[
            f"switchroom_queue_longest_wait_seconds,{support}"
        ],
    }
    assert found["switchroom_agents,presence=ready"] == 1
    assert found["switchroom_agents,presence=offline"] == 1
    assert found["switchroom_mailbox_depth"] == 0
    assert found["switchroom_commands_total,result=accepted,transport=http,verb=submit"] == 3
    assert found["switchroom_commands_total,result=unknown-section,transport=http,verb=submit"] == 1
    assert found["switchroom_commands_total,result=invalid,transport=http,verb=submit"] == 1
    assert found["switchroom_queue_waiting,queue=billing,section=billing"] == 0


async def test_meters_name_no_agent_and_no_interaction(desk: Desk) -> None:
    """Labels stay few, whoever works and whatever comes."""
    await desk.post("/v1/agents/ana/sign-in")
    await desk.submit("i-unmistakable", customer="c-unmistakable")
    text = (await desk.http.get("/metrics")).text
    assert "unmistakable" not in text
    assert "ana" not in text
