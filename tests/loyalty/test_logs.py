"""Logs: quiet by default, one event name and its facts a line, and nothing that must not be."""

import io
import json
import logging
from collections.abc import Iterator

import pytest
import structlog

from loyalty.logs import set_up_logs


@pytest.fixture(autouse=True)
def as_before() -> Iterator[None]:
    handlers = list(logging.getLogger().handlers)
    yield
    structlog.reset_defaults()
    logging.getLogger().handlers[:] = handlers


class Screen(io.StringIO):
    """A stream that somebody looks at."""

    def isatty(self) -> bool:
        return True


def logged(stream: io.StringIO) -> dict[str, object]:
    """Return the facts of the one line in `stream`."""
    (line,) = stream.getvalue().splitlines()
    return dict(json.loads(line))


def test_only_warnings_and_worse_are_written_by_default() -> None:
    stream = Screen()
    set_up_logs(stream=stream)
    log = structlog.get_logger()

    log.info("journal_drained", sent=12)
    log.warning("reader_lost", port="/dev/ttyAMA0")

    assert "journal_drained" not in stream.getvalue()
    assert "reader_lost" in stream.getvalue()
    assert "/dev/ttyAMA0" in stream.getvalue()
    assert "{" not in stream.getvalue()


def test_machines_get_one_object_a_line() -> None:
    stream = io.StringIO()
    set_up_logs(level="info", stream=stream)

    structlog.get_logger().bind(device="h1").info("journal_drained", sent=12)

    said = logged(stream)
    del said["timestamp"]
    assert said == {"event": "journal_drained", "level": "info", "device": "h1", "sent": 12}


def test_what_is_secret_is_hidden_for_people_and_machines() -> None:
    for_people, for_machines = Screen(), io.StringIO()

    for stream in (for_people, for_machines):
        set_up_logs(stream=stream)
        structlog.get_logger().warning("card_refused", uid="04a1b2c3d4e5f6", password="tulip")

    for stream in (for_people, for_machines):
        assert "04a1b2c3d4e5f6" not in stream.getvalue()
        assert "tulip" not in stream.getvalue()
    assert logged(for_machines)["uid"] == "…e5f6"


def test_a_traceback_is_masked_too() -> None:
    stream = io.StringIO()
    set_up_logs(stream=stream)

    try:
        raise LookupError("no card 04A1B2C3D4E5F6")
    except LookupError:
        structlog.get_logger().exception("tap_failed")

    assert "…E5F6" in str(logged(stream)["exception"])
    assert "04A1B2C3D4E5F6" not in stream.getvalue()


def test_what_a_library_warns_of_is_a_line_like_ours() -> None:
    stream = io.StringIO()
    set_up_logs(stream=stream)
    library = logging.getLogger("asyncio")

    library.info("polling")
    try:
        raise TimeoutError("no answer about 04a1b2c3d4e5f6")
    except TimeoutError:
        library.exception("Task exception was never retrieved")

    said = logged(stream)
    assert (said["event"], said["library"], said["level"]) == ("library_logged", "asyncio", "error")
    assert said["said"] == "Task exception was never retrieved"
    assert "no answer about …e5f6" in str(said["exception"])


@pytest.mark.parametrize(("level", "named"), [(35, "warning"), (45, "error"), (60, "critical")])
def test_a_level_of_a_librarys_own_is_the_next_below(level: int, named: str) -> None:
    stream = io.StringIO()
    set_up_logs(stream=stream)

    logging.getLogger("other").log(level, "odd")

    assert logged(stream)["level"] == named


class _Unspeakable:
    def __str__(self) -> str:
        raise RuntimeError("no words")


def test_what_a_library_cannot_put_into_words_stops_nobody(capsys) -> None:
    stream = io.StringIO()
    set_up_logs(stream=stream)

    ours = logging.getLogger().handlers[-1]  # pytest's own among them would raise
    ours.handle(logging.makeLogRecord({"msg": "found %s", "args": (_Unspeakable(),)}))

    assert stream.getvalue() == ""
    assert "Logging error" in capsys.readouterr().err


def test_setting_logs_up_again_does_not_double_what_libraries_say() -> None:
    stream = io.StringIO()
    set_up_logs(stream=io.StringIO())
    set_up_logs(stream=stream)

    logging.getLogger("paho").warning("lost")

    assert logged(stream)["said"] == "lost"


def test_an_unknown_level_is_refused() -> None:
    with pytest.raises(ValueError, match="'loud', one of debug, info, warning, error"):
        set_up_logs(level="loud")
