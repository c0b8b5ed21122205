"""The agents in other languages work against a real broker and a real router."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import signal
import subprocess
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from agents.model import WrapUp
from router.core.plan import Plan
from router.testing import a_plan, a_queue, a_section, an_agent
from tests.agents.stand import PATIENCE_S, OverMqtt, Stand, eventually
from tests.servers import REQUIRED, program

EXAMPLES = Path(__file__).resolve().parents[2] / "docs" / "examples"
INSTALL_S = 120

pytestmark = [pytest.mark.servers, pytest.mark.slow]


@pytest.fixture
def plan() -> Plan:
    """`support` is served by ana; `billing` wraps up."""
    return a_plan(
        an_agent("ana"),
        sections=[
            a_section("support", a_queue("support")),
            a_section("billing", wrap_up={"voice": WrapUp(kind="until-done", limit_ms=30_000)}),
        ],
        presence_ttl_ms=30_000,
    )


@pytest.fixture
async def stand(plan: Plan, tmp_path: Path) -> AsyncIterator[Stand]:
    """The help desk on a broker of its own."""
    async with Stand(plan, OverMqtt(tmp_path)) as running:
        yield running


@pytest.fixture(scope="module")
def node_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the agent for Node and what npm installs for it."""
    program("node")
    npm = program("npm")
    folder = tmp_path_factory.mktemp("node")
    for name in ("agent.mjs", "package.json", "package-lock.json"):
        shutil.copy(EXAMPLES / name, folder)
    installed = subprocess.run(
        [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline"],
        cwd=folder,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=INSTALL_S,
        check=False,
    )
    if installed.returncode and os.environ.get(REQUIRED) != "1":
        pytest.skip(f"npm cannot install what the agent needs: {installed.stderr.strip()[-200:]}")
    assert not installed.returncode, installed.stderr
    return folder


class Other:
    """An agent in a process group of its own, so that nothing of it outlives the test. To be entered."""

    def __init__(self, *command: str, folder: Path) -> None:
        self._command = command
        self._folder = folder
        self.process: subprocess.Popen[bytes]

    def __enter__(self) -> Other:
        with (self._folder / "agent.log").open("wb") as log:
            self.process = subprocess.Popen(
                self._command,
                cwd=self._folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        return self

    def __exit__(self, *_: object) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    @property
    def said(self) -> str:
        return (self._folder / "agent.log").read_text()


@pytest.fixture(params=["sh", "node"])
def agent(request: pytest.FixtureRequest, stand: Stand, tmp_path: Path) -> Iterator[Other]:
    """One of the agents, signing in as ana on that desk."""
    port = stand.url.rpartition(":")[2]
    if request.param == "sh":
        program("mosquitto_sub")
        command = ["sh", str(EXAMPLES / "agent.sh"), "127.0.0.1", port, "test", "ana", "0.2"]
        folder = tmp_path
    else:
        folder = request.getfixturevalue("node_folder")
        command = [program("node"), "agent.mjs", stand.url, "test", "ana", "0.2"]
    with Other(*command, folder=folder) as running:
        yield running


async def test_another_language_does_whole_interactions(stand: Stand, agent: Other) -> None:
    """It signs in, accepts, finishes and ends its wrap-up, again and again; told to end, it drains and is gone."""
    ana = stand.router.centre.agents[stand.router.agent("ana").id]
    async with stand.submitter() as shop:
        await eventually(lambda: ana.presence == "ready", "it signs in")
        for name, section in (("call-1", "billing"), ("call-2", "support")):
            call = await shop.submit(section, id=name, attributes={"text": 'has "quotes" {"and": "braces"}'})
            async with asyncio.timeout(PATIENCE_S):
                ended = await call.ended()
            assert (ended.how, ended.agent_id) == ("completed", "ana"), agent.said
        await eventually(lambda: not ana.holdings, "nothing is held, wrap-ups neither")
        call = await shop.submit("support", id="call-3")
        await call.answered()
        agent.process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(PATIENCE_S):
            assert (await call.ended()).how == "completed"
        await eventually(lambda: agent.process.poll() is not None, "it ends")
        assert (agent.process.returncode, ana.presence, ana.reason) == (0, "offline", "drained"), agent.said


@pytest.fixture
async def ana_is_there(stand: Stand) -> None:
    """The router knows ana as ready, as after a desktop that was killed without a word."""
    await stand.router.sign_in("ana")


@pytest.mark.usefixtures("ana_is_there")
async def test_it_drains_where_the_router_knew_it_already(stand: Stand, agent: Other) -> None:
    """Started for an agent that is signed in, it finishes what it holds all the same when it is told to end."""
    ana = stand.router.centre.agents[stand.router.agent("ana").id]
    async with stand.submitter() as shop:
        call = await shop.submit("support", id="call-1")
        async with asyncio.timeout(PATIENCE_S):
            await call.answered()
            agent.process.send_signal(signal.SIGTERM)
            assert (await call.ended()).how == "completed"
        await eventually(lambda: agent.process.poll() is not None, "it ends")
        assert (agent.process.returncode, ana.presence, ana.reason) == (0, "offline", "drained"), agent.said


async def test_its_last_will_tells_that_it_was_killed(stand: Stand, agent: Other) -> None:
    """Killed, the agent is lost at once, and the contact that it had is kept for it."""
    ana = stand.router.centre.agents[stand.router.agent("ana").id]
    await eventually(lambda: ana.presence == "ready", "it signs in")
    os.killpg(agent.process.pid, signal.SIGKILL)
    await eventually(lambda: ana.presence == "offline", "the router knows")
    assert ana.reason == "connection-lost"


async def test_it_goes_on_after_a_restart_of_the_router(stand: Stand, agent: Other) -> None:
    """A router that is started anew finds the agent again, and what was submitted meanwhile is done."""
    await eventually(lambda: stand.router.agent("ana").presence == "ready", "it signs in")
    await stand.stop()
    await stand.start(None)
    async with stand.submitter() as shop:
        call = await shop.submit("support", id="call-1")
        async with asyncio.timeout(PATIENCE_S):
            assert (await call.ended()).agent_id == "ana"


def test_the_lock_file_names_no_registry() -> None:
    """Where packages come from is the installer's business: no address is committed."""
    assert "resolved" not in (EXAMPLES / "package-lock.json").read_text()
    assert "http" not in (EXAMPLES / "package.json").read_text()
