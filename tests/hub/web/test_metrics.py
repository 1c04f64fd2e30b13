"""What Prometheus reads of counts and figures."""

from collections.abc import Iterable

from prometheus_client.metrics_core import Metric

from hub.ledger.figures import DeviceFigures, LedgerFigures
from hub.web.health import Vitals
from hub.web.metrics import GroupTimes, count_families, ledger_families, vital_families

H1 = DeviceFigures("s1", "h1", False, 0, None, 5_000)
FIGURES = LedgerFigures(4096, (H1,), {"gap": 2}, {"copied": 1, "fork": 3}, 4, 500)
VITALS = Vitals(
    is_ledger_there=True,
    is_broker_there=False,
    posting_trouble="",
    silent_s=0.5,
    waiting_messages=7,
    posted_ago_s=None,
    oldest_gap_s=None,
    disk_free_bytes=None,
)


def values(families: Iterable[Metric]) -> dict[str, float]:
    """Return every sample by its name and the values of its labels."""
    return {
        " ".join([sample.name, *sample.labels.values()]): sample.value
        for family in families
        for sample in family.samples
    }


def test_counts_are_told_by_what_became_of_messages_and_lines() -> None:
    counts = {
        "received": 9,
        "dropped_bad_seal": 2,
        "dropped_queue_full": 1,
        "taken_batch": 5,
        "taken_hello": 1,
        "lines": 40,
        "line_held": 3,
        "published": 6,
    }

    told = values(count_families(counts))

    assert told["revisit_messages_received_total"] == 9
    assert told["revisit_messages_dropped_total bad_seal"] == 2
    assert told["revisit_messages_dropped_total queue_full"] == 1
    assert told["revisit_messages_taken_total batch"] == 5
    assert told["revisit_messages_taken_total hello"] == 1
    assert told["revisit_lines_total"] == 40
    assert told["revisit_lines_not_posted_total held"] == 3
    assert told["revisit_replies_total"] == 6


def test_what_has_not_happened_is_told_as_zero() -> None:
    told = values(count_families({}))

    assert told["revisit_ledger_refusals_total"] == 0
    assert set(told.values()) == {0}


def test_a_ledger_on_a_server_says_nothing_about_our_disk() -> None:
    told = values(vital_families(VITALS))

    assert told == {
        "revisit_ledger_up": 1,
        "revisit_broker_up": 0,
        "revisit_waiting_messages": 7,
        "revisit_worker_silent_seconds": 0.5,
    }


def test_cases_held_lines_and_holds_are_told() -> None:
    told = values(ledger_families(FIGURES))

    assert told["revisit_cases_open copied"] == 1
    assert told["revisit_cases_open fork"] == 3
    assert told["revisit_lines_held gap"] == 2
    assert told["revisit_holds_open"] == 4
    assert told["revisit_points_on_hold"] == 500
    assert told["revisit_ledger_bytes"] == 4096


def test_a_device_was_seen_when_it_last_spoke_or_sent_a_line() -> None:
    quiet = H1._replace(name="h2", last_line_ms=None)
    figures = FIGURES._replace(devices=(H1, quiet, H1._replace(name="h3")))

    told = values(ledger_families(figures, {"h1": 9_000, "h3": 2_000}))

    assert told["revisit_device_seen_timestamp_seconds s1 h1"] == 9
    assert told["revisit_device_seen_timestamp_seconds s1 h3"] == 5
    assert "revisit_device_seen_timestamp_seconds s1 h2" not in told


def test_a_gap_is_told_with_its_device_and_its_age() -> None:
    behind = H1._replace(name="h2", lines_apart=12, gap_since_ms=3_000)

    told = values(ledger_families(FIGURES._replace(devices=(H1, behind))))

    assert told["revisit_device_lines_apart s1 h1"] == 0
    assert told["revisit_device_lines_apart s1 h2"] == 12
    assert told["revisit_device_gap_timestamp_seconds s1 h2"] == 3
    assert "revisit_device_gap_timestamp_seconds s1 h1" not in told


def test_a_revoked_device_is_counted_and_its_lag_alarms_nobody() -> None:
    gone = H1._replace(name="h2", is_revoked=True, gap_since_ms=1)

    told = values(ledger_families(FIGURES._replace(devices=(H1, gone))))

    assert told["revisit_devices active"] == 1
    assert told["revisit_devices revoked"] == 1
    assert [it for it in told if it.endswith(" h2")] == []


def test_groups_are_told_by_how_long_they_took_and_how_large_they_were() -> None:
    times = GroupTimes()

    times.observe(3, 0.004)
    times.observe(200, 0.2)

    told = values(times.families())
    assert told["revisit_group_seconds_bucket 0.005"] == 1
    assert told["revisit_group_seconds_bucket 0.25"] == 2
    assert told["revisit_group_seconds_count"] == 2
    assert told["revisit_group_messages_sum"] == 203
    assert told["revisit_group_messages_bucket 100.0"] == 1
