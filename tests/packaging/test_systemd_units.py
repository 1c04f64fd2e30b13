"""The units as systemd reads them: nothing in them is unknown, and they give little away."""

import os
import re
import shlex
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest

from device.terminal import FINISH_WITHIN_S, RECEIPT_WITHIN_S, SILENT_MAX_MS
from hub import broker_bridge
from hub.broker import embedded
from hub.ledger.ledger import open_ledger
from hub.offline_config import make_seed
from hub.web import health
from revisit import COMMANDS
from tests.hub.hub_world import PROGRAMME, World, sale

PACKAGING = Path(__file__).parents[2] / "packaging"
UNITS = sorted((PACKAGING / "systemd").iterdir())
SERVICES = [it for it in UNITS if it.suffix == ".service"]
NIGHTLY = [it for it in SERVICES if it.with_suffix(".timer") in UNITS]
LASTING = [it for it in SERVICES if it not in NIGHTLY]
DAY_S = 24 * 60 * 60
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
    assert [it.name for it in NIGHTLY] == [
        "revisit-backup.service",
        "revisit-heads.service",
        "revisit-verify.service",
    ]


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


@pytest.fixture
def state(tmp_path: Path) -> Path:
    """Return a folder that stands for /var/lib/revisit and /etc/revisit."""
    world = World(tmp_path)
    till = world.till("h1")
    till.add(sale("r1"))
    world.take(till.batch())
    world.ledger.close()
    make_seed(tmp_path / "lease.key", bytes(range(32)))
    (tmp_path / "programme.toml").write_text(PROGRAMME)
    to_come = PROGRAMME.replace("version = 3", "version = 4").replace("= 2017", "= 2099")
    (tmp_path / "programme-2.toml").write_text(to_come)
    (tmp_path / "heads").mkdir()
    (tmp_path / "backups").mkdir()
    return tmp_path


def run(name: str, state: Path) -> subprocess.CompletedProcess[str]:
    """Run the command of unit `name` with `state` in the place of the system's folders."""
    unit = PACKAGING / "systemd" / name
    return subprocess.run(
        words(unit, state),
        env=dict(os.environ) | dict(it.split("=") for it in places(unit, "Environment", state)),
        cwd=state,
        capture_output=True,
        text=True,
        timeout=WITHIN_S,
        check=False,
    )


def test_the_nightly_command_signs_the_ledger_that_the_unit_names(state: Path) -> None:
    found = run("revisit-heads.service", state)

    assert found.returncode == 0, found.stderr
    (made,) = (state / "heads").iterdir()
    assert re.fullmatch(r"\d{4}-\d\d-\d\d-\d{4}\.txt", made.name)
    assert made.read_bytes().startswith(b"revisit heads")


def test_the_nightly_backup_takes_the_place_of_those_that_are_old(state: Path) -> None:
    for name, age_days in (("old", 16), ("last-week", 7)):
        (state / "backups" / f"{name}.db").touch()
        at_s = time.time() - age_days * DAY_S
        os.utime(state / "backups" / f"{name}.db", (at_s, at_s))

    found = run("revisit-backup.service", state)

    assert found.returncode == 0, found.stderr
    kept, made = sorted((state / "backups").iterdir(), reverse=True)
    assert kept.name == "last-week.db"
    assert re.fullmatch(r"\d{4}-\d\d-\d\d-\d{4}\.db", made.name)
    open_ledger(made).close()


def test_a_night_without_a_backup_takes_none_away(state: Path) -> None:
    old = state / "backups" / "old.db"
    old.touch()
    os.utime(old, (0, 0))
    (state / "ledger.db").unlink()

    found = run("revisit-backup.service", state)

    assert found.returncode != 0
    assert list((state / "backups").iterdir()) == [old]


def test_the_nightly_check_fails_where_something_does_not_hold(state: Path) -> None:
    right = run("revisit-verify.service", state)
    with sqlite3.connect(state / "ledger.db") as database:
        database.execute("UPDATE account SET balance = balance + 1")
    database.close()

    wrong = run("revisit-verify.service", state)

    assert (right.returncode, wrong.returncode) == (0, 1), right.stderr + wrong.stderr
    assert "broken" in wrong.stdout


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
