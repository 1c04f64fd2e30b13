"""IPP messages: known bytes, there and back, and whatever a network may bring."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from device.display.printers.ipp_messages import (
    VALUES_MAX,
    IppError,
    decode,
    encode,
    integer,
    keywords,
    uri,
)

# RFC 8010 appendix A.2, "Print-Job Response (Success)".
SUCCESS = bytes.fromhex(
    "0101 0000 00000001 01"
    "47 0012 617474726962757465732d63686172736574 0005 7574662d38"
    "48 001b 617474726962757465732d6e61747572616c2d6c616e6775616765 0005 656e2d7573"
    "41 000e 7374617475732d6d657373616765 000d 7375636365737366756c2d6f6b"
    "02"
    "21 0006 6a6f622d6964 0004 00000093"
    "45 0007 6a6f622d757269 0023"
    "6970703a2f2f7072696e7465722e6578616d706c652e636f6d2f6970702f7072696e74"
    "23 0009 6a6f622d7374617465 0004 00000003"
    "03"
)


def test_the_answer_of_the_standard_is_read():
    answer = decode(SUCCESS)

    assert (answer.status, answer.request_id) == (0, 1)
    assert answer.attributes["status-message"] == ("successful-ok",)
    assert answer.attributes["job-id"] == (147,)
    assert answer.attributes["job-state"] == (3,)


def test_a_request_is_encoded_as_the_standard_has_it():
    sent = encode(0x000B, 1, (uri("printer-uri", "ipp://h/p"),))

    assert sent == bytes.fromhex(
        "0101 000b 00000001 01"
        "47 0012 617474726962757465732d63686172736574 0005 7574662d38"
        "48 001b 617474726962757465732d6e61747572616c2d6c616e6775616765 0002 656e"
        "45 000b 7072696e7465722d757269 0009 6970703a2f2f682f70"
        "03"
    )


def test_further_values_have_no_name_and_belong_to_the_one_before():
    sent = encode(2, 9, (keywords("which", "a", "b", "c"),), (integer("copies", 1),), b"document")

    answer = decode(sent)

    assert answer.attributes["which"] == ("a", "b", "c")
    assert answer.attributes["copies"] == (1,)
    assert sent.endswith(b"\x03document")


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "message of 0 bytes"),
        (SUCCESS[:-1], "message ends"),
        (SUCCESS[:30], "message ends"),
        (b"\x09\x00" + SUCCESS[2:], "version 9.0"),
        (SUCCESS[:8] + b"\x01\x44\x00\x00\x00\x01a\x03", "without a first one"),
        (SUCCESS[:8] + b"\x01" * (VALUES_MAX + 2), "values"),
    ],
)
def test_what_is_no_message_is_refused(data, said):
    with pytest.raises(IppError, match=said):
        decode(data)


@given(st.one_of(st.binary(max_size=200), st.binary(max_size=60).map(lambda it: SUCCESS[:9] + it)))
def test_no_bytes_break_it(data):
    with suppress(IppError):
        decode(data)


@given(st.integers(0, len(SUCCESS) - 1), st.integers(0, 255))
def test_no_changed_byte_breaks_it(at, byte):
    with suppress(IppError):
        decode(SUCCESS[:at] + bytes((byte,)) + SUCCESS[at + 1 :])
