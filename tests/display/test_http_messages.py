"""As much HTTP as IPP takes; an answer may be cut anywhere, and may be anything."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from device.display.printers.http_messages import (
    BODY_MAX_BYTES,
    HEAD_MAX_BYTES,
    Answer,
    HttpError,
    post,
)

PLAIN = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"
CHUNKED = (
    b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nhe\r\n3;note=x\r\nllo\r\n0\r\n\r\n"
)
AFTER_100 = b"HTTP/1.1 100 Continue\r\n\r\n" + PLAIN


def test_a_request_says_where_it_goes_and_how_long_it_is():
    sent = post("127.0.0.1", 631, "/printers/cards", b"body")

    head, _, body = sent.partition(b"\r\n\r\n")
    assert head.split(b"\r\n") == [
        b"POST /printers/cards HTTP/1.1",
        b"Host: 127.0.0.1:631",
        b"Content-Type: application/ipp",
        b"Content-Length: 4",
        b"Connection: close",
    ]
    assert body == b"body"


def test_an_address_of_version_6_stands_in_brackets():
    assert b"Host: [::1]:631\r\n" in post("::1", 631, "/", b"")


@pytest.mark.parametrize("answer", [PLAIN, CHUNKED, AFTER_100])
@pytest.mark.parametrize("piece", [1, 7, 1000])
def test_an_answer_is_read_however_it_is_cut(answer, piece):
    reader = Answer()

    found = [reader.feed(answer[at : at + piece]) for at in range(0, len(answer), piece)]

    assert b"hello" in found


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (b"SSH-2.0-x\r\n\r\n", "wanted HTTP/1.1"),
        (b"HTTP/1.1 401 Unauthorized\r\n\r\n", "status 401 Unauthorized, wanted 200"),
        (b"HTTP/1.1 200 OK\r\n\r\n", "length ''"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n", "length '-1'"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % (BODY_MAX_BYTES + 1), "wanted 0 to"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n", "coding 'gzip'"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n", "chunk length"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nFFFFFFF\r\n", "a body of more"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhello", "longer than it says"),
        (
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + b"1" * 99,
            "without its length",
        ),
        (b"x" * (HEAD_MAX_BYTES + 1), "bytes of headers"),
    ],
)
def test_what_is_no_answer_is_refused(answer, said):
    with pytest.raises(HttpError, match=said):
        Answer().feed(answer)


@given(st.lists(st.binary(max_size=60), max_size=8), st.sampled_from([b"", PLAIN[:17], CHUNKED]))
def test_no_bytes_break_it(pieces, before):
    reader = Answer()

    with suppress(HttpError):
        for piece in [before, *pieces]:
            reader.feed(piece)
