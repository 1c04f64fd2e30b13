"""Logs: quiet by default, one event name and its facts a line."""

import io
import json
from collections.abc import Iterator

import pytest
import structlog

from device.logs import set_up_logs


@pytest.fixture(autouse=True)
def as_before() -> Iterator[None]:
    yield
    structlog.reset_defaults()


def test_only_warnings_and_worse_are_written_by_default() -> None:
    stream = io.StringIO()
    set_up_logs(stream=stream)
    log = structlog.get_logger()

    log.info("journal_drained", sent=12)
    log.warning("reader_lost", port="/dev/ttyAMA0")

    assert "journal_drained" not in stream.getvalue()
    assert "reader_lost" in stream.getvalue()
    assert "port=/dev/ttyAMA0" in stream.getvalue()


def test_machines_get_one_object_a_line() -> None:
    stream = io.StringIO()
    set_up_logs(level="info", as_json=True, stream=stream)

    structlog.get_logger().bind(device="h1").info("journal_drained", sent=12)

    (line,) = stream.getvalue().splitlines()
    said = json.loads(line)
    del said["timestamp"]
    assert said == {"event": "journal_drained", "level": "info", "device": "h1", "sent": 12}


def test_an_unknown_level_is_refused() -> None:
    with pytest.raises(ValueError, match="'loud', one of debug, info, warning, error"):
        set_up_logs(level="loud")
