"""What is hidden in a log line, and what stays readable."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loyalty.log_masks import HIDDEN, OWN_FACTS, SECRET_FACTS, masked


def shown(**facts: object) -> dict[str, object]:
    return dict(masked(None, "warning", dict(facts)))


@pytest.mark.parametrize("fact", sorted(SECRET_FACTS))
def test_a_secret_is_hidden_whatever_it_looks_like(fact: str) -> None:
    assert shown(**{fact: "tulip"}) == {fact: HIDDEN}
    assert shown(**{fact: b"\x00\x01"}) == {fact: HIDDEN}


@pytest.mark.parametrize(
    ("said", "left"),
    [
        ("card 04A1B2C3 is blocked", "card …B2C3 is blocked"),
        ("card 04a1b2c3d4e5f6", "card …e5f6"),
        ("uid 04 A1 B2 C3 D4 E5 F6.", "uid …5 F6."),
        ("Key (uid)=(04a1b2c3d4e5f6) already exists", "Key (uid)=(…e5f6) already exists"),
        ("call +852 9123 4567 back", "call …4567 back"),
        ("91234567", "…4567"),
        ("6214 8301 2345 6789", "…6789"),
        ("secret " + "5a" * 32, "secret …5a5a"),
    ],
)
def test_a_number_that_says_who_somebody_is_keeps_its_end(said: str, left: str) -> None:
    assert shown(error=said) == {"error": left}


@pytest.mark.parametrize(
    "said",
    [
        "cannot open /dev/ttyUSB0: No such file or directory",
        "/dev/serial/by-id/usb-FTDI_FT232R_USB_UART_A50285BI-if00-port0",
        "127.0.0.1:18883: Connection refused",
        "no answer within 10.0 s",
        "a decade of cafe facades",
        "journal of 19992 lines is full",
    ],
)
def test_words_for_people_stay_as_they_are(said: str) -> None:
    assert shown(error=said) == {"error": said}


@pytest.mark.parametrize("fact", sorted(OWN_FACTS))
def test_names_that_we_gave_stay_whole(fact: str) -> None:
    assert shown(**{fact: "kiosk-20261123"}) == {fact: "kiosk-20261123"}


def test_numbers_stay_numbers() -> None:
    facts = {"sent": 12, "took_ms": 1_234_567_890, "share": 0.5, "is_done": True, "left": None}

    assert shown(**facts) == facts


def test_other_things_are_masked_as_they_would_be_written() -> None:
    assert shown(card=("04a1b2c3d4e5f6", 7)) == {"card": "('…e5f6', 7)"}
    assert shown(error=KeyError("04a1b2c3d4e5f6")) == {"error": "KeyError('…e5f6')"}


@given(st.binary(min_size=4, max_size=10), st.text(" .,:()=", max_size=5), st.booleans())
def test_no_uid_comes_through(uid: bytes, around: str, is_upper: bool) -> None:
    number = uid.hex().upper() if is_upper else uid.hex()

    said = shown(error=f"{around}{number}{around}")

    assert number not in str(said["error"])
