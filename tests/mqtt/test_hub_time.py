"""The hub's time as a device may rely on it, whatever is brought late or twice."""

from hypothesis import given
from hypothesis import strategies as st

from device.mqtt.hub_time import HubTime

NEVER = HubTime()
HEARD = HubTime(hub_ms=1_800_000_000_000, mono_ms=5000)


def test_time_goes_on_from_what_the_hub_said():
    assert HEARD.trusted_ms(5000) == HEARD.hub_ms
    assert HEARD.trusted_ms(65_000) == HEARD.hub_ms + 60_000
    assert HEARD.silent_ms(65_000) == 60_000


def test_a_device_that_has_not_heard_the_hub_trusts_no_time():
    assert NEVER.trusted_ms(65_000) == 0
    assert NEVER.silent_ms(65_000) == 65_000


def test_the_first_word_in_a_boot_must_answer_a_question_of_this_boot():
    assert NEVER.after(HEARD.hub_ms, 5000, is_asked_for=False) == NEVER
    assert NEVER.after(HEARD.hub_ms, 5000, is_asked_for=True) == HEARD


def test_a_later_receipt_brings_time_forward():
    assert HEARD.after(HEARD.hub_ms + 10, 6000, is_asked_for=False) == HubTime(
        HEARD.hub_ms + 10, 6000
    )


@given(st.lists(st.tuples(st.integers(1, 100), st.booleans())))
def test_an_old_receipt_that_is_brought_again_makes_nothing_younger(brought):
    time = HEARD

    for mono_ms, (ago_ms, is_asked_for) in enumerate(brought, start=6000):
        time = time.after(HEARD.hub_ms - ago_ms + 1, mono_ms, is_asked_for=is_asked_for)

    assert time == HEARD
