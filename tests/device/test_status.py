"""How a terminal is, in the words of its status file."""

import pytest

from device.status import Status, hub_word

WELL = Status(
    at_ms=1_488_360_000_000,
    store="s1",
    device="k1",
    hub="online",
    hub_heard_ms=1_488_359_999_000,
    pending_lines=3,
    journal_fill=0.000150060024,
    reader="ok",
    reader_failures=0,
    reader_recoveries=0,
    printer="ok",
)


def test_every_fact_has_a_name() -> None:
    assert WELL.facts() == {
        "at_ms": 1_488_360_000_000,
        "store": "s1",
        "device": "k1",
        "hub": "online",
        "hub_heard_ms": 1_488_359_999_000,
        "pending_lines": 3,
        "journal_fill": 0.0,
        "reader": "ok",
        "reader_failures": 0,
        "reader_recoveries": 0,
        "printer": "ok",
    }


@pytest.mark.parametrize(
    ("is_online", "is_refused", "word"),
    [(True, False, "online"), (False, False, "offline"), (False, True, "refused")],
)
def test_a_refusal_is_told_from_a_network_that_is_down(
    is_online: bool, is_refused: bool, word: str
) -> None:
    assert hub_word(is_online=is_online, is_refused=is_refused) == word
