"""The commands of redis and mosquitto in docker-compose.yml, run against this machine's own servers, on free ports."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.deployment import compose, running
from tests.deployment.brokers import mosquitto, redis
from tests.servers import free_port

pytestmark = pytest.mark.servers

OTHER_LOOPBACK = "127.0.0.2"  # of this machine, and not what anything of ours binds
NO_AUTHORISATION = 5  # what mosquitto_pub exits with where the broker does not let it in


# --- redis ----------------------------------------------------------------------------------------------------


def test_redis_keeps_what_it_acknowledged(tmp_path: Path) -> None:
    """What Redis said OK to is there after kill -9, since each write is on disk first."""
    port = free_port()
    with redis(tmp_path, port) as client:
        assert running.run([*client, "set", "owner", "router-1"]).stdout == "OK\n"
    with redis(tmp_path, port) as client:
        assert running.run([*client, "get", "owner"]).stdout == "router-1\n"


def test_redis_evicts_nothing_and_snapshots_nothing(tmp_path: Path) -> None:
    """The server took its settings as they were meant: an error when memory is full, the log of every write, no dumps beside it."""
    with redis(tmp_path, free_port()) as client:
        taken = {
            name: running.run([*client, "config", "get", name]).stdout.removeprefix(name).strip()
            for name in (
                "maxmemory",
                "maxmemory-policy",
                "appendonly",
                "appendfsync",
                "save",
                "protected-mode",
            )
        }
    assert taken == {
        "maxmemory": str(512 * 2**20),
        "maxmemory-policy": "noeviction",
        "appendonly": "yes",
        "appendfsync": "always",
        "save": "",
        "protected-mode": "yes",
    }


def test_redis_refuses_when_memory_is_full(tmp_path: Path) -> None:
    """A full Redis answers an error to a write, and what it had stays."""
    with redis(tmp_path, free_port()) as client:
        running.run([*client, "set", "owner", "router-1"])
        running.run([*client, "config", "set", "maxmemory", "1"])
        assert running.run([*client, "set", "more", "x"]).stdout.startswith("OOM command not allowed")
        assert running.run([*client, "get", "owner"]).stdout == "router-1\n"


def test_redis_is_on_one_address_only(tmp_path: Path) -> None:
    """Nothing answers on another address of the machine."""
    port = free_port()
    with redis(tmp_path, port):
        assert running.answers("127.0.0.1", port)
        assert not running.answers(OTHER_LOOPBACK, port)


def test_redis_health_check_fails_without_redis() -> None:
    """The health check of Redis exits other than 0 when nobody answers."""
    running.need("redis-cli")
    port = free_port()
    health = compose.health_command(compose.services()["redis"])
    assert running.run([word.replace("6379", str(port)) for word in health]).returncode != 0


# --- mosquitto ------------------------------------------------------------------------------------------------


def test_the_broker_carries_and_keeps_retained_messages(tmp_path: Path) -> None:
    """Without a password, on loopback: a retained message is delivered, also after the broker was started again."""
    port = free_port()
    with mosquitto(tmp_path, port) as address:
        assert (
            running.run(["mosquitto_pub", *address, "-q", "1", "-r", "-t", "status", "-m", "up"]).returncode
            == 0
        )
    with mosquitto(tmp_path, port) as address:
        got = running.run(["mosquitto_sub", *address, "-q", "1", "-t", "status", "-C", "1", "-W", "10"])
        assert got.stdout == "up\n"


def test_the_broker_is_on_one_address_only(tmp_path: Path) -> None:
    """Nothing answers on another address of the machine."""
    port = free_port()
    with mosquitto(tmp_path, port):
        assert running.answers("127.0.0.1", port)
        assert not running.answers(OTHER_LOOPBACK, port)


def test_a_further_listener_lets_nobody_in_unasked(tmp_path: Path) -> None:
    """A listener that somebody adds is closed to clients without a password."""
    port, added = free_port(), free_port()
    with mosquitto(tmp_path, port, f"listener {added} 127.0.0.1") as address:
        refused = running.run(["mosquitto_pub", "-h", "127.0.0.1", "-p", str(added), "-t", "x", "-m", "y"])
        assert refused.returncode == NO_AUTHORISATION, refused.stdout
        assert running.run(["mosquitto_pub", *address, "-t", "x", "-m", "y"]).returncode == 0


def test_the_broker_warns_of_nothing(tmp_path: Path) -> None:
    """Every line of the configuration is one that the broker knows and likes: it starts, serves and ends without a warning."""
    with mosquitto(tmp_path, free_port()) as address:
        running.run(["mosquitto_pub", *address, "-q", "1", "-t", "x", "-m", "y"])
    log = (tmp_path / "log").read_text(encoding="utf-8").splitlines()
    complaints = [line for line in log if "Warning: " in line or "Error: " in line]
    # That it is root is the test's doing.
    assert [line for line in complaints if "should not be run as root" not in line] == []


def test_the_brokers_health_check_fails_without_a_broker() -> None:
    """The health check of the broker exits other than 0 when nobody answers."""
    running.need("mosquitto_sub")
    port = free_port()
    health = compose.health_command(compose.services()["mosquitto"])
    assert running.run([word.replace("1883", str(port)) for word in health]).returncode != 0
