"""What we ask of a print queue over IPP, and what its answers mean for a card.

Sources: RFC 8011 §4.2–4.3 (operations), §5.3.7 (job-state), §5.4.11–12 (printer-state and its
reasons). "completed" says that the print queue is through with the job; it is no proof that a card
shows anything, and reasons are often missing. So this never says how a card looks.
"""

from dataclasses import dataclass
from enum import IntEnum
from io import BytesIO

from device.display.cards.raster import Raster, unpack
from device.display.printers.ipp_messages import (
    Attribute,
    Attributes,
    Response,
    encode,
    integer,
    keywords,
    mime,
    name,
    uri,
)
from device.display.printers.printer import Fault, FaultCode, Rank

DOCUMENT_FORMAT = "image/png"
STATUS_ERROR_FIRST = 0x0400  # RFC 8011 appendix B: below it the printer did as asked

_PRINTER_STATE = ("printer-state", "printer-state-reasons", "printer-is-accepting-jobs")
_FORMATS = "document-format-supported"
_STOPPED = 5
_PNG_COMPRESSION = 1  # a 1-bit face is small anyway; the time counts

# The first of these that a reason begins with says what is wrong; what only warns is not here.
_REASONS = (
    ("media-jam", FaultCode.JAM),
    ("cover-open", FaultCode.COVER),
    ("door-open", FaultCode.COVER),
    ("interlock-open", FaultCode.COVER),
    ("fuser-", FaultCode.HEAD_TEMP),
    ("offline", FaultCode.COMMS),
    ("shutdown", FaultCode.COMMS),
    ("timed-out", FaultCode.COMMS),
)


class Operation(IntEnum):
    """The operations we use."""

    PRINT_JOB = 0x0002
    CANCEL_JOB = 0x0008
    GET_JOB_ATTRIBUTES = 0x0009
    GET_PRINTER_ATTRIBUTES = 0x000B


class JobState(IntEnum):
    """RFC 8011 §5.3.7."""

    PENDING = 3
    HELD = 4
    PROCESSING = 5
    STOPPED = 6
    CANCELED = 7
    ABORTED = 8
    COMPLETED = 9


JOB_ENDS = frozenset({JobState.CANCELED, JobState.ABORTED, JobState.COMPLETED})


@dataclass(frozen=True, slots=True)
class Target:
    """The printer that is spoken to, and the numbers of our requests."""

    printer_uri: str

    def ask_state(self, request_id: int) -> bytes:
        """Ask how the printer is and what it takes."""
        wanted = keywords("requested-attributes", *_PRINTER_STATE, _FORMATS)
        return self._encode(Operation.GET_PRINTER_ATTRIBUTES, request_id, wanted)

    def print_card(self, request_id: int, png: bytes) -> bytes:
        """Have a face printed once, at its own size."""
        return encode(
            Operation.PRINT_JOB,
            request_id,
            (
                uri("printer-uri", self.printer_uri),
                name("requesting-user-name", "revisit"),
                name("job-name", "card"),
                mime("document-format", DOCUMENT_FORMAT),
            ),
            (integer("copies", 1), keywords("print-scaling", "none")),
            png,
        )

    def ask_job(self, request_id: int, job_id: int) -> bytes:
        """Ask how far a job is."""
        wanted = keywords("requested-attributes", "job-state", "job-state-reasons")
        return self._encode(Operation.GET_JOB_ATTRIBUTES, request_id, _job(job_id), wanted)

    def cancel(self, request_id: int, job_id: int) -> bytes:
        """Have a job not printed, so that it does not come out on another card later."""
        user = name("requesting-user-name", "revisit")
        return self._encode(Operation.CANCEL_JOB, request_id, _job(job_id), user)

    def _encode(self, operation: Operation, request_id: int, *attributes: Attribute) -> bytes:
        return encode(operation, request_id, (uri("printer-uri", self.printer_uri), *attributes))


def as_png(raster: Raster, *, dots_per_inch: int) -> bytes:
    """Return `raster` as a one-bit PNG that says its size."""
    file = BytesIO()
    unpack(raster).save(
        file, "PNG", dpi=(dots_per_inch, dots_per_inch), compress_level=_PNG_COMPRESSION
    )
    return file.getvalue()


def refusal(response: Response) -> Fault | None:
    """Return why a request was refused, or None if it was not."""
    if response.status < STATUS_ERROR_FIRST:
        return None
    said = _words(response.attributes, "status-message")[:1]
    detail = f"IPP status {response.status:#06x} {' '.join(said)}"
    return Fault(FaultCode.BAD_DATA, Rank.OPERATOR, detail.rstrip())


def printer_fault(attributes: Attributes) -> Fault | None:
    """Return what is wrong with a printer that described itself so, as far as it says."""
    reasons = _words(attributes, "printer-state-reasons")
    for reason in reasons:
        for beginning, code in _REASONS:
            if reason.startswith(beginning) and not reason.endswith("-report"):
                return Fault(code, Rank.OPERATOR, reason)
    if attributes.get("printer-is-accepting-jobs", (True,))[0] is False:
        return Fault(FaultCode.PRINTER, Rank.OPERATOR, "the print queue takes no jobs")
    if attributes.get("printer-state", (0,))[0] == _STOPPED:
        return Fault(FaultCode.PRINTER, Rank.OPERATOR, f"stopped: {', '.join(reasons) or 'none'}")
    formats = _words(attributes, _FORMATS)
    if formats and DOCUMENT_FORMAT not in formats:
        return Fault(FaultCode.BAD_DATA, Rank.SERVICE, f"it does not take {DOCUMENT_FORMAT}")
    return None


def job_id(attributes: Attributes) -> int | None:
    """Return the number of the job that a printer took."""
    found = attributes.get("job-id", (None,))[0]
    return found if type(found) is int and found > 0 else None


def job_state(attributes: Attributes) -> JobState | None:
    """Return how far a job is, if the printer says so."""
    found = attributes.get("job-state", (None,))[0]
    return JobState(found) if type(found) is int and found in set(JobState) else None


def _job(number: int) -> Attribute:
    return integer("job-id", number)


def _words(attributes: Attributes, key: str) -> list[str]:
    return [it for it in attributes.get(key, ()) if isinstance(it, str)]
