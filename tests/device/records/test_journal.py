"""The journal: what is told to be stored is stored, and nothing is settled on a guess."""

import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from device.behaviour.intent import Intent
from device.links.lockfile import FileHeld
from device.records.journal import LINES_MAX, OUTCOMES_KEPT, Journal, JournalFull
from device.records.journal_file import JournalFailed
from device.records.kept_lines import PRUNED_MAX
from device.records.settlement import Mismatch, Reopened, Settled
from loyalty.chain import ZERO_HEAD, heads_after
from loyalty.clock import DAY_MS
from loyalty.lines import to_line
from loyalty.receipts import Receipt
from loyalty.record import Record
from loyalty.records import CheckIn, FacePrinted, Redemption, Sale
from tests.full_disk import files_of_at_most

NOON_MS = 1_790_000_000_000
OTHER_HEAD = "0" * 64


def stamp(at_ms: int, op: str = "") -> dict[str, object]:
    return {
        "at_ms": at_ms,
        "mono_ms": 5,
        "boot": 1,
        "hub_ms": 0,
        "staff": "",
        "store": "s1",
        "rules": 1,
        "card": "04a1b2c3",
        "member": "m-1",
        "ctr_seen": 3,
        "ctr_used": 4,
        "touch": "done",
        "op": op,
    }


def check_in(number: int = 0) -> CheckIn:
    return CheckIn(**stamp(NOON_MS + number))


def redemption(op: str) -> Redemption:
    return Redemption(
        **stamp(NOON_MS, op),
        offer="tea",
        points=100,
        value_minor=500,
        currency="HKD",
        auth="",
        granted_ms=0,
    )


def face_printed() -> FacePrinted:
    return FacePrinted(
        **stamp(NOON_MS),
        face="f" * 64,
        outcome="printed",
        account_version=1,
        shown_points=1,
        pending_points=0,
        as_of_ms=NOON_MS,
    )


def intent(op: str) -> Intent:
    return Intent(
        op=op,
        card="04a1b2c3",
        member="m-1",
        kind="redemption",
        counter_before=3,
        counter_after=4,
        points=100,
        value_minor=500,
        begun_ms=NOON_MS,
    )


def receipt(journal: Journal, upto_seq: int, incarnation: str = "hub-1") -> Receipt:
    return Receipt(
        incarnation=incarnation,
        upto_seq=upto_seq,
        head=journal.head_at(upto_seq).hex(),
        hub_ms=NOON_MS,
        want_first=0,
        want_last=0,
        exceptions=(),
    )


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "journal.db"


@pytest.fixture
def journal(path: Path) -> Iterator[Journal]:
    opened = Journal.open(path, epoch_of_new="e1")
    yield opened
    opened.close()


def filled(journal: Journal, lines: int) -> Journal:
    for number in range(lines):
        journal.append(check_in(number))
    return journal


def test_lines_are_numbered_from_one_and_chained(journal: Journal) -> None:
    records: list[Record] = [check_in(0), redemption("s1/7/1"), check_in(2)]

    places = [journal.append(it) for it in records]

    lines = [to_line(it) for it in records]
    assert places == [1, 2, 3]
    assert journal.pending(0, 10) == list(zip(places, lines, strict=True))
    assert [journal.head_at(it) for it in places] == heads_after(ZERO_HEAD, lines)


def test_everything_is_there_after_reopening(path: Path) -> None:
    first = filled(Journal.open(path, epoch_of_new="e1"), 3)
    first.settle(receipt(first, 2), epoch="e1")
    head = first.head_at(3)
    first.close()

    second = Journal.open(path, epoch_of_new="e2")

    known = (second.epoch, second.boot, second.last_seq, second.settled_seq, second.incarnation)
    assert known == ("e1", 2, 3, 2, "hub-1")
    assert second.head_at(3) == head
    second.close()


def test_pending_begins_after_the_number_given_and_ends_at_the_limit(journal: Journal) -> None:
    filled(journal, 5)

    found = journal.pending(2, 2)

    assert [seq for seq, _ in found] == [3, 4]


def test_an_exact_receipt_settles(journal: Journal) -> None:
    filled(journal, 5)

    settlement = journal.settle(receipt(journal, 3), epoch="e1")

    assert settlement == Settled(3)
    assert (journal.settled_seq, journal.pending_lines) == (3, 2)


def test_the_same_receipt_again_and_an_older_one_tell_nothing_new(journal: Journal) -> None:
    filled(journal, 5)
    journal.settle(receipt(journal, 3), epoch="e1")

    again = [journal.settle(receipt(journal, it), epoch="e1") for it in (3, 1, 0)]

    assert again == [Settled(0)] * 3
    assert journal.settled_seq == 3


