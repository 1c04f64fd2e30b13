"""When a hub is well, and the words for it when it is not."""

from dataclasses import replace

import pytest

from hub.web.health import DISK_FREE_MIN_BYTES, SILENT_MAX_S, Vitals, health

WELL = Vitals(
    is_ledger_there=True,
    is_broker_there=True,
    posting_trouble="",
    silent_s=0.04,
    waiting_messages=3,
    posted_ago_s=1.26,
    oldest_gap_s=None,
    disk_free_bytes=DISK_FREE_MIN_BYTES,
)


def test_a_hub_whose_parts_are_all_there_is_well() -> None:
    found = health(WELL)

    assert found.is_well
    assert found.words == {
        "status": "ok",
        "ledger": "ok",
        "broker": "ok",
        "posting": "ok",
        "disk": "ok",
        "posted_ago_s": 1.3,
        "waiting_messages": 3,
        "oldest_gap_s": None,
        "disk_free_bytes": DISK_FREE_MIN_BYTES,
    }


@pytest.mark.parametrize(
    ("changes", "part", "word"),
    [
        ({"is_ledger_there": False}, "ledger", "no answer"),
        ({"is_broker_there": False}, "broker", "not connected"),
        ({"posting_trouble": "disk full"}, "posting", "the ledger takes nothing"),
        ({"silent_s": SILENT_MAX_S + 1}, "posting", "stuck for 61 s"),
        ({"disk_free_bytes": DISK_FREE_MIN_BYTES - 1}, "disk", "nearly full"),
    ],
)
def test_one_part_that_fails_makes_the_hub_fail(
    changes: dict[str, object], part: str, word: str
) -> None:
    found = health(replace(WELL, **changes))

    assert not found.is_well
    assert found.words["status"] == "failing"
    assert found.words[part] == word
    assert [it for it in ("ledger", "broker", "posting", "disk") if found.words[it] != "ok"] == [
        part
    ]


@pytest.mark.parametrize(
    "changes",
    [
        {"oldest_gap_s": 86_400.0},  # a device's trouble
        {"disk_free_bytes": None},  # the ledger is on a server
        {"posted_ago_s": None},  # nobody has sold anything yet
        {"posted_ago_s": 36_000.0},  # the shop is closed
        {"silent_s": SILENT_MAX_S},
    ],
)
def test_a_quiet_day_is_no_illness(changes: dict[str, object]) -> None:
    assert health(replace(WELL, **changes)).is_well
