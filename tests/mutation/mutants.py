"""Bugs that must never come back: each is a change of a few lines, with the tests that must fail.

`scripts/check_mutants.py` plants them one at a time in a copy of the repository.
"""

from dataclasses import dataclass
from typing import NamedTuple


class Edit(NamedTuple):
    """In `file` the text `sound`, which stands there once, becomes `buggy`."""

    file: str
    sound: str
    buggy: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Mutant:
    """A bug called `name`; `tests` are what pytest is told to run.

    One that is not `is_quick` is planted in campaigns only.
    """

    name: str
    edits: tuple[Edit, ...]
    tests: tuple[str, ...]
    is_quick: bool = True


MUTANTS = (
    Mutant(
        name="PUBACK taken for a receipt",
        is_quick=False,
        edits=(
            Edit(
                "device/mqtt/client.py",
                "            self._connection.publish(topic, envelope)\n",
                "            self._connection.publish(topic, envelope)\n"
                '            if purpose == "batch":\n'
                "                self._journal._settling.settled_seq = self._journal.last_seq\n",
            ),
        ),
        tests=(
            "tests/mqtt/test_client.py"
            "::test_what_only_the_broker_acknowledged_is_not_settled_and_goes_again",
        ),
    ),
    Mutant(
        name="receipt before commit",
        edits=(
            Edit(
                "hub/ledger/sqlite.py",
                '            self.database.execute("BEGIN IMMEDIATE")\n'
                "            yield\n"
                '            self.database.execute("COMMIT")\n',
                "            if self.database.in_transaction:\n"
                '                self.database.execute("COMMIT")\n'
                '            self.database.execute("BEGIN IMMEDIATE")\n'
                "            yield\n",
            ),
        ),
        tests=("tests/hub/ledger/test_ledger.py::test_a_copy_of_the_file_is_the_whole_ledger",),
    ),
    Mutant(
        name="op not unique",
        is_quick=False,
        edits=(
            Edit(
                "hub/ledger/migrations/versions/0001_the_first_ledger.py",
                "\"op <> '' AND status = 'posted'\", unique=True)",
                "\"op <> '' AND status = 'posted'\")",
            ),
            Edit(
                "hub/posting/poster.py",
                "            first = self._first(record.op)\n",
                "            first = None\n",
            ),
        ),
        tests=("tests/hub/posting/test_reconcile.py",),
    ),
    Mutant(
        name="duplicate line re-posted",
        edits=(
            Edit(
                "hub/posting/custody.py",
                "        for count, filed in enumerate(arrived[here:], 1):\n",
                "        for count, filed in enumerate(arrived, 1):\n",
            ),
        ),
        tests=(
            "tests/hub/posting/test_intake.py"
            "::test_the_same_batch_again_changes_nothing_and_is_answered_the_same",
        ),
    ),
    Mutant(
        name="handheld writes the card before its intent",
        edits=(
            Edit(
                "device/behaviour/handheld.py",
                'return writing, [Show(screen="hold_card"), SaveIntent(intent)]',
                "return writing, [_write(sale, card), SaveIntent(intent)]",
            ),
        ),
        tests=(
            "tests/device/test_app.py"
            "::test_a_sales_intent_is_on_disk_before_the_first_byte_goes_to_the_card",
        ),
    ),
    Mutant(
        name="kiosk writes the card before its intent",
        edits=(
            Edit(
                "device/behaviour/kiosk_spending.py",
                "Spending(card, view, grant)), [SaveIntent(intent)]\n",
                "Spending(card, view, grant)), [\n"
                "                WriteCard(card=card, op=intent.op, rewrites=card.rewrites),\n"
                "                SaveIntent(intent),\n"
                "            ]\n",
            ),
        ),
        tests=(
            "tests/device/test_app.py"
            "::test_a_redemptions_intent_is_on_disk_before_the_first_byte_goes_to_the_card",
        ),
    ),
    Mutant(
        name="kiosk counts a rewrite on the card without an intent",
        edits=(
            Edit(
                "device/behaviour/kiosk_face.py",
                "Marking(card, content, spent)), [shown, SaveIntent(intent)]\n",
                "Marking(card, content, spent)), [\n"
                "        shown,\n"
                "        WriteCard(card=card, op=intent.op, rewrites=card.rewrites + 1),\n"
                "    ]\n",
            ),
            Edit(
                "device/records/face_records.py",
                "        self._open_op = face_op(card.uid, card.next_counter)\n",
                "",
            ),
        ),
        tests=(
            "tests/power/test_card_write_power_cut.py"
            "::test_every_number_on_a_card_is_stated_wherever_the_power_fails[kiosk]",
        ),
    ),
    Mutant(
        name="settle without comparing the head",
        edits=(
            Edit(
                "device/records/settling.py",
                "        return None if receipt.head == head else"
                ' Mismatch("head", receipt.head, head)\n',
                "        return None\n",
            ),
        ),
        tests=(
            "tests/device/records/test_journal.py::test_a_receipt_that_is_not_exactly_ours_settles_nothing",
        ),
    ),
    Mutant(
        name="lots consumed in booking order after a late fact",
        is_quick=False,
        edits=(
            Edit(
                "loyalty/refold.py",
                "    return tuple(sorted((*kept, *add), key=_position))\n",
                "    return (*kept, *add)\n",
            ),
        ),
        tests=("tests/hub/posting/test_refold_order.py",),
    ),
    Mutant(
        name="erase before FaceStarted",
        edits=(
            Edit(
                "device/display/cycle.py",
                "return Starting(job), [JournalFaceStarted(job, job.rewrites + job.erases)]",
                "started = JournalFaceStarted(job, job.rewrites + job.erases)\n"
                "            return Rewriting(job), [Rewrite(), started]",
            ),
        ),
        tests=("tests/device/test_slot.py::test_face_started_is_on_disk_before_each_erase",),
    ),
)