@pytest.mark.parametrize(
    ("part", "epoch", "changes"),
    [
        ("epoch", "e2", {}),
        ("head", "e1", {"head": OTHER_HEAD}),
        ("head", "e1", {"head": "not-hexadecimal".ljust(64, "-")}),
        ("head", "e1", {"upto_seq": 2}),
        ("seq", "e1", {"upto_seq": 6}),
    ],
)
def test_a_receipt_that_is_not_exactly_ours_settles_nothing(
    journal: Journal, part: str, epoch: str, changes: dict[str, object]
) -> None:
    filled(journal, 5)
    odd = replace(receipt(journal, 3), **changes)

    settlement = journal.settle(odd, epoch=epoch)

    assert isinstance(settlement, Mismatch)
    assert settlement.part == part
    assert journal.settled_seq == 0


def test_a_restored_hub_takes_back_what_it_lacks(journal: Journal) -> None:
    filled(journal, 5)
    journal.settle(receipt(journal, 5), epoch="e1")

    settlement = journal.settle(receipt(journal, 2, "hub-2"), epoch="e1")

    assert settlement == Reopened(3, 0)
    assert (journal.settled_seq, journal.pending_lines, journal.incarnation) == (2, 3, "hub-2")


def test_a_late_receipt_of_the_hub_that_was_replaced_settles_nothing(path: Path) -> None:
    first = filled(Journal.open(path, epoch_of_new="e1"), 5)
    late = receipt(first, 5, "hub-1")
    first.settle(receipt(first, 4, "hub-1"), epoch="e1")
    first.settle(receipt(first, 2, "hub-2"), epoch="e1")
    first.close()

    second = Journal.open(path, epoch_of_new="e1")
    settlement = second.settle(late, epoch="e1")

    assert settlement == Mismatch("incarnation", "hub-1", "hub-2")
    assert second.settled_seq == 2
    second.close()


def test_a_restored_hub_with_another_chain_takes_nothing_back(journal: Journal) -> None:
    filled(journal, 5)
    journal.settle(receipt(journal, 5), epoch="e1")

    settlement = journal.settle(replace(receipt(journal, 2, "hub-2"), head=OTHER_HEAD), epoch="e1")

    assert isinstance(settlement, Mismatch)
    assert (journal.settled_seq, journal.incarnation) == (5, "hub-1")


def test_a_hub_that_lacks_what_was_pruned_gets_the_rest(journal: Journal) -> None:
    filled(journal, 5)
    journal.settle(receipt(journal, 5), epoch="e1")
    lacking = receipt(journal, 1, "hub-2")
    journal.prune(NOON_MS + 3 + 30 * DAY_MS)

    settlement = journal.settle(lacking, epoch="e1")

    assert settlement == Reopened(2, 2)
    assert [seq for seq, _ in journal.pending(journal.settled_seq, 9)] == [4, 5]


def test_pruning_forgets_old_settled_lines_and_keeps_the_head(path: Path) -> None:
    first = filled(Journal.open(path, epoch_of_new="e1", retention_ms=DAY_MS), 5)
    heads = [first.head_at(it) for it in range(6)]
    first.settle(receipt(first, 4), epoch="e1")

    forgotten = first.prune(NOON_MS + 2 + DAY_MS)

    assert forgotten == 2
    assert [seq for seq, _ in first.pending(0, 9)] == [3, 4, 5]
    assert [first.head_at(it) for it in (2, 3, 4, 5)] == heads[2:]
    with pytest.raises(LookupError, match="line 1, 2 to 5"):
        first.head_at(1)
    first.close()


def test_pruning_never_forgets_what_is_not_settled(journal: Journal) -> None:
    filled(journal, 5)
    journal.settle(receipt(journal, 2), epoch="e1")

    forgotten = journal.prune(NOON_MS + 900 * DAY_MS)

    assert forgotten == 2
    assert journal.pending_lines == len(journal.pending(0, 9)) == 3


def test_the_chain_goes_on_after_everything_was_pruned(path: Path) -> None:
    first = filled(Journal.open(path, epoch_of_new="e1"), 3)
    first.settle(receipt(first, 3), epoch="e1")
    head = first.head_at(3)
    first.prune(NOON_MS + 900 * DAY_MS)
    first.close()

    second = Journal.open(path, epoch_of_new="e1")
    seq = second.append(check_in(9))

    assert seq == 4
    assert second.head_at(4) == heads_after(head, [to_line(check_in(9))])[0]
    second.close()


