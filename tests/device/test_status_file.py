"""The status file: whole at every moment, new every few seconds, and never in the way."""

import asyncio
import json
from dataclasses import replace
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from device.status import Status
from device.status_file import EVERY_MS, StatusFile
from tests.device.test_status import WELL


class Enough(Exception):
    """The clock's script is over."""


class ScriptedClock:
    """A clock whose waits do what a script says, one after the other."""

    def __init__(self, *deeds: object) -> None:
        self.waits_ms: list[int] = []
        self._deeds = list(deeds)

    def now_ms(self) -> int:
        return 0

    def monotonic_ms(self) -> int:
        return 0

    async def sleep_ms(self, duration_ms: int) -> None:
        self.waits_ms.append(duration_ms)
        if not self._deeds:
            raise Enough
        self._deeds.pop(0)()


def run(path: Path, clock: ScriptedClock, *seen: Status) -> None:
    left = iter(seen)
    with pytest.raises(Enough):
        asyncio.run(StatusFile(path, lambda: next(left), clock).run())


def test_the_file_is_there_at_once_and_replaced_every_few_seconds(tmp_path: Path) -> None:
    path, read = tmp_path / "status.json", []
    clock = ScriptedClock(lambda: read.append(path.read_text()))

    run(path, clock, WELL, replace(WELL, pending_lines=4))

    read.append(path.read_text())
    assert [json.loads(it)["pending_lines"] for it in read] == [3, 4]
    assert clock.waits_ms == [EVERY_MS, EVERY_MS]
    assert [it.name for it in tmp_path.iterdir()] == ["status.json"]


def test_a_reader_that_has_the_file_open_keeps_the_whole_old_one(tmp_path: Path) -> None:
    path = tmp_path / "status.json"
    run(path, ScriptedClock(), WELL)
    with path.open() as file:
        run(path, ScriptedClock(), replace(WELL, pending_lines=4))

        assert json.load(file)["pending_lines"] == 3


def test_everybody_may_read_it(tmp_path: Path) -> None:
    path = tmp_path / "status.json"

    run(path, ScriptedClock(), WELL)

    assert path.stat().st_mode & 0o777 == 0o644


def test_a_folder_that_is_not_there_is_told_once_and_stops_nothing(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    path = folder / "status.json"
    clock = ScriptedClock(lambda: None, folder.mkdir)

    with capture_logs() as logged:
        run(path, clock, WELL, WELL, WELL)

    assert [it["event"] for it in logged] == ["status_not_written"]
    assert json.loads(path.read_text())["device"] == "k1"
