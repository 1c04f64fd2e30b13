"""What a terminal gave away without asking: from its journal, over restarts, until it is known."""

from contextlib import contextmanager
from dataclasses import replace

import pytest

from device.records.journal import Journal
from device.records.offline_giving import OfflineGiving
from loyalty.lease_records import LeaseSpend
from loyalty.receipts import Receipt
from loyalty.records import Redemption

AT_MS = 1_800_000_000_000
WHERE = {
    "at_ms": AT_MS, "mono_ms": 1, "boot": 1, "hub_ms": 0, "staff": "", "store": "s1", "rules": 1,
    "member": "hh-1", "ctr_seen": 1, "ctr_used": 2, "touch": "done",
    "offer": "cheap", "value_minor": 100, "currency": "USD",
}  # fmt: skip


def spend(card: str, points: int, number: int) -> LeaseSpend:
    return LeaseSpend(**WHERE, card=card, lease="ab" * 8, points=points, op=f"s1:{number}:spend")


def redemption(card: str, points: int, number: int, *, auth: str = "") -> Redemption:
    op = f"s1:{number}:redeem"
    return Redemption(**WHERE, card=card, points=points, auth=auth, granted_ms=0, op=op)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "journal.db"


@contextmanager
def opened(path):
    journal = Journal.open(path, epoch_of_new="e1")
    try:
        yield journal
    finally:
        journal.close()


def settle(journal: Journal, upto_seq: int, incarnation: str = "hub-1") -> None:
    journal.settle(
        Receipt(
            incarnation=incarnation,
            upto_seq=upto_seq,
            head=journal.head_at(upto_seq).hex(),
            hub_ms=AT_MS,
            want_first=0,
            want_last=0,
            exceptions=(),
        ),
        epoch="e1",
    )


def test_what_was_spent_without_asking_is_added_up_by_card(path):
    with opened(path) as journal:
        giving = OfflineGiving(journal)
        before = giving.points()
        journal.append(spend("aa", 100, 1))
        journal.append(redemption("bb", 30, 2))
        journal.append(redemption("bb", 7, 3))

        assert (before, giving.points()) == (0, 137)
        assert [giving.points_to(it) for it in ("aa", "bb", "cc")] == [100, 37, 0]


def test_what_the_hub_has_granted_is_no_gift(path):
    with opened(path) as journal:
        journal.append(redemption("aa", 500, 1, auth="k1-7"))

        assert OfflineGiving(journal).points() == 0


def test_what_the_hub_has_heard_of_counts_no_more(path):
    with opened(path) as journal:
        giving = OfflineGiving(journal)
        for number in range(1, 4):
            journal.append(spend("aa", 10**number, number))
        before = giving.points()

        settle(journal, 2)

        assert (before, giving.points()) == (1110, 1000)


def test_a_restart_forgets_nothing(path):
    with opened(path) as journal:
        journal.append(spend("aa", 100, 1))
        journal.append(spend("aa", 20, 2))
        settle(journal, 1)

    with opened(path) as journal:
        assert OfflineGiving(journal).points() == 20


def test_what_a_restored_hub_has_lost_counts_again(path):
    with opened(path) as journal:
        giving = OfflineGiving(journal)
        for number in range(1, 4):
            journal.append(spend("aa", 10**number, number))
        settle(journal, 3)
        before = giving.points()

        settle(journal, 1, incarnation="hub-2")

        assert (before, giving.points()) == (0, 1100)


def test_a_long_time_without_the_hub_is_added_up_whole(path):
    with opened(path) as journal:
        giving = OfflineGiving(journal)
        for number in range(1203):
            journal.append(replace(spend("aa", 1, 1), op=f"s1:{number}:spend"))

        assert giving.points() == 1203
