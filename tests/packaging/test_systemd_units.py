"""The units as systemd reads them: nothing in them is unknown, and they give little away."""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from device.terminal import FINISH_WITHIN_S, RECEIPT_WITHIN_S, SILENT_MAX_MS
from hub import broker_bridge
from hub.broker import embedded
from hub.ledger.ledger import open_ledger
from hub.offline_config import make_seed
from hub.web import health
from revisit import COMMANDS

PACKAGING = Path(__file__).parents[2] / "packaging"
UNITS = sorted((PACKAGING / "systemd").iterdir())
SERVICES = [it for it in UNITS if it.suffix == ".service"]
NIGHTLY = [it for it in SERVICES if it.with_suffix(".timer") in UNITS]
LASTING = [it for it in SERVICES if it not in NIGHTLY]
PROGRAM = "/opt/revisit/bin/revisit"
HERE = Path(sys.executable).with_name("revisit")
EXPOSURE_MAX = 20  # tenths, of 100
BASE_GROUPS = Path("/usr/share/base-passwd/group.master")
WITHIN_S = 120
UNITS_OF_SECONDS = {"min": 60, "s": 1}


def each(units: list[Path]) -> pytest.MarkDecorator:
    """Run a test with every one of `units`."""
    return pytest.mark.parametrize("unit", units, ids=lambda it: it.name)


def settings(unit: Path, key: str) -> list[str]:
    """Return every value of `key`."""
    lines = unit.read_text().splitlines()
    return [it.partition("=")[2] for it in lines if it.startswith(f"{key}=")]


def seconds(unit: Path, key: str) -> int:
    """Return the one duration of `key`."""
    (written,) = settings(unit, key)
    number = written.rstrip("mins")
    return int(number) * UNITS_OF_SECONDS[written.removeprefix(number)]


def installed(unit: Path, folder: Path) -> Path:
    """Return a copy whose program is there, as an instance where it is a template.

    A timer finds its service beside it.
    """
    if unit.suffix == ".timer":
        installed(unit.with_suffix(".service"), folder)
    copy = folder / unit.name.replace("@.", "@k1.")
    copy.write_text(unit.read_text().replace(PROGRAM, str(HERE)))
    return copy


def analyzed(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    command = ["systemd-analyze", "--no-pager", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=WITHIN_S, check=False)


def test_there_is_a_unit_for_each_program_that_stays_and_for_what_every_night_needs() -> None:
    assert [it.name for it in LASTING] == [
        "revisit-handheld@.service",
        "revisit-hub.service",
        "revisit-kiosk@.service",
    ]
    assert [it.name for it in NIGHTLY] == ["revisit-heads.service"]


@each(UNITS)
def test_systemd_understands_every_line(unit: Path, tmp_path: Path) -> None:
    found = analyzed("verify", "--man=no", installed(unit, tmp_path))

    assert (found.returncode, found.stdout, found.stderr) == (0, "", "")


@each(SERVICES)
def test_a_service_that_is_taken_over_reaches_little(unit: Path, tmp_path: Path) -> None:
    copy = installed(unit, tmp_path)

    found = analyzed("security", "--offline=true", f"--threshold={EXPOSURE_MAX}", copy)

    assert found.returncode == 0, found.stdout


@each(LASTING)
def test_a_unit_runs_a_command_that_there_is(unit: Path) -> None:
    (command,) = settings(unit, "ExecStart")

    program, name, config = command.split()

    assert program == PROGRAM
    assert name in COMMANDS
    assert config.startswith("/etc/revisit/")
    assert config.endswith(".toml")


@each(LASTING)
def test_a_service_tells_how_it_is_and_comes_back_for_ever(unit: Path) -> None:
    assert settings(unit, "Type") == ["notify"]
    assert settings(unit, "Restart") == ["always"]
    assert settings(unit, "StartLimitIntervalSec") == ["0"]
    assert seconds(unit, "RestartSec") > 0


@each(LASTING)
def test_the_watchdog_is_more_patient_than_the_service_itself(unit: Path) -> None:
    silent_s = health.SILENT_MAX_S if "hub" in unit.name else SILENT_MAX_MS / 1000

    # It is fed twice in its time, the last time just before the silence counts.
    assert seconds(unit, "WatchdogSec") >= 2 * silent_s


@each(LASTING)
def test_a_service_has_the_time_to_finish(unit: Path) -> None:
    if "hub" in unit.name:
        needs_s = broker_bridge.STOP_WITHIN_S + embedded.STOP_WITHIN_S
    else:
        needs_s = FINISH_WITHIN_S + RECEIPT_WITHIN_S

    assert seconds(unit, "TimeoutStopSec") > needs_s


@each(NIGHTLY)
def test_a_night_that_was_slept_through_is_made_up_for(unit: Path) -> None:
    timer = unit.with_suffix(".timer")

    assert settings(timer, "Persistent") == ["yes"]
    assert settings(timer, "WantedBy") == ["timers.target"]
    (when,) = settings(timer, "OnCalendar")
    assert analyzed("calendar", when).returncode == 0


def test_the_nightly_command_signs_the_ledger_that_the_unit_names(tmp_path: Path) -> None:
    unit = PACKAGING / "systemd" / "revisit-heads.service"
    (tmp_path / "heads").mkdir()
    open_ledger(tmp_path / "ledger.db", create=True).close()
    make_seed(tmp_path / "lease.key", bytes(range(32)))

    found = subprocess.run(
        words(unit, tmp_path),
        env=dict(os.environ) | dict(it.split("=") for it in places(unit, "Environment", tmp_path)),
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=WITHIN_S,
        check=False,
    )

    assert found.returncode == 0, found.stderr
    (made,) = (tmp_path / "heads").iterdir()
    assert re.fullmatch(r"\d{4}-\d\d-\d\d-\d{4}\.txt", made.name)
    assert made.read_bytes().startswith(b"revisit heads")


def places(unit: Path, key: str, folder: Path) -> list[str]:
    """Return every value of `key`, with `folder` where the unit names the system's."""
    system = re.compile("/var/lib/revisit|/etc/revisit")
    return [system.sub(str(folder), it) for it in settings(unit, key)]


def words(unit: Path, folder: Path) -> list[str]:
    """Return the command as systemd makes it of the line, with the program that is here."""
    (line,) = places(unit, "ExecStart", folder)
    return shlex.split(line.replace("$$", "$").replace("%%", "%").replace(PROGRAM, str(HERE)))


@each(SERVICES)
def test_every_user_and_group_is_one_that_is_made(unit: Path) -> None:
    ours = (PACKAGING / "sysusers.d" / "revisit.conf").read_text().splitlines()
    made = {line.split()[1] for line in ours if line[0] in "gu"}
    of_debian = {line.partition(":")[0] for line in BASE_GROUPS.read_text().splitlines()}
    groups = [it for line in settings(unit, "SupplementaryGroups") for it in line.split()]

    assert {*settings(unit, "User"), *groups} <= made | of_debian


def test_systemd_understands_the_users() -> None:
    path = PACKAGING / "sysusers.d" / "revisit.conf"
    found = subprocess.run(
        ["systemd-sysusers", "--dry-run", str(path)],
        capture_output=True,
        text=True,
        timeout=WITHIN_S,
        check=False,
    )

    assert found.returncode == 0, found.stderr
    assert "Creating user 'revisit'" in found.stderr
