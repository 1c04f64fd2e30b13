"""What a terminal states and shows when it starts."""

from device.behaviour.events import Booted
from device.behaviour.intent import Intent
from device.behaviour.requests import SaveRecord, Show
from device.behaviour.setting import Now, Setting
from device.records.recovery import recover
from loyalty.records import TouchUnknown

SETTING = Setting(store="s1", rules=3, currency="USD")
NOW = Now(at_ms=1_488_360_000_000, mono_ms=5, boot=2, hub_ms=0)


def intent(op):
    return Intent(
        op=op,
        card="deadbeef",
        member="m-1",
        kind="sale",
        counter_before=4,
        counter_after=5,
        begun_ms=NOW.at_ms - 1,
    )


def test_a_terminal_that_ended_well_has_nothing_to_say():
    requests = recover(SETTING, Booted((), ""), NOW)

    assert requests == []


def test_every_open_intent_becomes_a_touch_that_nobody_knows_the_end_of():
    requests = recover(SETTING, Booted((intent("s1:1:sale"), intent("s1:2:sale")), ""), NOW)

    assert [it.ends_op for it in requests if isinstance(it, SaveRecord)] == [
        "s1:1:sale",
        "s1:2:sale",
    ]
    unknown = requests[0].record
    assert isinstance(unknown, TouchUnknown)
    assert (unknown.touch, unknown.ctr_seen, unknown.ctr_used) == ("unknown", 4, 5)


def test_an_unknown_touch_takes_no_business_key_so_the_sale_can_be_keyed_again():
    (request,) = recover(SETTING, Booted((intent("s1:1:sale"),), ""), NOW)

    assert (request.record.op, request.record.intended) == ("", "s1:1:sale")


def test_the_last_operation_is_shown():
    requests = recover(SETTING, Booted((), "s1:1:sale"), NOW)

    assert requests == [Show(screen="last_operation", values={"op": "s1:1:sale"})]
