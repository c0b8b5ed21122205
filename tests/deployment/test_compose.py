"""docker-compose.yml: what every service must have, what none may, and that what it names is there."""

from __future__ import annotations

from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest

from router.daemon.settings import Settings, http_address, mqtt_address
from tests.deployment import compose, dockerfile

ROOT = Path(__file__).parents[2]
SERVICES = ("mosquitto", "redis", "router")

# Of the Compose specification, what a service of ours may say. A misspelt key would otherwise do nothing in silence.
KNOWN = {
    "build",
    "cap_drop",
    "command",
    "depends_on",
    "environment",
    "healthcheck",
    "image",
    "init",
    "logging",
    "network_mode",
    "pids_limit",
    "read_only",
    "restart",
    "security_opt",
    "stop_grace_period",
    "tmpfs",
    "user",
    "volumes",
}


@pytest.fixture(params=SERVICES)
def service(request: pytest.FixtureRequest) -> dict[str, Any]:
    return compose.services()[request.param]


def test_the_services_are_router_broker_and_redis() -> None:
    """There are three services, and no other top-level network or secret."""
    project = compose.project()
    assert sorted(project["services"]) == sorted(SERVICES)
    assert set(project) == {"name", "services", "volumes", "x-contained"}


def test_every_key_is_one_that_compose_knows(service: dict[str, Any]) -> None:
    """No service says something that Compose does not know, nor asks for privileges, devices or ports."""
    assert set(service) <= KNOWN


def test_nobody_is_root_and_nobody_can_become_it(service: dict[str, Any]) -> None:
    """Each service runs under a numeric user and group other than 0, without capabilities, on a read-only file system."""
    user, group = service["user"].split(":")
    assert int(user) > 0
    assert int(group) > 0
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["read_only"] is True


def test_each_service_has_a_health_check_with_its_times(service: dict[str, Any]) -> None:
    """A health check has a command, gives up on it before the next one is due, and lets the service start first."""
    health = service["healthcheck"]
    assert compose.health_command(service)
    assert compose.seconds(health["timeout"]) < compose.seconds(health["interval"])
    assert compose.seconds(health["start_period"]) >= 10
    assert health["retries"] == 3


def test_each_service_comes_back_and_ends_in_its_own_time(service: dict[str, Any]) -> None:
    """A service is started again after a failure and after a restart of the host, its log is bounded, its end is not cut short."""
    assert service["restart"] == "unless-stopped"
    assert set(service["logging"]["options"]) == {"max-size", "max-file"}
    assert compose.seconds(service["stop_grace_period"]) >= 20


def test_the_router_may_drain_before_it_is_killed() -> None:
    """The router's time to end is longer than contacts may go on, with room for what is left to do."""
    grace = compose.seconds(compose.services()["router"]["stop_grace_period"])
    assert grace >= Settings(centre=Path()).drain_s + 20


def test_all_share_the_hosts_loopback_and_publish_nothing(service: dict[str, Any]) -> None:
    """A daemon that listens on loopback is reached only in its own network namespace, which is thus the host's."""
    assert service["network_mode"] == "host"
    assert "ports" not in service


def test_the_router_listens_on_loopback() -> None:
    """The addresses of the router are ones that the daemon accepts, and the broker's is the one in its configuration."""
    environment = compose.services()["router"]["environment"]
    http = http_address(environment["SWITCHROOM_HTTP"])
    mqtt = mqtt_address(environment["SWITCHROOM_MQTT"])
    assert http is not None
    assert mqtt is not None
    assert f"listener {mqtt.port} {mqtt.host}" in broker_lines()


def test_redis_listens_on_loopback() -> None:
    """Every address that Redis is told to bind is a loopback address, and it is told one."""
    command = compose.services()["redis"]["command"]
    at = command.index("--bind") + 1
    bound = []
    while not command[at].startswith("--"):
        bound.append(command[at])
        at += 1
    assert bound
    assert all(ip_address(address).is_loopback for address in bound)


def test_every_listener_of_the_broker_is_on_loopback() -> None:
    """Who may connect is said listener by listener, and the one that asks for no password is on loopback."""
    lines = broker_lines()
    listeners = [line.split() for line in lines if line.startswith("listener ")]
    assert listeners
    assert all(ip_address(address).is_loopback for _, _, address in listeners)
    assert lines.index("per_listener_settings true") < lines.index(" ".join(listeners[0]))


def test_what_is_mounted_is_there() -> None:
    """Folders of the checkout are mounted read-only and exist; every other volume is declared, and none is left over."""
    project = compose.project()
    named = set()
    for service in project["services"].values():
        for volume in service["volumes"]:
            source, _, rest = volume.partition(":")
            if source.startswith("."):
                assert (ROOT / source).exists()
                assert rest.endswith(":ro")
            else:
                named.add(source)
    assert named == set(project["volumes"])


def test_variables_of_the_shell_move_the_router() -> None:
    """What compose hands to the router can be set from outside without editing the file."""
    moved = compose.services({"SWITCHROOM_HTTP": "127.0.0.1:9999", "SWITCHROOM_CENTRE": "/srv/centre"})
    assert moved["router"]["environment"]["SWITCHROOM_HTTP"] == "127.0.0.1:9999"
    assert moved["router"]["volumes"][0] == "/srv/centre:/etc/switchroom/centre:ro"


def test_the_router_is_the_image_as_it_was_built() -> None:
    """User, command, health check and journal are the same in docker-compose.yml and in the image it builds."""
    router = compose.services()["router"]
    final = dockerfile.stages()[-1]
    health = dockerfile.the("HEALTHCHECK", final)
    assert (ROOT / router["build"]["dockerfile"]) == dockerfile.DOCKERFILE
    assert router["user"] == dockerfile.the("USER", final).text
    assert router["command"] == dockerfile.the("CMD", final).argv()
    assert compose.health_command(router) == health.argv()
    assert health.flags() == {
        name.replace("_", "-"): str(value) for name, value in router["healthcheck"].items() if name != "test"
    }
    journal = dockerfile.the("VOLUME", final).text
    assert router["environment"]["SWITCHROOM_JOURNAL"] == journal
    assert f"journal:{journal}" in router["volumes"]


def broker_lines() -> list[str]:
    """The lines of the broker's configuration that say something."""
    text = (ROOT / "configs" / "mosquitto" / "mosquitto.conf").read_text(encoding="utf-8")
    return [line for line in text.splitlines() if line and not line.startswith("#")]