def test_one_call_prunes_a_bounded_number_of_lines(journal: Journal) -> None:
    with_room = PRUNED_MAX + 1
    filled(journal, with_room)
    journal.settle(receipt(journal, with_room), epoch="e1")

    forgotten = [journal.prune(NOON_MS + 900 * DAY_MS) for _ in range(3)]

    assert forgotten == [PRUNED_MAX, 1, 0]


def test_a_full_journal_refuses_and_takes_again_after_a_receipt(path: Path) -> None:
    journal = filled(Journal.open(path, epoch_of_new="e1", lines_max=20), 20 - OUTCOMES_KEPT)

    with pytest.raises(JournalFull, match="12 lines wait"):
        journal.append(check_in())

    assert journal.fill == 1.0
    journal.settle(receipt(journal, 1), epoch="e1")
    assert journal.append(check_in()) == 13
    journal.close()


def test_the_default_journal_takes_a_busy_week(journal: Journal) -> None:
    wanted_lines = 7 * 2_500

    assert wanted_lines <= LINES_MAX - OUTCOMES_KEPT


def test_it_warns_at_four_fifths(path: Path) -> None:
    journal = filled(Journal.open(path, epoch_of_new="e1", lines_max=10 + OUTCOMES_KEPT), 7)

    warnings = [journal.is_nearly_full]
    journal.append(check_in())
    warnings.append(journal.is_nearly_full)

    assert warnings == [False, True]
    journal.close()


def test_an_open_intent_always_has_a_place_for_its_outcome(path: Path) -> None:
    journal = Journal.open(path, epoch_of_new="e1", lines_max=12)
    journal.begin(intent("op-1"))
    filled(journal, 12 - OUTCOMES_KEPT - 1)

    with pytest.raises(JournalFull):
        journal.append(check_in())
    with pytest.raises(JournalFull):
        journal.begin(intent("op-2"))
    seq = journal.finish("op-1", redemption("op-1"))

    assert seq == 4
    journal.close()


def test_a_full_journal_still_takes_how_a_face_ended(path: Path) -> None:
    journal = filled(Journal.open(path, epoch_of_new="e1", lines_max=12), 12 - OUTCOMES_KEPT)

    places = [journal.append(face_printed()) for _ in range(OUTCOMES_KEPT)]

    assert places[-1] == 12
    with pytest.raises(JournalFull):
        journal.append(face_printed())
    journal.close()


def test_power_lost_between_intent_and_outcome_leaves_the_intent_open(path: Path) -> None:
    # A process that dies without closing anything stands for the power cut.
    dying = (
        "import os, sys; from pathlib import Path; from device.records.journal import Journal;"
        "from device.behaviour.intent import Intent;"
        f"Journal.open(Path(sys.argv[1]), epoch_of_new='e1').begin({intent('op-1')!r}); os._exit(9)"
    )
    died = subprocess.run([sys.executable, "-c", dying, str(path)], check=False, timeout=60)

    journal = Journal.open(path, epoch_of_new="e2")

    assert died.returncode == 9
    assert journal.open_intents() == [intent("op-1")]
    assert journal.epoch == "e1"
    journal.close()


def test_an_outcome_closes_its_intent(journal: Journal) -> None:
    journal.begin(intent("op-1"))
    journal.begin(intent("op-2"))

    journal.finish("op-1", redemption("op-1"))

    assert journal.open_intents() == [intent("op-2")]
    assert journal.last_seq == 1


@pytest.mark.parametrize(("op", "outcome_op"), [("op-1", "op-2"), ("op-9", "op-9")])
def test_an_outcome_of_something_else_changes_nothing(
    journal: Journal, op: str, outcome_op: str
) -> None:
    journal.begin(intent("op-1"))

    with pytest.raises(ValueError, match=r"op-[29]"):
        journal.finish(op, redemption(outcome_op))

    assert journal.open_intents() == [intent("op-1")]
    assert journal.last_seq == 0


def test_an_intent_cannot_be_opened_twice(journal: Journal) -> None:
    journal.begin(intent("op-1"))

    with pytest.raises(ValueError, match="open already"):
        journal.begin(intent("op-1"))

    assert journal.open_intents() == [intent("op-1")]


def test_the_last_operation_is_the_newest_that_moves_value(journal: Journal) -> None:
    journal.append(redemption("op-1"))
    journal.append(redemption("op-2"))
    journal.append(check_in())

    last = journal.last_operation()

    assert last == redemption("op-2")


def test_a_new_journal_has_no_last_operation(journal: Journal) -> None:
    journal.append(check_in())

    assert journal.last_operation() is None


