"""What the daemon is held against: the same client library or web framework that says what the daemon said, and does nothing else. What to
say is a transcript of one interaction, recorded from the daemon: for each command the messages that followed, in which only the
interaction's id is another each time. No router, no journal, nothing checked.

    python -m benchmarks.durable.bare mqtt PORT TRANSCRIPT --agents N
    python -m benchmarks.durable.bare http PORT TRANSCRIPT --agents N
"""

import argparse
import asyncio
import json
import sys
from pathlib import Path

import orjson

from agents import wire
from agents.mqtt_connection import Connection
from agents.mqtt_terms import Broker, Received
from benchmarks.durable.centre import CENTRE, EXAMPLE, SUBMITTER, agent_names, call_id

ID_LENGTH = len(call_id(0))

Transcript = dict[str, list[tuple[str, list[bytes]]]]
"""For each verb the messages that follow: where each goes, and its text around the interaction's id."""


def read_transcript(path: Path) -> Transcript:
    example = call_id(EXAMPLE).encode()
    return {
        verb: [(where, text.encode().split(example)) for where, text in messages]
        for verb, messages in json.loads(path.read_text()).items()
    }


def id_in(payload: bytes) -> bytes:
    at = payload.index(b"call-")
    return payload[at : at + ID_LENGTH]


async def over_mqtt(port: int, transcript: Transcript) -> None:
    topics = wire.Topics(CENTRE)

    def receive(message: Received) -> None:
        _, name, _, verb = message.topic.rsplit("/", 3)
        if verb == "sign-in":
            request = orjson.loads(message.payload)["request"]
            reply = wire.Accepted(request=request, answer="done").model_dump_json().encode()
            connection.post(topics.replies("agents", name), reply)
        else:
            call = id_in(message.payload)
            for topic, parts in transcript[verb]:
                connection.post(topic, call.join(parts))
        connection.acknowledge(message)

    connection = Connection(
        Broker(client_id="bench-bare", port=port, keeps_session=True),
        receive,
        subscribe=[topics.agent_commands, topics.submitter_commands],
        acknowledges=True,
        waiting_max=1_000_000,
    )
    async with connection:
        await asyncio.Event().wait()


async def over_http(port: int, transcript: Transcript, agents: int) -> None:
    import uvicorn
    from starlette.applications import Starlette
    from starlette.requests import Request
    from starlette.responses import Response, StreamingResponse
    from starlette.routing import Route

    boxes: dict[str, asyncio.Queue[bytes]] = {
        name: asyncio.Queue() for name in [*agent_names(agents), SUBMITTER]
    }

    async def command(request: Request) -> Response:
        body = await request.body()
        verb = request.url.path.rsplit("/", 1)[1]
        if verb == "sign-in":
            return Response(wire.Accepted(answer="done").model_dump_json(), media_type="application/json")
        call = id_in(body)
        answer = b""
        for where, parts in transcript["submit" if verb == "interactions" else verb]:
            if where:
                boxes[where].put_nowait(call.join(parts))
            else:
                answer = call.join(parts)
        return Response(answer, 201 if verb == "interactions" else 200, media_type="application/json")

    async def inbox(request: Request) -> StreamingResponse:
        box = boxes[request.path_params["name"]]

        async def chunks():
            yield b"retry: 1000\n\n"
            while True:
                texts = [await box.get()]
                while not box.empty():
                    texts.append(box.get_nowait())
                yield b"".join(b"event: letter\ndata: %s\n\n" % text for text in texts)

        return StreamingResponse(chunks(), media_type="text/event-stream")

    app = Starlette(
        routes=[
            Route("/v1/interactions", command, methods=["POST"]),
            Route("/v1/agents/{name}/offers/{id}/{verb}", command, methods=["POST"]),
            Route("/v1/agents/{name}/interactions/{id}/{verb}", command, methods=["POST"]),
            Route("/v1/agents/{name}/inbox", inbox),
            Route("/v1/submitters/{name}/inbox", inbox),
            Route("/v1/agents/{name}/{verb}", command, methods=["POST"]),
        ]
    )
    config = uvicorn.Config(
        app,
        port=port,
        http="httptools",
        loop="none",
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
    )
    await uvicorn.Server(config).serve()


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("transport", choices=["mqtt", "http"])
    parser.add_argument("port", type=int)
    parser.add_argument("transcript", type=Path)
    parser.add_argument("--agents", type=int, default=100)
    options = parser.parse_args()
    transcript = read_transcript(options.transcript)
    import uvloop

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        if options.transport == "mqtt":
            runner.run(over_mqtt(options.port, transcript))
        else:
            runner.run(over_http(options.port, transcript, options.agents))
    return 0


if __name__ == "__main__":
    sys.exit(main())
