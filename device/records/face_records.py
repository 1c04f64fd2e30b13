"""What a kiosk writes down about faces: one was begun, and how it ended.

Between the two the card may have been erased, so a beginning without an end, left by a power cut,
is ended at the next start. The first record of a face is also the outcome of the intent to count it
on the chip.
"""

from dataclasses import dataclass
from typing import Any

import structlog

from device.behaviour.card import Card, TouchOutcome
from device.behaviour.intent import face_op
from device.behaviour.requests import FaceContent
from device.behaviour.setting import Setting
from device.display.cycle import ATTEMPTS_MAX
from device.display.cycle_events import Job
from device.display.cycle_requests import FaceOutcome
from device.display.printers.printer import Traits
from device.errors import DeviceError
from device.faces.face_maker import MadeFace
from device.records.recorder import Recorder
from device.records.stamp import stamp, touched
from loyalty.records import FacePrinted, FaceStarted

log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Face:
    """The face under way, as its records tell it."""

    digest: str
    card: dict[str, Any]
    shown: dict[str, Any]


class FaceRecords:
    """The records of one slot, which has one face under way at most."""

    def __init__(self, recorder: Recorder, setting: Setting, traits: Traits) -> None:
        """`traits` are those of the slot's printer."""
        self._recorder = recorder
        self._setting = setting
        self._traits = traits
        self._face: _Face | None = None
        self._open_op = ""

    def follow(self, setting: Setting) -> None:
        """Work by `setting` from now on; no face is under way."""
        self._setting = setting

    def left_open(self) -> Job | None:
        """Return the face that a power cut left without an outcome, if there is one.

        It is not tried again: what it was to show may be old by now.
        """
        started = self._recorder.open_face()
        if started is None:
            return None
        card = {name: getattr(started, name) for name in ("card", "member", "ctr_seen", "ctr_used")}
        shown = dict.fromkeys(("account_version", "shown_points", "pending_points", "as_of_ms"), 0)
        self._face = _Face(digest=started.face, card=card, shown=shown)
        return Job(
            uid=started.card,
            face=started.face,
            payload="",
            rewrites=started.rewrite,
            attempt=ATTEMPTS_MAX,
        )

    def plan(self, card: Card, touch: TouchOutcome, content: FaceContent, made: MadeFace) -> Job:
        """Take on the face `made` of `content` for `card`, counting which ended with `touch`.

        The intent to that write is open, and closed by the first record of the face.
        """
        shown = {
            "account_version": content.account_version,
            "shown_points": content.points,
            "pending_points": content.pending_points,
            "as_of_ms": content.as_of_ms,
        }
        self._face = _Face(digest=made.raster.digest(), card=touched(card, touch), shown=shown)
        self._open_op = face_op(card.uid, card.next_counter)
        return Job(
            uid=card.uid,
            face=self._face.digest,
            payload=made.payload,
            rewrites=card.rewrites,
            erases=self._traits.erases,
            is_told=self._traits.tells_outcome,
        )

    def start(self, rewrite_no: int) -> bool:
        """Make durable that the erase begins, the card's `rewrite_no`-th; False: it must not."""
        assert self._face is not None
        record = FaceStarted(
            **stamp(self._setting, self._recorder.now()),
            **self._face.card,
            op="",
            face=self._face.digest,
            rewrite=rewrite_no,
        )
        return self._save(record)

    def end(self, outcome: FaceOutcome) -> None:
        """Make durable how it ended; what cannot be stored is stated at the next start."""
        assert self._face is not None
        touch = self._face.card["touch"] if self._open_op else "none"
        record = FacePrinted(
            **stamp(self._setting, self._recorder.now()),
            **{**self._face.card, "touch": touch},
            **self._face.shown,
            op="",
            face=self._face.digest,
            outcome=outcome,
        )
        self._save(record)

    def _save(self, record: FaceStarted | FacePrinted) -> bool:
        try:
            self._recorder.save(record, self._open_op)
        except DeviceError as error:
            log.error("journal_failed", error=str(error))
            return False
        self._open_op = ""
        return True
