"""The hub's time as a device may rely on it, whatever is brought late or twice."""

from hypothesis import given
from hypothesis import strategies as st

from device.mqtt.hub_time import HubTime

NOON_MS = 1_800_000_000_000
NEVER = HubTime()
HEARD = HubTime(hub_ms=NOON_MS, mono_ms=5000, named_ms=NOON_MS)


def test_time_goes_on_from_what_the_hub_said():
    assert HEARD.trusted_ms(5000) == NOON_MS
    assert HEARD.trusted_ms(65_000) == NOON_MS + 60_000
    assert HEARD.silent_ms(65_000) == 60_000


def test_a_device_that_has_not_heard_the_hub_trusts_no_time():
    assert NEVER.trusted_ms(65_000) == 0
    assert NEVER.silent_ms(65_000) == 65_000


def test_the_first_word_in_a_boot_must_answer_a_question_of_this_boot():
    assert NEVER.after(NOON_MS, 5000, asked_ms=None) == NEVER
    assert NEVER.after(NOON_MS, 5000, asked_ms=5000) == HEARD


def test_an_answer_is_as_old_as_its_question():
    time = NEVER.after(NOON_MS, 65_000, asked_ms=5000)

    assert time.trusted_ms(65_000) == NOON_MS + 60_000
    assert time.silent_ms(65_000) == 60_000


def test_a_receipt_that_was_kept_back_makes_the_hub_no_younger():
    kept_back = HEARD.after(NOON_MS + 1000, 3_605_000, asked_ms=None)

    assert kept_back.trusted_ms(3_605_000) == NOON_MS + 3_600_000
    assert kept_back.silent_ms(3_605_000) == 3_600_000
    assert kept_back.named_ms == NOON_MS + 1000


def test_where_the_devices_clock_is_slow_any_receipt_brings_time_forward():
    time = HEARD.after(NOON_MS + 2000, 6000, asked_ms=None)

    assert time == HubTime(NOON_MS + 2000, 6000, NOON_MS + 2000)


@given(
    st.lists(st.tuples(st.integers(0, 3_600_000), st.sampled_from(["ask", "answer", "bring"]))),
    st.randoms(use_true_random=False),
)
def test_whoever_carries_messages_cannot_hold_time_back(steps, carrier):
    time, mono_ms, asked_ms = NEVER, 1000, None
    said_ms = [NOON_MS - 10**9, NOON_MS - 1]  # of earlier boots
    for waited_ms, step in steps:
        mono_ms += waited_ms
        said_ms.append(NOON_MS + mono_ms)
        if step == "ask":
            asked_ms, asked_at = mono_ms, len(said_ms) - 1
        elif step == "answer" and asked_ms is not None:
            answered_ms = carrier.choice(said_ms[asked_at:])
            time, asked_ms = time.after(answered_ms, mono_ms, asked_ms=asked_ms), None
        else:
            time = time.after(carrier.choice(said_ms), mono_ms, asked_ms=None)

        assert time == NEVER or time.trusted_ms(mono_ms) >= NOON_MS + mono_ms
        assert time.named_ms <= NOON_MS + mono_ms