def test_a_full_disk_keeps_nothing_of_the_record_and_everything_before(path: Path) -> None:
    journal = Journal.open(path, epoch_of_new="e1")
    journal.begin(intent("op-1"))

    with files_of_at_most(200_000):
        with pytest.raises(JournalFailed, match=r"line [0-9]+ is not stored"):
            filled(journal, 1_000)
        with pytest.raises(JournalFailed, match="outcome of op-1 is not stored"):
            journal.finish("op-1", sale_of_many_items("op-1"))
        with pytest.raises(JournalFailed, match="intent op-2 is not stored"):
            journal.begin(intent("op-2"))
        with pytest.raises(JournalFailed, match="receipt for 1 is not stored"):
            journal.settle(receipt(journal, 1), epoch="e1")

    stored = journal.last_seq
    assert 0 < stored < 1_000
    assert journal.append(check_in(stored)) == stored + 1
    journal.close()
    reopened = Journal.open(path, epoch_of_new="e1")
    assert [line for _, line in reopened.pending(0, 1_000)] == [
        to_line(check_in(it)) for it in range(stored + 1)
    ]
    assert reopened.open_intents() == [intent("op-1")]
    assert reopened.settled_seq == 0
    reopened.close()


def sale_of_many_items(op: str) -> Sale:
    return Sale(
        **stamp(NOON_MS, op),
        till_ms=NOON_MS,
        receipt="r1",
        currency="HKD",
        items=(("tea", 100, 0),) * 500,
    )


def test_a_second_process_is_told_who_holds_the_journal(path: Path) -> None:
    holding = (
        "import sys; from pathlib import Path; from device.records.journal import Journal;"
        "Journal.open(Path(sys.argv[1]), epoch_of_new='e1'); print('held', flush=True);"
        "sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", holding, str(path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"

        with pytest.raises(FileHeld, match=f"process {holder.pid}"):
            Journal.open(path, epoch_of_new="e1")

        holder.communicate("")
    Journal.open(path, epoch_of_new="e1").close()


def test_a_file_of_something_else_is_left_alone(path: Path) -> None:
    other = sqlite3.connect(path)
    other.execute("CREATE TABLE recipe (name TEXT)")
    other.close()

    with pytest.raises(JournalFailed, match="something else"):
        Journal.open(path, epoch_of_new="e1")


@pytest.mark.parametrize(
    "content", [b"not a database" * 100, b"SQLite format 3\x00" + b"\xff" * 500]
)
def test_garbage_is_no_journal(path: Path, content: bytes) -> None:
    path.write_bytes(content)

    with pytest.raises(JournalFailed, match=r"journal\.db"):
        Journal.open(path, epoch_of_new="e1")


def test_a_file_that_a_power_cut_left_empty_is_made_again(path: Path) -> None:
    path.touch()

    journal = Journal.open(path, epoch_of_new="e1")

    assert (journal.epoch, journal.last_seq) == ("e1", 0)
    journal.close()


def test_a_missing_directory_is_said_plainly(tmp_path: Path) -> None:
    with pytest.raises(JournalFailed, match="No such file"):
        Journal.open(tmp_path / "nowhere" / "journal.db", epoch_of_new="e1")


def test_a_disk_that_goes_away_while_a_journal_is_made_is_said_plainly(tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()

    def connect(path: Path, **more: object) -> sqlite3.Connection:
        shutil.rmtree(path.parent)
        return sqlite3.connect(":memory:", **more)

    with pytest.raises(JournalFailed, match="No such file"):
        Journal.open(disk / "journal.db", epoch_of_new="e1", connect=connect)


@pytest.mark.parametrize(
    "damage",
    ["UPDATE line SET line = x'00' WHERE seq = 2", "DELETE FROM line WHERE seq = 2"],
)
def test_a_damaged_line_that_waits_for_the_hub_is_found_at_opening(path: Path, damage: str) -> None:
    filled(Journal.open(path, epoch_of_new="e1"), 3).close()
    worn = sqlite3.connect(path)
    worn.execute(damage)
    worn.commit()
    worn.close()

    with pytest.raises(JournalFailed, match=r"line [23]"):
        Journal.open(path, epoch_of_new="e1")


def test_another_format_is_named(path: Path) -> None:
    Journal.open(path, epoch_of_new="e1").close()
    newer = sqlite3.connect(path)
    newer.execute("PRAGMA user_version = 7")
    newer.close()

    with pytest.raises(JournalFailed, match="format 7, 1 wanted"):
        Journal.open(path, epoch_of_new="e1")
