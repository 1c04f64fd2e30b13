"""What a terminal does first after a power cut: it states what nobody can know any more."""

from device.behaviour.events import Booted
from device.behaviour.requests import Request, SaveRecord, Show
from device.behaviour.setting import Now, Setting
from device.records.stamp import stamp
from loyalty.records import TouchUnknown


def recover(setting: Setting, booted: Booted, now: Now) -> list[Request]:
    """Return the requests that close every open intent and show the last operation.

    The value of an open intent never reached the journal, so nobody has it: whoever keys it again
    uses the same `op`, and the next touch of the card shows whether the write went through.
    """
    requests: list[Request] = [
        SaveRecord(
            TouchUnknown(
                **stamp(setting, now),
                card=intent.card,
                member=intent.member,
                ctr_seen=intent.counter_before,
                ctr_used=intent.counter_after,
                touch="unknown",
                op="",
                intended=intent.op,
            ),
            ends_op=intent.op,
        )
        for intent in booted.open_intents
    ]
    if booted.last_op:
        requests.append(Show(screen="last_operation", values={"op": booted.last_op}))
    return requests
