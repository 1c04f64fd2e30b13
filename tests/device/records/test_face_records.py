"""What is written down about faces, and what a power cut leaves of it."""

import pytest
from PIL import Image

from device.behaviour.card import Card
from device.behaviour.intent import Intent, face_op
from device.behaviour.requests import FaceContent
from device.behaviour.setting import Setting
from device.display.cards.profile import STAR_TCP
from device.display.cards.raster import pack
from device.display.cycle import ATTEMPTS_MAX
from device.display.printers.printer import Traits
from device.faces.face_maker import MadeFace
from device.records.face_records import FaceRecords
from device.records.journal import OUTCOMES_KEPT, Journal
from device.records.recorder import Recorder
from loyalty.records import FacePrinted, FaceStarted, from_line
from simulators.script_clock import ScriptClock
from tests.device.terminal_world import START_MS, SpokenForHub

SETTING = Setting(store="s1", rules=1, currency="USD")
CARD = Card(
    uid="deadbeef",
    kind="classic1k",
    member="m-1",
    counter=4,
    next_counter=5,
    rewrites=2,
    op_digest=bytes(12),
)
CONTENT = FaceContent(
    member="m-1",
    tier="gold",
    points=80,
    pending_points=-50,
    account_version=4,
    as_of_ms=START_MS,
    check="c",
)
MADE = MadeFace(raster=pack(Image.new("1", (480, 320), 255)), payload="p", read_back="p")
DIGEST = MADE.raster.digest()
COUNTING = Intent(
    op=face_op("deadbeef", 5),
    card="deadbeef",
    member="m-1",
    kind=FaceStarted.kind,
    counter_before=4,
    counter_after=5,
    begun_ms=START_MS,
)


@pytest.fixture
def journal(tmp_path):
    opened = Journal.open(tmp_path / "journal.db", epoch_of_new="e1", lines_max=OUTCOMES_KEPT + 2)
    opened.begin(COUNTING)
    yield opened
    opened.close()


def records_on(journal):
    recorder = Recorder(journal, SpokenForHub(), ScriptClock(START_MS))
    return FaceRecords(recorder, SETTING, Traits(profile=STAR_TCP))


def stated(journal):
    return [from_line(line) for _, line in journal.pending(0, 100)]


def test_a_face_is_told_by_how_it_began_and_how_it_ended(journal):
    records = records_on(journal)
    job = records.plan(CARD, "done", CONTENT, MADE)

    assert records.start(job.rewrites + 1)
    records.end("printed")

    started, printed = stated(journal)
    assert printed.touch == "none"
    assert isinstance(started, FaceStarted)
    assert isinstance(printed, FacePrinted)
    assert (started.rewrite, started.touch, started.face) == (3, "done", DIGEST)
    assert (printed.outcome, printed.shown_points, printed.pending_points) == ("printed", 80, -50)
    assert journal.open_face() is None


@pytest.mark.parametrize("touch", ["done", "torn", "unknown"])
def test_the_first_record_of_a_face_states_how_its_write_ended(journal, touch):
    records = records_on(journal)
    records.plan(CARD, touch, CONTENT, MADE)

    records.start(3)

    (started,) = stated(journal)
    assert (started.ctr_seen, started.ctr_used, started.touch) == (4, 5, touch)
    assert journal.open_intents() == []


def test_a_face_that_is_never_begun_states_in_its_end_how_its_write_ended(journal):
    records = records_on(journal)
    records.plan(CARD, "done", CONTENT, MADE)

    records.end("stale")

    (ended,) = stated(journal)
    assert (ended.outcome, ended.ctr_used, ended.touch) == ("stale", 5, "done")
    assert journal.open_intents() == []


def test_a_face_without_an_end_is_found_and_is_not_tried_again(journal):
    before = records_on(journal)
    before.plan(CARD, "done", CONTENT, MADE)
    before.start(3)

    after = records_on(journal)
    job = after.left_open()
    after.end("stale")

    assert (job.uid, job.face, job.rewrites, job.attempt) == ("deadbeef", DIGEST, 3, ATTEMPTS_MAX)
    ended = stated(journal)[-1]
    assert (ended.outcome, ended.card, ended.member, ended.face) == (
        "stale",
        "deadbeef",
        "m-1",
        DIGEST,
    )
    assert after.left_open() is None


def test_a_new_journal_has_no_face_left_open(journal):
    assert records_on(journal).left_open() is None


def test_a_full_journal_says_that_the_erase_must_not_begin(journal):
    records = records_on(journal)
    records.plan(CARD, "done", CONTENT, MADE)
    assert records.start(3)
    assert records.start(4)

    assert not records.start(5)

    records.end("stale")
    assert [it.kind for it in stated(journal)] == ["face_started", "face_started", "face_printed"]


def test_a_face_is_planned_for_what_the_printer_does_and_can_tell(journal):
    recorder = Recorder(journal, SpokenForHub(), ScriptClock(START_MS))
    traits = Traits(profile=STAR_TCP, erases=2, tells_outcome=False)

    job = FaceRecords(recorder, SETTING, traits).plan(CARD, "done", CONTENT, MADE)

    assert (job.erases, job.is_told, job.rewrites) == (2, False, CARD.rewrites)
