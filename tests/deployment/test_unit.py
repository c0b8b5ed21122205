"""The systemd unit: what systemd itself says of it, and that its numbers and exit codes are the daemon's."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from router.cli import CONFIG_INVALID, USAGE
from router.daemon.settings import Settings, http_address, mqtt_address
from tests.deployment import running, unit_file

EXPOSURE_MAX = 15
"""Tenths, on systemd's scale from 0 (contained) to 100 (as root, unconfined). A service that talks to the network gets no 0."""


@pytest.fixture
def installed(tmp_path: Path) -> Path:
    """The unit as on a machine where its program is installed: systemd checks that it is there."""
    running.need("systemd-analyze")
    program = tmp_path / "switchroom"
    shutil.copy("/bin/true", program)
    text = unit_file.UNIT.read_text(encoding="utf-8")
    path = tmp_path / "switchroom.service"
    path.write_text(text.replace(unit_file.start_command()[0], str(program)), encoding="utf-8")
    return path


def test_systemd_understands_every_line(installed: Path) -> None:
    """`systemd-analyze verify` has nothing to say."""
    verified = running.run(["systemd-analyze", "verify", "--man=no", str(installed)])
    assert (verified.returncode, verified.stdout) == (0, "")


def test_systemd_sees_a_misspelt_line(installed: Path) -> None:
    """The check above would have said something: it does of a setting that there is not."""
    text = installed.read_text(encoding="utf-8")
    installed.write_text(text.replace("NoNewPrivileges=", "NoNewPrivilege="), encoding="utf-8")
    verified = running.run(["systemd-analyze", "verify", "--man=no", str(installed)])
    assert "NoNewPrivilege" in verified.stdout


def test_the_service_is_contained(installed: Path) -> None:
    """`systemd-analyze security` finds little that the service could do beyond its work."""
    options = ["--offline=yes", "--no-pager", f"--threshold={EXPOSURE_MAX}"]
    reviewed = running.run(["systemd-analyze", "security", *options, str(installed)])
    assert reviewed.returncode == 0, reviewed.stdout


def test_it_is_nobodys_root() -> None:
    """The service has a user of its own, no capabilities, and one folder to write in: that of the journal."""
    service = unit_file.service()
    assert service["DynamicUser"] == ["yes"]
    assert service["CapabilityBoundingSet"] == [""]
    assert service["NoNewPrivileges"] == ["yes"]
    assert service["ProtectSystem"] == ["strict"]
    assert "ReadWritePaths" not in service
    environment = unit_file.environment(Path("/var/lib"))
    assert environment["SWITCHROOM_JOURNAL"] == f"/var/lib/{unit_file.one('StateDirectory')}"


def test_the_daemon_accepts_the_units_addresses() -> None:
    """HTTP is on loopback, and the unit works where there is no broker."""
    environment = unit_file.environment(Path("/var/lib"))
    assert http_address(environment["SWITCHROOM_HTTP"]) is not None
    assert mqtt_address(environment["SWITCHROOM_MQTT"]) is None


def test_it_may_drain_before_it_is_killed() -> None:
    """There is more time to end than agents have to finish; SIGTERM comes first, and to the daemon only."""
    assert unit_file.seconds("TimeoutStopSec") >= Settings(centre=Path()).drain_s + 20
    assert unit_file.one("KillSignal") == "SIGTERM"
    assert unit_file.one("KillMode") == "mixed"


def test_what_trying_again_cannot_mend_is_not_tried_again() -> None:
    """The exit codes of a wrong use and of an invalid configuration end it; others start it again, so many times."""
    assert unit_file.one("Restart") == "on-failure"
    assert unit_file.one("RestartPreventExitStatus").split() == [str(USAGE), str(CONFIG_INVALID)]
    assert int(unit_file.sections()["Unit"]["StartLimitBurst"][0]) > 1
