"""What device and hub write to each other: read as written, and nothing else is taken."""

import dataclasses
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loyalty.introductions import (
    PEM_MAX_CHARS,
    PROGRAMME_MAX_CHARS,
    Introduction,
    MessageError,
    Refused,
    SecretChange,
    Welcome,
    from_bytes,
    to_bytes,
)

INTRODUCTION = Introduction(kind="kiosk", secret=bytes(32), password="p" * 43, request="")
WELCOME = Welcome(
    store="s1",
    device="s1-kiosk-1",
    kid="k1",
    broker_host="hub.local",
    broker_port=8883,
    broker_ca="",
    certificate="",
    hub_key=bytes(32),
    programme='label = "貓"',
)
CHANGE = SecretChange(kid="k2", secret=bytes(32), password="p" * 43)
MESSAGES = [INTRODUCTION, WELCOME, CHANGE, Refused(reason="used")]
SHAPES = [type(it) for it in MESSAGES]


@pytest.mark.parametrize("message", MESSAGES)
def test_a_message_is_read_as_it_was_written(message):
    assert from_bytes(to_bytes(message), *SHAPES) == message


@pytest.mark.parametrize("message", [INTRODUCTION, CHANGE])
def test_secrets_are_not_shown_by_accident(message):
    assert "p" * 43 not in repr(message)
    assert repr(bytes(32)) not in repr(message)


@pytest.mark.parametrize(
    ("message", "change"),
    [
        (INTRODUCTION, {"kind": "hub"}),
        (INTRODUCTION, {"secret": bytes(31)}),
        (INTRODUCTION, {"password": "p" * 31}),
        (INTRODUCTION, {"password": "p" * 129}),
        (INTRODUCTION, {"password": "ü" * 43}),
        (INTRODUCTION, {"request": "x" * (PEM_MAX_CHARS + 1)}),
        (INTRODUCTION, {"request": "\ud800"}),
        (WELCOME, {"store": "s/1"}),
        (WELCOME, {"device": ""}),
        (WELCOME, {"kid": "#"}),
        (WELCOME, {"broker_host": ""}),
        (WELCOME, {"broker_host": "a\nb"}),
        (WELCOME, {"broker_port": 0}),
        (WELCOME, {"broker_port": 65_536}),
        (WELCOME, {"hub_key": bytes(31)}),
        (WELCOME, {"broker_ca": "x" * (PEM_MAX_CHARS + 1)}),
        (WELCOME, {"certificate": "x" * (PEM_MAX_CHARS + 1)}),
        (WELCOME, {"programme": "x" * (PROGRAMME_MAX_CHARS + 1)}),
        (WELCOME, {"programme": "\udc00"}),
        (CHANGE, {"kid": ""}),
        (CHANGE, {"secret": b""}),
        (Refused(reason=""), {"reason": "\x1b[2J"}),
        (Refused(reason=""), {"reason": "x" * 401}),
    ],
)
def test_a_field_out_of_range_is_refused_on_both_sides(message, change):
    fields = json.loads(to_bytes(message))
    fields |= {name: it.hex() if isinstance(it, bytes) else it for name, it in change.items()}

    with pytest.raises(MessageError):
        dataclasses.replace(message, **change)
    with pytest.raises(MessageError):
        from_bytes(json.dumps(fields).encode(), type(message))


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xff",
        b"[" * 100_000,
        b"[]",
        b"{}",
        to_bytes(WELCOME)[:-1],
        to_bytes(WELCOME).replace(b'"8883"', b"8883").replace(b"8883", b'"8883"'),
        to_bytes(WELCOME).replace(b"8883", b"true"),
        to_bytes(WELCOME).replace(b'"store"', b'"stores"'),
        to_bytes(CHANGE).replace(b"00", b"zz"),
    ],
)
def test_anything_else_is_no_message(content):
    with pytest.raises(MessageError):
        from_bytes(content, *SHAPES)


@given(st.recursive(st.none() | st.integers() | st.text(), lambda it: st.lists(it)))
def test_json_of_another_shape_is_no_message(value):
    with pytest.raises(MessageError):
        from_bytes(json.dumps(value).encode(), *SHAPES)


def test_a_message_that_is_not_expected_here_is_refused():
    with pytest.raises(MessageError, match="Welcome or Refused"):
        from_bytes(to_bytes(CHANGE), Welcome, Refused)
