"""What a card is about to be written for; it stands beside the chain until its outcome is known."""

from dataclasses import dataclass

from loyalty.record import Record
from loyalty.records import FacePrinted, FaceStarted, TouchUnknown


@dataclass(frozen=True, slots=True, kw_only=True)
class Intent:
    """A card write that is about to happen: on disk before the first byte goes to the card.

    `kind` is that of the record to come, `points` and `value_minor` what the write means.
    """

    op: str
    card: str
    member: str
    kind: str
    counter_before: int
    counter_after: int
    points: int = 0
    value_minor: int = 0
    begun_ms: int


def face_op(uid: str, counter: int) -> str:
    """Return the `op` of counting a rewrite of the face on card `uid`, as its write `counter`."""
    return f"face:{uid}:{counter}"


def op_ended_by(record: Record) -> str:
    """Return the `op` of the intent whose outcome `record` states.

    What moves no value has no `op` of its own: neither what nobody knows nor a face.
    """
    match record:
        case TouchUnknown(intended=intended):
            return intended
        case FaceStarted() | FacePrinted():
            return face_op(record.card, record.ctr_used)
        case _:
            return record.op
